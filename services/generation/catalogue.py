"""The models that this deployment can generate with, whichever provider has them."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from errors import BadInputError
from models.enums import MediaKind
from providers.pooled import ModelInfo
from services.platform import providers
from settings import get_settings


@runtime_checkable
class ModelSource(Protocol):
    """A provider that says which models it has."""

    def models(self) -> Sequence[ModelInfo]: ...


def models(kind: MediaKind | None = None) -> list[ModelInfo]:
    """All models, of one kind or of both, in the order of their providers. Of two by one name the first counts."""
    found: dict[tuple[str, str], ModelInfo] = {}
    for provider in providers.registry().values():
        if isinstance(provider, ModelSource):
            for model in provider.models():
                found.setdefault((model.kind, model.name), model)
    return [model for model in found.values() if kind is None or model.kind == kind.value]


def default_model(kind: MediaKind) -> str:
    """The name of the model that is meant where a request names none."""
    settings = get_settings()
    return settings.image_model if kind is MediaKind.IMAGE else settings.video_model


def find_model(name: str | None, kind: MediaKind, *path: str) -> ModelInfo:
    """The model of that name; without a name the deployment's default.

    Raises BadInputError, with the names that there are, where no provider has it.
    """
    wanted = default_model(kind) if name is None else name
    known = models(kind)
    for model in known:
        if model.name == wanted:
            return model
    what = f"There is no model {wanted!r} for {kind.value.lower()}s"
    if name is None:
        what = f"The default model of this deployment, {wanted!r}, is one that no provider here has for {kind.value}"
    allowed = ", ".join(model.name for model in known)
    raise BadInputError(f"{what}; {f'there are: {allowed}' if allowed else 'there are none'}.", path=path)
