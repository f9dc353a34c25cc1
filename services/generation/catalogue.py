"""The models of all providers that this deployment can generate with."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from errors import BadInputError, shortened
from models.enums import MediaKind
from providers.pooled import ModelInfo
from services.platform import providers
from settings import get_settings


@runtime_checkable
class ModelSource(Protocol):
    """A provider that lists its models."""

    def models(self) -> Sequence[ModelInfo]: ...


def models(kind: MediaKind | None = None) -> list[ModelInfo]:
    """All models of one kind, or of both, in the order of their providers. Of two with the same name
    the first is used.
    """
    found: dict[tuple[str, str], ModelInfo] = {}
    for provider in providers.registry().values():
        if isinstance(provider, ModelSource):
            for model in provider.models():
                found.setdefault((model.kind, model.name), model)
    return [model for model in found.values() if kind is None or model.kind == kind.value]


def default_model(kind: MediaKind) -> str:
    """The name of the deployment's default model."""
    settings = get_settings()
    return settings.image_model if kind is MediaKind.IMAGE else settings.video_model


def reference_models() -> list[str]:
    """The names of the models that take references."""
    return [model.name for model in models() if model.takes_references]


def find_model(name: str | None, kind: MediaKind, *path: str) -> ModelInfo:
    """The model with that name; without a name the deployment's default.

    Raises BadInputError, which lists the available models, if no provider has it.
    """
    wanted = default_model(kind) if name is None else name
    known = models(kind)
    for model in known:
        if model.name == wanted:
            return model
    what = f"There is no model {shortened(wanted)!r} for {kind.value.lower()}s"
    if name is None:
        what = f"No provider here has the default model of this deployment, {wanted!r}, for {kind.value.lower()}s"
    allowed = ", ".join(model.name for model in known)
    raise BadInputError(f"{what}; {f'available: {allowed}' if allowed else 'none are available'}.", path=path)
