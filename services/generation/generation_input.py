"""The input of a generation, before it is checked against a model."""

from dataclasses import dataclass, field

from models.enums import MediaKind
from models.generation_requests import AccountStrategy, RequestedGeneration
from services.generation.strategies import default_strategy

# Defaults for parameters that were not given, where the model accepts them.
USUAL_RATIO = {MediaKind.IMAGE: "1:1", MediaKind.VIDEO: "16:9"}
USUAL_RESOLUTION = {MediaKind.IMAGE: "2k", MediaKind.VIDEO: "720p"}
USUAL_SECONDS = 5


def default_parameters(kind: MediaKind) -> dict[str, object]:
    """The default values of parameters that were not given, by name."""
    defaults: dict[str, object] = {"ratio": USUAL_RATIO[kind], "resolution": USUAL_RESOLUTION[kind]}
    return {**defaults, "duration_seconds": USUAL_SECONDS} if kind is MediaKind.VIDEO else defaults


NO_PROMPT: dict[str, object] = {"prompt": ""}
"""Of a request without one, which only a clip with an input picture can be."""


@dataclass(frozen=True, kw_only=True)
class GenerationInput(RequestedGeneration):
    """A requested picture or clip. model None: the deployment's default.

    defaulted: the parameters that were not given. They have their default or previous value, which is replaced by the
    model's own if the model does not accept it. inputs with a sha256 come from an earlier request and are identified by
    their content.
    """

    model: str | None = None
    strategy: AccountStrategy = field(default_factory=default_strategy)
    defaulted: frozenset[str] = frozenset()
