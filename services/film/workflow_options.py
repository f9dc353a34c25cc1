"""The options of a workflow, with their defaults and checks."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from errors import BadInputError
from models.enums import GridLayout, Quality, Stage
from services.generation.named_sizes import frame_of, named_in, size_in

RATIOS = ("16:9", "9:16", "1:1", "4:3", "3:4", "3:2", "2:3", "21:9")
RESOLUTIONS: dict[str, int] = {"480p": 480, "720p": 720, "1080p": 1080}
"Pixels of the shorter side."
MAX_TARGET_SHOTS = 5000
MAX_TEXT_LENGTH = 1000
MAX_LANGUAGE_LENGTH = 16


@dataclass(frozen=True)
class WorkflowOptions:
    """The fields of the contract's WorkflowOptionsInput in snake case."""

    text_provider: str | None = None
    image_provider: str | None = None
    video_provider: str | None = None
    speech_provider: str | None = None
    text_model: str | None = None
    image_model: str | None = None
    video_model: str | None = None
    voice_id: str | None = None
    allow_fallback: bool = False
    style: str | None = None
    tone: str | None = None
    duration_hint_seconds: float | None = None
    language: str | None = None
    ratio: str = "16:9"
    resolution: str = "720p"
    target_shots: int | None = None
    grid_layout: GridLayout = GridLayout.SINGLE
    shot_seconds_min: float = 2.0
    shot_seconds_max: float = 5.0
    quality: Quality = Quality.STANDARD
    subtitles: bool = True
    burn_subtitles: bool = False
    background_music: bool = True
    music_style: str | None = None
    credit_budget: int | None = None
    pause_after: tuple[Stage, ...] = ()
    preferences: Any = field(default=None)

    def with_named_frame(self) -> "WorkflowOptions":
        """With the ratio and the resolution of a frame that is named as "1280x720" in place of a resolution."""
        size = size_in(self.resolution)
        frames = {frame_of(ratio, lines): (ratio, name) for ratio in RATIOS for name, lines in RESOLUTIONS.items()}
        named = None if size is None else named_in(frames, size)
        resolution = self.resolution.strip().lower()
        if named is not None:
            return replace(self, ratio=named[0], resolution=named[1])
        return replace(self, resolution=resolution) if resolution in RESOLUTIONS else self

    def check(self, *path: str) -> None:
        """Raises BadInputError, with the path of the first fault, for what no workflow can be made with."""
        for fault in self.faults(*path):
            raise fault

    def faults(self, *path: str) -> Iterator[BadInputError]:
        """All that no workflow can be made with, each with its path."""
        yield from frame_faults(self.ratio, self.resolution, *path)
        yield from shot_seconds_faults(self.shot_seconds_min, self.shot_seconds_max, *path)
        if self.target_shots is not None and not 1 <= self.target_shots <= MAX_TARGET_SHOTS:
            yield BadInputError(f"targetShots must be from 1 to {MAX_TARGET_SHOTS}.", path=[*path, "targetShots"])
        if self.duration_hint_seconds is not None and not 1 <= self.duration_hint_seconds <= 86_400:
            yield BadInputError("durationHintSeconds must be from 1 to 86400.", path=[*path, "durationHintSeconds"])
        if self.allow_fallback:
            yield BadInputError(
                "allowFallback cannot be true: no provider here can take over for another. A stage whose provider "
                "fails ends as FAILED, and retryWorkflow goes on with it. Omit allowFallback or give false.",
                path=[*path, "allowFallback"],
            )
        if self.credit_budget is not None and self.credit_budget < 0:
            yield BadInputError("creditBudget must not be negative.", path=[*path, "creditBudget"])
        texts = (
            ("style", self.style, MAX_TEXT_LENGTH),
            ("tone", self.tone, MAX_TEXT_LENGTH),
            ("musicStyle", self.music_style, MAX_TEXT_LENGTH),
            ("language", self.language, MAX_LANGUAGE_LENGTH),
        )
        for name, text, most in texts:
            if text is not None and len(text) > most:
                yield BadInputError(f"{name} must have at most {most} characters.", path=[*path, name])


def frame_size(ratio: str, resolution: str, *path: str) -> tuple[int, int]:
    """Returns (width, height) in pixels, both even: "16:9" and "720p" give (1280, 720).

    Raises BadInputError, which lists the allowed values, for an unknown ratio or resolution.
    """
    for fault in frame_faults(ratio, resolution, *path):
        raise fault
    return frame_of(ratio, RESOLUTIONS[resolution])


def frame_faults(ratio: str, resolution: str, *path: str) -> Iterator[BadInputError]:
    if ratio not in RATIOS:
        yield BadInputError(f"ratio must be one of {', '.join(RATIOS)}.", path=[*path, "ratio"])
    if resolution not in RESOLUTIONS:
        message = f"resolution must be one of {', '.join(RESOLUTIONS)}, or a frame of them such as 1280x720 (16:9)."
        yield BadInputError(message, path=[*path, "resolution"])


def shot_seconds_faults(minimum: float, maximum: float, *path: str) -> Iterator[BadInputError]:
    if not 0.5 <= minimum <= 60:
        yield BadInputError("shotSecondsMin must be from 0.5 to 60.", path=[*path, "shotSecondsMin"])
    if not minimum <= maximum <= 60:
        yield BadInputError("shotSecondsMax must be from shotSecondsMin to 60.", path=[*path, "shotSecondsMax"])
