"""Encodes a segment of a film's picture: shots fitted, crossfaded, faded and subtitled, frame by frame."""

import contextlib
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from errors import JobErrorCode, JobFailure
from media.fonts import CaptionPainter
from media.frames import BLACK, NEUTRAL, Encoding, Plane, Planes, VideoWriter, from_frame
from media.join import fitted_frames
from media.subtitles import Cue
from media.worker import report_progress


@dataclass(frozen=True)
class PictureShot:
    """A clip at its place in the film, counted in frames; the last frame is held where the clip is too short."""

    clip: Path
    start_frame: int
    frames: int


@dataclass(frozen=True)
class PicturePlan:
    """The film's picture. Each shot but the first starts crossfade_frames before the previous one ends."""

    shots: tuple[PictureShot, ...]
    width: int
    height: int
    fps: int | Fraction
    crossfade_frames: int
    fade_in_frames: int
    fade_out_frames: int
    encoding: Encoding
    cues: tuple[Cue, ...] = ()  # to be burned in
    font: Path | None = None

    @property
    def total_frames(self) -> int:
        return self.shots[-1].start_frame + self.shots[-1].frames


def split_film(plan: PicturePlan, wanted_frames: int) -> list[tuple[int, int]]:
    """The film in stretches of about wanted_frames, (first, last + 1), each beginning where one shot stands alone."""
    places = [shot.start_frame + plan.crossfade_frames for shot in plan.shots[1:]]
    starts = [0]
    for place in places:
        if place - starts[-1] >= wanted_frames and plan.total_frames - place >= wanted_frames // 2:
            starts.append(place)
    return list(zip(starts, [*starts[1:], plan.total_frames], strict=True))


def render_segment(plan: PicturePlan, first: int, last: int, out: Path) -> int:
    """Encodes the film's frames from first to last - 1; returns their number. Blocks: for a worker process.

    Raises JobFailure INVALID_INPUT where a clip cannot be read.
    """
    painter = CaptionPainter(plan.font, plan.width, plan.height) if plan.cues and plan.font else None
    with contextlib.ExitStack() as stack, VideoWriter(out, plan.width, plan.height, plan.fps, plan.encoding) as writer:
        for number, frame in zip(range(first, last), _film(plan, first, stack), strict=False):
            planes = _finished(plan, number, frame, painter)
            if isinstance(planes, Planes):
                writer.write_planes(planes)
            else:
                writer.write(planes)
            if number % 24 == 0:
                report_progress((number - first) / (last - first))
    return last - first


def _film(plan: PicturePlan, first: int, stack: contextlib.ExitStack) -> Iterator[av.VideoFrame | Planes]:
    """The film's frames from `first` on, without fades and captions."""
    index = max(n for n, shot in enumerate(plan.shots) if shot.start_frame <= first)
    running = _held(plan.shots[index], plan, stack)
    for _ in range(first - plan.shots[index].start_frame):
        next(running)
    following: Generator[av.VideoFrame, None, None] | None = None
    for number in range(first, plan.total_frames):
        after = plan.shots[index + 1] if index + 1 < len(plan.shots) else None
        if after is not None and number >= after.start_frame + plan.crossfade_frames:
            running.close()
            running = following if following is not None else _held(after, plan, stack)
            following, index = None, index + 1
            after = plan.shots[index + 1] if index + 1 < len(plan.shots) else None
        frame = next(running)
        if after is None or number < after.start_frame:
            yield frame
            continue
        if following is None:
            following = _held(after, plan, stack)
        share = (number - after.start_frame + 1) / (plan.crossfade_frames + 1)
        yield _mixed(from_frame(frame), from_frame(next(following)), share)


def _held(shot: PictureShot, plan: PicturePlan, stack: contextlib.ExitStack) -> Generator[av.VideoFrame, None, None]:
    frames = _endless(shot.clip, plan)
    stack.callback(frames.close)
    return frames


def _endless(clip: Path, plan: PicturePlan) -> Generator[av.VideoFrame, None, None]:
    last: av.VideoFrame | None = None
    for frame in fitted_frames(clip, plan.width, plan.height, Fraction(plan.fps)):
        last = frame
        yield frame
    if last is None:
        raise JobFailure(JobErrorCode.INVALID_INPUT, "A clip holds no frame.", is_retryable=False)
    while True:
        yield last


def _mixed(under: Planes, over: Planes, share: float) -> Planes:
    weight = round(share * 256)

    def mix(first: Plane, second: Plane) -> Plane:
        sums = first * np.uint16(256 - weight)
        sums += second * np.uint16(weight)
        sums += np.uint16(128)
        sums >>= 8
        return sums.astype(np.uint8)

    return Planes(mix(under.y, over.y), mix(under.u, over.u), mix(under.v, over.v))


def _brightness(plan: PicturePlan, number: int) -> float:
    """The brightness: 1, less in the film's fades; the first and the last frame are black."""
    light = 1.0
    if number < plan.fade_in_frames:
        light = number / plan.fade_in_frames
    left = plan.total_frames - 1 - number
    if left < plan.fade_out_frames:
        light = min(light, left / plan.fade_out_frames)
    return light


def _finished(
    plan: PicturePlan, number: int, frame: av.VideoFrame | Planes, painter: CaptionPainter | None
) -> av.VideoFrame | Planes:
    if painter is not None and (text := _caption(plan.cues, float(number / plan.fps))):
        frame = painter.paint(_planes(frame), text)
    light = _brightness(plan, number)
    if light < 1:
        frame = _darkened(_planes(frame), light)
    return frame


def _planes(frame: av.VideoFrame | Planes) -> Planes:
    return frame if isinstance(frame, Planes) else from_frame(frame)


def _caption(cues: Sequence[Cue], seconds: float) -> str | None:
    return next((cue.text for cue in cues if cue.start_seconds <= seconds < cue.end_seconds), None)


def _darkened(planes: Planes, light: float) -> Planes:
    levels = np.arange(256, dtype=np.float32)
    luma = np.clip((levels - BLACK) * light + BLACK + 0.5, 0, 255).astype(np.uint8)
    chroma = np.clip((levels - NEUTRAL) * light + NEUTRAL + 0.5, 0, 255).astype(np.uint8)
    return Planes(luma[planes.y], chroma[planes.u], chroma[planes.v])
