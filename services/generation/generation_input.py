"""What a caller asks to have generated, before it is checked against a model."""

from dataclasses import dataclass, field

from models.enums import MediaKind, Polling, Reuse, Transition
from models.generation_requests import AccountStrategy, ClipAudio, InputImage
from services.generation.strategies import default_strategy

# What is meant where nobody says anything; the first three as long as the model takes it.
USUAL_RATIO = {MediaKind.IMAGE: "1:1", MediaKind.VIDEO: "16:9"}
USUAL_RESOLUTION = {MediaKind.IMAGE: "2k", MediaKind.VIDEO: "720p"}
USUAL_SECONDS = 5
USUAL_THRESHOLD = 0.95


@dataclass(frozen=True)
class Asked:
    """A picture or a clip that somebody wants. model None: the deployment's default.

    `defaulted` names the parameters that nobody said: they have their usual or former value, and a model that does
    not take it may put its own in its place. inputs with a sha256 are former ones, taken by their content.
    """

    kind: MediaKind
    prompt: str
    storyboard_id: str
    work_id: str = "default"
    project_id: str = "default"
    project_name: str | None = None
    model: str | None = None
    negative_prompt: str | None = None
    ratio: str | None = None
    resolution: str | None = None
    size: str | None = None
    intelligent_ratio: bool = False
    sample_strength: float | None = None
    seed: int | None = None
    steps: int | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    style: str | None = None
    duration_seconds: int | None = None
    fps: int | None = None
    motion_strength: float | None = None
    transition: Transition = Transition.NONE
    audio: ClipAudio | None = None
    safety_check: bool = True
    inputs: tuple[InputImage, ...] = ()
    polling: Polling = Polling.AUTO
    reuse: Reuse = Reuse.NONE
    reuse_threshold: float = USUAL_THRESHOLD
    "SIMILAR: how alike two prompts must be, from 0 to 1."
    strategy: AccountStrategy = field(default_factory=default_strategy)
    callback_url: str | None = None
    defaulted: frozenset[str] = frozenset()
