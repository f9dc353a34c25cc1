"""The film's timeline: the length of each shot and the time of each line, in whole frames."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

LineKind = Literal["narration", "dialogue"]


@dataclass(frozen=True)
class Utterance:
    """A spoken line and the measured length of its voice."""

    text: str
    seconds: float
    kind: LineKind = "narration"
    speaker: str | None = None


@dataclass(frozen=True)
class ShotTiming:
    """A shot before it is placed: the length that is wanted, and its lines in order."""

    wanted_seconds: float
    utterances: tuple[Utterance, ...] = ()


@dataclass(frozen=True)
class PlacedUtterance:
    """A line at its place in the film, in seconds from the film's beginning."""

    text: str
    start_seconds: float
    end_seconds: float
    kind: LineKind = "narration"
    speaker: str | None = None


@dataclass(frozen=True)
class PlacedShot:
    """A shot at its place; it lies under its neighbours for the crossfade at either end."""

    start_frame: int
    frames: int
    start_seconds: float
    duration_seconds: float
    utterances: tuple[PlacedUtterance, ...] = field(default=())


@dataclass(frozen=True)
class Timeline:
    """total_frames = sum of the shots' frames - (shots - 1) * crossfade_frames, exactly."""

    fps: int
    crossfade_frames: int
    total_frames: int
    shots: tuple[PlacedShot, ...]

    @property
    def total_seconds(self) -> float:
        return self.total_frames / self.fps

    @property
    def crossfade_seconds(self) -> float:
        """The actual crossfade: shorter than requested where a shot is too short for it."""
        return self.crossfade_frames / self.fps

    @property
    def utterances(self) -> tuple[PlacedUtterance, ...]:
        return tuple(line for shot in self.shots for line in shot.utterances)


def plan_timeline(
    shots: Sequence[ShotTiming],
    *,
    crossfade_seconds: float,
    fps: int,
    lead_seconds: float = 0.3,
    gap_seconds: float = 0.25,
    tail_seconds: float = 0.35,
) -> Timeline:
    """Places shots and lines.

    A shot lasts as long as wanted, or longer where its lines need it: lead, lines with gaps between them and tail all
    lie outside the crossfades, so that no line is cut off or spoken over two pictures. The crossfade is shorter than
    half the shortest shot. Raises ValueError for a frame rate below 1.
    """
    if fps < 1:
        raise ValueError("fps must be at least 1")
    if not shots:
        return Timeline(fps, 0, 0, ())
    crossfade = round(max(crossfade_seconds, 0.0) * fps) if len(shots) > 1 else 0

    def lengths(fade: int) -> list[int]:
        return [
            _frames(
                shot, fps, fade * ((number > 0) + (number < len(shots) - 1)), lead_seconds, gap_seconds, tail_seconds
            )
            for number, shot in enumerate(shots)
        ]

    frames = lengths(crossfade)
    while crossfade > 0 and 2 * crossfade >= min(frames):
        crossfade -= 1
        frames = lengths(crossfade)

    placed: list[PlacedShot] = []
    start = 0
    for number, (shot, count) in enumerate(zip(shots, frames, strict=True)):
        speech_start = (start + (crossfade if number else 0)) / fps + lead_seconds
        lines = _place(shot.utterances, speech_start, gap_seconds)
        placed.append(PlacedShot(start, count, start / fps, count / fps, lines))
        start += count - crossfade
    return Timeline(fps, crossfade, start + crossfade, tuple(placed))


def _frames(shot: ShotTiming, fps: int, fades: int, lead: float, gap: float, tail: float) -> int:
    wanted = max(round(shot.wanted_seconds * fps), 1)
    if not shot.utterances:
        return wanted
    speech = sum(line.seconds for line in shot.utterances) + gap * (len(shot.utterances) - 1)
    # The tolerance is for sums like 0.1 + 0.2, which would otherwise add a frame.
    return max(wanted, fades + math.ceil((lead + speech + tail) * fps - 1e-6))


def _place(lines: Sequence[Utterance], start: float, gap: float) -> tuple[PlacedUtterance, ...]:
    placed = []
    for line in lines:
        placed.append(PlacedUtterance(line.text, start, start + line.seconds, line.kind, line.speaker))
        start += line.seconds + gap
    return tuple(placed)
