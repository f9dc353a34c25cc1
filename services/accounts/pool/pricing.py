"""The expected cost of a request in credits, before it is sent."""

from collections.abc import Mapping

from models.generation_requests import GenerationRequest
from providers.pooled import GenerationOrder, ModelInfo, PooledProvider
from services.platform.providers import registry


def exact_credits(request: GenerationRequest) -> int | None:
    """The cost by model, resolution or duration, and the number of pictures in the prompt; None if unknown."""
    provider = registry().get(request.provider)
    if not isinstance(provider, PooledProvider):
        return None
    return provider.credits_for(
        GenerationOrder(
            kind=request.kind.value,
            model=request.model,
            prompt=request.prompt,
            resolution=request.resolution,
            duration_seconds=request.duration_seconds,
        )
    )


def expected_credits(request: GenerationRequest, models: Mapping[tuple[str, str], ModelInfo]) -> int | None:
    """The exact cost, else the model's usual cost; None if that is unknown too, or the model is not pooled."""
    model = models.get((request.provider, request.model))
    if model is None:
        return None
    exact = exact_credits(request)
    return model.credits if exact is None else exact
