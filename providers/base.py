"""The provider protocols, one per capability, and the values that they take and return.

Shot types, asset types and input types are the names of the API's enums as strings (CLOSE_UP, CHARACTER, NOVEL).
Every method may raise errors.JobFailure. When cancelled, a method ends everything it started, subprocesses included,
within a second. Durations are in seconds, sizes in pixels, progress is from 0 to 1.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, runtime_checkable

Progress = Callable[[float], None]


def ignore_progress(_: float) -> None:
    """The default Progress, which does nothing."""


# ---------------------------------------------------------------- text


@dataclass(frozen=True)
class ScriptOrder:
    """A text to turn into a script. shot_seconds_*: bounds of a shot's length, unless its speech takes longer."""

    text: str
    input_type: str = "NOVEL"  # NOVEL, SCREENPLAY (Fountain or plain), OUTLINE
    language: str | None = None  # "zh", "en"; None: detected
    style: str | None = None
    tone: str | None = None
    model: str | None = None
    target_shots: int | None = None
    duration_hint_seconds: float | None = None
    shot_seconds_min: float = 2.0
    shot_seconds_max: float = 5.0


@dataclass(frozen=True)
class DraftAsset:
    """A character, prop or place shown in shots. type: CHARACTER, PROP or SCENE. name: as in the text."""

    type: str
    name: str
    description: str
    prompt: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class DraftShot:
    """`narration` is spoken by the narrator, then `dialogue` by `speaker`. asset_names: assets that are visible."""

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
    storyboard_script: str  # the shot list as readable text


# ---------------------------------------------------------------- pictures


@dataclass(frozen=True)
class Subject:
    """An asset shown in a picture. design: its design image. reference: a picture provided by a user."""

    type: str  # CHARACTER, PROP, SCENE
    name: str
    description: str
    design: Path | None = None
    reference: Path | None = None


@dataclass(frozen=True)
class ImageOrder:
    """An image to generate. purpose: DESIGN (of one asset, the first subject) or SHOT.

    references: pictures that it should resemble, in addition to those of its subjects.
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
    """rows x columns shots in one image. cells: in reading order, each exactly cells[0].width x height pixels."""

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
        """None if the provider is available, else the reason as text."""


@runtime_checkable
class TextProvider(Provider, Protocol):
    async def write_script(self, order: ScriptOrder, progress: Progress = ignore_progress) -> ScriptDraft: ...


@runtime_checkable
class NamedTextChoices(Protocol):
    """Of a text provider that has no other models and languages than these; others judge what they get themselves.

    text_languages: language tags; a longer tag counts as its first part (zh-Hans as zh).
    """

    text_models: tuple[str, ...]
    text_languages: tuple[str, ...]


@runtime_checkable
class ImageProvider(Provider, Protocol):
    async def draw(self, order: ImageOrder, into: Path, progress: Progress = ignore_progress) -> list[Path]:
        """Writes at least one image into the folder `into`; returns the paths, best first."""

    async def draw_grid(self, order: GridOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """Writes one image of columns*width x rows*height pixels into the folder `into`."""


@runtime_checkable
class VideoProvider(Provider, Protocol):
    async def film(self, order: ClipOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """Writes an MP4 into the folder `into`."""


@runtime_checkable
class SpeechProvider(Provider, Protocol):
    async def speak(self, order: SpeechOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """Writes a 48 kHz mono WAV without leading or trailing silence into the folder `into`."""

    def voices(self) -> list[VoiceInfo]: ...


@runtime_checkable
class MusicProvider(Provider, Protocol):
    async def compose(self, order: MusicOrder, into: Path, progress: Progress = ignore_progress) -> Path:
        """Writes a 48 kHz stereo WAV of order.seconds into the folder `into`."""
