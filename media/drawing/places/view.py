"""The camera: projects points of the world (metres, y up, z away from the viewer) into the picture."""

import math
import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from media.drawing.canvas import Canvas, Points, Tone, points
from media.drawing.colour import Colour
from media.drawing.light import Light
from media.drawing.pen import Pen

_HAZE_METRES = {"FOG": 16.0, "SNOW": 110.0, "RAIN": 80.0, "WIND": 120.0}


@dataclass
class View:
    """`horizon` and `vanish_x` in pixels, `focal` in pixels, `eye` in metres above the ground.

    rng varies the camera and random details; scene_rng decides the look of the place itself.
    """

    canvas: Canvas
    light: Light
    era: str
    horizon: float
    vanish_x: float
    focal: float
    eye: float
    rng: random.Random
    scene_rng: random.Random
    words: str = ""
    is_bed_taken: bool = False
    _tones: dict[int, Tone] = field(default_factory=dict)

    @property
    def width(self) -> int:
        return self.canvas.width

    @property
    def height(self) -> int:
        return self.canvas.height

    @property
    def line(self) -> float:
        """Width of a background's lines in pixels: thinner than a figure's."""
        return max(0.5, min(self.width, self.height) / 900)

    def scale(self, z: float) -> float:
        """Pixels a metre at distance z."""
        return self.focal / z

    def at(self, x: float, y: float, z: float) -> tuple[float, float]:
        scale = self.focal / max(z, 0.05)
        return self.vanish_x + x * scale, self.horizon + (self.eye - y) * scale

    def quad(self, corners: Sequence[tuple[float, float, float]]) -> Points:
        return points([self.at(*corner) for corner in corners])

    def ground_z(self, y: float) -> float:
        """The distance of the ground seen at height y of the picture (below the horizon)."""
        return self.focal * self.eye / max(y - self.horizon, 0.5)

    def pen(self, x: float, z: float, *, y: float = 0.0, size: float = 1.0, mirror: bool = False) -> Pen:
        """A pen that stands at a place of the world; one unit is `size` metres."""
        px, py = self.at(x, y, z)
        return Pen(self.canvas, px, py, self.scale(z) * size, mirror=mirror, line=self.line)

    def visible_x(self, z: float) -> tuple[float, float]:
        """The left and right ends of what is seen at distance z, in metres."""
        scale = self.scale(z)
        return -self.vanish_x / scale, (self.width - self.vanish_x) / scale

    @contextmanager
    def distant(self, z: float) -> Iterator[None]:
        """Inside the context colours appear as at distance z."""
        reach = _HAZE_METRES.get(self.light.weather or "", 190.0)
        step = round((1 - math.exp(-max(0.0, z - 4) / reach)) * 0.86 * 24)
        if step not in self._tones:
            self._tones[step] = self.light.tone(step / 24)
        with self.canvas.toned(self._tones[step]):
            yield

    @contextmanager
    def shining(self) -> Iterator[None]:
        """Inside the context colours are light sources: neither dimmed nor hazed."""
        if -1 not in self._tones:
            self._tones[-1] = self.light.raw()
        with self.canvas.toned(self._tones[-1]):
            yield

    def window_light(self) -> Colour:
        return (255, 214, 132)
