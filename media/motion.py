"""Animates a still picture: a camera move, and for clips depth, light, grain and weather."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from media.camera import View, plan_move
from media.ffmpeg import run_ffmpeg
from media.frames import Encoding, Plane, Planes, VideoWriter, encoding_of, read_picture, to_planes
from media.join import join_videos
from media.rendering import Rendering
from media.weather import Weather, choose_weather
from media.worker import report_progress

MotionKind = Literal["animatic", "clip"]

_OVERSIZE = 1.35  # of the output: enough for the closest view, and no more to read for each frame
_STRIP_ROWS = 16
_FIRELIGHT = ("火", "烛", "灯", "fire", "candle", "lantern", "torch", "lamp")


@dataclass(frozen=True)
class Motion:
    """How a still picture moves, for how long, and how it is written.

    shot_type: a ShotType name of the contract, which chooses the move; strength from 0 to 1; quality DRAFT, STANDARD
    or HIGH. A clip has more motion than an animatic part: depth, light, and the weather named by `prompt`.
    """

    seconds: float
    shot_type: str
    width: int
    height: int
    fps: int
    strength: float = 0.7
    seed: int = 0
    quality: str = "STANDARD"
    kind: MotionKind = "animatic"
    prompt: str = ""

    @property
    def frames(self) -> int:
        return max(1, round(self.seconds * self.fps))

    @property
    def encoding(self) -> Encoding:
        if self.kind == "animatic":
            return Encoding("veryfast", 24)
        # x264's next faster preset where the cut encodes the clip once more anyway.
        return Encoding("superfast", 19) if self.quality == "STANDARD" else encoding_of(self.quality)


async def move_picture(picture: Path, out: Path, motion: Motion, rendering: Rendering) -> None:
    """Writes a silent H.264 MP4 of exactly motion.frames frames that begins with the picture.

    Raises JobFailure INVALID_INPUT for a picture that cannot be read. Cancelling ends the rendering.
    """
    await rendering.run(render_move, picture, out, motion)


def render_move(picture: Path, out: Path, motion: Motion) -> None:
    """Does the work of move_picture in this process."""
    width, height, frames, strength = motion.width, motion.height, motion.frames, motion.strength
    is_clip = motion.kind == "clip"
    camera = _Camera(read_picture(picture, width, height, _OVERSIZE), width, height, is_smooth=is_clip)
    move = plan_move(motion.shot_type, motion.seconds, strength, motion.seed)
    depth = 0.035 * strength if is_clip else 0.0
    light = _Light(motion.prompt, motion.seed, strength) if is_clip else None
    weather_name = choose_weather(motion.prompt) if is_clip else None
    weather = Weather(weather_name, width, height, motion.seed, strength) if weather_name else None
    with VideoWriter(out, width, height, motion.fps, motion.encoding) as writer:
        for number in range(frames):
            fraction, at = number / max(frames - 1, 1), number / motion.fps
            planes = camera.see(move.at(fraction, at), depth * (fraction - 0.5))
            if light is not None:
                planes = light.shine(planes, at)
            if weather is not None:
                planes = weather.draw(planes, at)
            writer.write_planes(planes)
            if number % 12 == 0:
                report_progress(number / frames)
    report_progress(1.0)


class _Camera:
    """Sub-pixel views of a picture. Pillow's resize takes the box as fractions of pixels, so nothing jitters."""

    def __init__(self, picture: Image.Image, width: int, height: int, *, is_smooth: bool) -> None:
        luma, blue, red = to_planes(picture)
        half = (max(1, picture.width // 2), max(1, picture.height // 2))
        self.planes = (
            luma,
            blue.resize(half, Image.Resampling.BOX),
            red.resize(half, Image.Resampling.BOX),
        )
        self.sizes = ((width, height), ((width + 1) // 2, (height + 1) // 2), ((width + 1) // 2, (height + 1) // 2))
        luma_filter = Image.Resampling.BICUBIC if is_smooth else Image.Resampling.BILINEAR
        self.filters = (luma_filter, Image.Resampling.BILINEAR, Image.Resampling.BILINEAR)

    def see(self, view: View, depth: float) -> Planes:
        """depth: how much nearer (of 1) the lower edge comes than the middle of the picture."""
        y, u, v = (
            self._plane(plane, size, chosen, view, depth)
            for plane, size, chosen in zip(self.planes, self.sizes, self.filters, strict=True)
        )
        return Planes(y, u, v)

    @staticmethod
    def _plane(plane: Image.Image, size: tuple[int, int], chosen: Image.Resampling, view: View, depth: float) -> Plane:
        left, top, right, bottom = view.box(plane.width, plane.height)
        if abs(depth) < 1e-6:
            return np.asarray(plane.resize(size, chosen, box=(left, top, right, bottom)))
        # The ground comes towards us faster than the sky: each strip of rows is magnified a little more than the
        # one above it. Between neighbours that is a third of a pixel at most, at the edges.
        width, height = size
        rows = np.empty((height, width), np.uint8)
        strip = _STRIP_ROWS if width > 400 else _STRIP_ROWS // 2
        middle, half, row = (left + right) / 2, (right - left) / 2, (bottom - top) / height
        for first in range(0, height, strip):
            last = min(first + strip, height)
            nearness = ((first + last) / 2 / height) ** 2
            reach = min(half / (1 + depth * nearness), middle, plane.width - middle)
            box = (middle - reach, top + first * row, middle + reach, min(top + last * row, plane.height))
            rows[first:last] = np.asarray(plane.resize((width, last - first), chosen, box=box))
        return rows


class _Light:
    """Variation of light: slow clouds by day, a flicker by a fire or a lamp."""

    def __init__(self, prompt: str, seed: int, strength: float) -> None:
        self.flickers = any(word in prompt.lower() for word in _FIRELIGHT)
        self.amount = (0.035 if self.flickers else 0.015) * (0.5 + 0.5 * strength)
        self.phase = seed % 628 / 100
        self.levels = np.arange(256, dtype=np.float32) - 16

    def shine(self, planes: Planes, seconds: float) -> Planes:
        t, phase = seconds, self.phase
        wave = math.sin(0.8 * t + phase) + 0.4 * math.sin(1.9 * t + 2 * phase)
        if self.flickers:
            wave = 0.5 * wave + 0.5 * math.sin(9.1 * t + phase) + 0.4 * math.sin(14.3 * t) + 0.3 * math.sin(23.7 * t)
        table = np.clip(self.levels * (1 + self.amount * wave) + 16.5, 0, 255).astype(np.uint8)
        return Planes(table[planes.y], planes.u, planes.v)


async def concatenate(
    parts: Sequence[Path],
    out: Path,
    audio: Path | None,
    rendering: Rendering,
    *,
    width: int,
    height: int,
    fps: int,
) -> float:
    """The parts one after another (hard cuts) as one MP4, with `audio` where given; returns its length in seconds.

    Parts that move_picture made with these measures are copied as they are; any other film is encoded anew.
    """
    silent = out if audio is None else out.with_name(f"{out.stem}.silent.mp4")
    frames = await rendering.part(0.0, 0.8).run(
        join_videos, list(parts), silent, width, height, Fraction(fps), encoding_of("STANDARD")
    )
    seconds = frames / fps
    if audio is not None:
        try:
            await run_ffmpeg(
                ["-i", str(silent), "-i", str(audio), "-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy",
                 "-af", "apad", "-c:a", "aac", "-b:a", "160k", "-ar", "48000", "-ac", "2", "-t", f"{seconds:.6f}",
                 "-movflags", "+faststart", "-f", "mp4", str(out)],
                rendering.silent(), expected_seconds=seconds,
            )  # fmt: skip
        finally:
            silent.unlink(missing_ok=True)
    rendering.progress(1.0)
    return seconds
