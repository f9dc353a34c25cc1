"""What a caller asks to have generated, before it is checked against a model."""

from dataclasses import dataclass, field

from models.enums import MediaKind
from models.generation_requests import AccountStrategy, RequestedGeneration
from services.generation.strategies import default_strategy

# What is meant where nobody says anything, as long as the model takes it.
USUAL_RATIO = {MediaKind.IMAGE: "1:1", MediaKind.VIDEO: "16:9"}
USUAL_RESOLUTION = {MediaKind.IMAGE: "2k", MediaKind.VIDEO: "720p"}
USUAL_SECONDS = 5


def default_parameters(kind: MediaKind) -> dict[str, object]:
    """The parameters that have a value where nobody says anything, by name."""
    usual: dict[str, object] = {"ratio": USUAL_RATIO[kind], "resolution": USUAL_RESOLUTION[kind]}
    return {**usual, "duration_seconds": USUAL_SECONDS} if kind is MediaKind.VIDEO else usual


@dataclass(frozen=True, kw_only=True)
class GenerationInput(RequestedGeneration):
    """A picture or a clip that somebody wants. model None: the deployment's default.

    `defaulted` names the parameters that nobody said: they have their usual or former value, and a model that does
    not take it may put its own in its place. inputs with a sha256 are former ones, taken by their content.
    """

    model: str | None = None
    strategy: AccountStrategy = field(default_factory=default_strategy)
    defaulted: frozenset[str] = frozenset()
