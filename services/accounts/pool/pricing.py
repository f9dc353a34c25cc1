"""What a request will take of an account's credits, as far as that is known before it is sent."""

from collections.abc import Mapping

from models.generation_requests import GenerationRequest
from providers.pooled import GenerationOrder, ModelInfo, PooledProvider
from services.platform.providers import registry


def exact_credits(request: GenerationRequest) -> int | None:
    """By the model, its resolution or length, and how many pictures the prompt wants; None where nobody knows."""
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
    """The same, or what the model usually takes; None where that is not known either, or it is reached without
    accounts.
    """
    model = models.get((request.provider, request.model))
    if model is None:
        return None
    exact = exact_credits(request)
    return model.credits if exact is None else exact
