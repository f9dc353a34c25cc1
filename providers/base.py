"""What a provider is: a class with a name and the methods of its capabilities, and the plain values that go in and out.

Shot types, asset types and input types are the names of the contract's enums as strings (CLOSE_UP, CHARACTER, NOVEL).
Every method may raise errors.JobFailure; being cancelled ends whatever it started (subprocesses too) within a second.
Lengths are seconds, picture sizes pixels, progress a number from 0 to 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

Progress = Callable[[float], None]


def ignore_progress(_: float) -> None:
    """For callers that do not follow."""


# ---------------------------------------------------------------- text


@dataclass(frozen=True)
class ScriptOrder:
    """A text to turn into a script. shot_seconds_*: bounds of a shot's length unless its voice needs more."""

    text: str
    input_type: str = "NOVEL"  # NOVEL, SCREENPLAY (Fountain or plain), OUTLINE
    language: str | None = None  # "zh", "en"; None: found out
    style: str | None = None
    tone: str | None = None
    model: str | None = None
    target_shots: int | None = None
    duration_hint_seconds: float | None = None
    shot_seconds_min: float = 2.0
    shot_seconds_max: float = 5.0


@dataclass(frozen=True)
class DraftAsset:
    """Someone or something that shots show. `type` is CHARACTER, PROP or SCENE, `name` the text's own word."""

    type: str
    name: str
    description: str
    prompt: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftShot:
    """`narration` is spoken by the narrator, then `dialogue` by `speaker`. asset_names: whom and what one sees."""

    title: str
    prompt: str
    shot_type: str
    duration_seconds: float
    narration: str | None = None
    dialogue: str | None = None
    speaker: str | None = None
    bgm_hint: str | None = None
    asset_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftScene:
    number: int  # from 1
    heading: str  # e.g. "EXT. STREET - DAY", "外景 街道 日"
    summary: str
    characters: tuple[str, ...]
    shots: tuple[DraftShot, ...]


@dataclass(frozen=True)
class ScriptDraft:
    title: str
    language: str
    scenes: tuple[DraftScene, ...]
    assets: tuple[DraftAsset, ...]
    screenplay: str  # valid Fountain
    storyboard_script: str  # the shot list as text, for people


# ---------------------------------------------------------------- pictures


@dataclass(frozen=True)
class Subject:
    """An asset that a picture shows. design: its design image, to compose from; reference: a picture a person gave."""

    type: str  # CHARACTER, PROP, SCENE
    name: str
    description: str
    design: Path | None = None
    reference: Path | None = None


@dataclass(frozen=True)
class ImageOrder:
    """A picture to make. `purpose`: DESIGN (one asset, the first subject) or SHOT.

    references: pictures that it should resemble, beside those of its subjects.
    """

    prompt: str
    width: int
    height: int
    purpose: str = "SHOT"
    style: str | None = None
    seed: int = 0
    model: str | None = None
    subjects: tuple[Subject, ...] = ()
    references: tuple[Path, ...] = ()


@dataclass(frozen=True)
class GridOrder:
    """rows x columns shots in one picture; cells in reading order, each exactly cells[0].width x height pixels."""

    rows: int
    columns: int
    cells: tuple[ImageOrder, ...]


# ---------------------------------------------------------------- clips and speech


@dataclass(frozen=True)
class ClipOrder:
    """A silent clip that begins with `picture` and lasts exactly round(seconds * fps) frames."""

    picture: Path
    prompt: str
    shot_type: str
    seconds: float
    width: int
    height: int
    fps: int = 24
    motion_strength: float = 0.7
    quality: str = "STANDARD"  # DRAFT, STANDARD, HIGH
    seed: int = 0
    model: str | None = None


@dataclass(frozen=True)
class SpeechOrder:
    text: str
    voice_id: str
    language: str


@dataclass(frozen=True)
class VoiceInfo:
    id: str
    name: str
    language: str | None
    gender: str | None = None  # "female", "male"
    age: str | None = None  # "child", "old"; None: neither


@dataclass(frozen=True)
class MusicOrder:
    seconds: float
    style: str | None = None
    seed: int = 0
    hints: tuple[tuple[float, str], ...] = field(default=())  # (second, mood word), in order of time


# ---------------------------------------------------------------- protocols


@runtime_checkable
class Provider(Protocol):
    name: str

    async def reachable(self) -> str | None:
        """None where the provider can be used now, else why not, in words."""


@runtime_checkable
class TextProvider(Provider, Protocol):
    async def write_script(self, order: ScriptOrder, progress: Progress = ignore_progress) -> ScriptDraft: ...


@runtime_checkable
class ImageProvider(Provider, Protocol):
    async def draw(self, order: ImageOrder, into: Path, progress: Progress = ignore_progress) -> list[Path]:
        """Pictures in the folder `into`, best first; at least one."""

    async def draw_grid(self, order: GridOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """One picture of columns*width x rows*height pixels in the folder `into`."""


@runtime_checkable
class VideoProvider(Provider, Protocol):
    async def film(self, order: ClipOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """An MP4 in the folder `into`."""


@runtime_checkable
class SpeechProvider(Provider, Protocol):
    async def speak(self, order: SpeechOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """A 48 kHz mono WAV in the folder `into`, trimmed of silence at both ends."""

    def voices(self) -> list[VoiceInfo]: ...


@runtime_checkable
class MusicProvider(Provider, Protocol):
    async def compose(self, order: MusicOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """A 48 kHz stereo WAV of order.seconds in the folder `into`."""
