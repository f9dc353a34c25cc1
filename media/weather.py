"""Weather particles in a clip, chosen by its prompt: rain, snow, petals, leaves, sparks, dust."""

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from media.frames import Planes

_WORDS: tuple[tuple[str, str], ...] = (
    ("snow", r"雪|\bsnow\w*|\bblizzard"),
    ("rain", r"雨|\brain\w*|\bdownpour|\bdrizzl\w+|\bstorm\w*"),
    ("petals", r"花瓣|落花|樱花|桃花|\bpetals?\b|\bblossoms?\b"),
    ("leaves", r"落叶|秋风|枯叶|\bfall(?:ing|en) leaves|\bautumn"),
    ("fireflies", r"萤火|\bfirefl(?:y|ies)\b"),
    ("sparks", r"火焰|篝火|炉火|燃烧|烟花|\bfire\b|\bflames?\b|\bembers?\b|\bbonfire|\bhearth"),
    ("dust", r"尘|阳光|光束|沙漠|\bdust\w*|\bsun(?:light|beams?|shine)\b|\bdesert"),
)
# Words that contain one of the above with another meaning.
_NOT_MEANT = re.compile(r"下雪前|雪白|雨伞店|\btrain\w*|\bbrain\w*|\bfire\s?place tools", re.IGNORECASE)


def choose_weather(prompt: str) -> str | None:
    """The particles of a shot with this prompt (Chinese or English); None where there are none."""
    meant = _NOT_MEANT.sub(" ", prompt)
    return next((name for name, words in _WORDS if re.search(words, meant, re.IGNORECASE)), None)


@dataclass(frozen=True)
class _Kind:
    count: int  # per layer at 1280x720
    size: float  # pixels at 720 lines, of the middle layer
    length: float  # streaks: as a multiple of size
    fall: float  # screen heights a second, of the middle layer; negative rises
    drift: float  # screen widths a second
    sway: float  # screen widths
    color: tuple[int, int, int]  # Y, Cb, Cr
    alpha: int
    blur: float
    twinkle: float = 0.0


_KINDS = {
    "rain": _Kind(150, 1.4, 24, 1.9, 0.10, 0.0, (205, 132, 124), 90, 0.8),
    "snow": _Kind(110, 3.4, 1, 0.13, 0.02, 0.012, (232, 130, 127), 225, 0.9),
    "petals": _Kind(22, 5.5, 1.6, 0.10, 0.05, 0.03, (185, 122, 152), 220, 0.8),
    "leaves": _Kind(14, 7.0, 1.7, 0.14, 0.07, 0.035, (120, 92, 158), 230, 0.8),
    "fireflies": _Kind(16, 4.2, 1, -0.012, 0.008, 0.02, (205, 92, 130), 210, 2.6, 0.9),
    "sparks": _Kind(34, 2.2, 1, -0.20, 0.015, 0.02, (190, 72, 178), 220, 1.0, 0.4),
    "dust": _Kind(60, 2.0, 1, 0.008, 0.012, 0.01, (215, 122, 131), 95, 1.4, 0.5),
}
_LAYERS = (0.62, 1.0, 1.5)  # far, middle and near: size and speed


@dataclass
class _Layer:
    """A tile that repeats in both directions, stored twice as wide and high so that a window is a plain slice."""

    keep: tuple[NDArray[np.uint16], NDArray[np.uint16]]  # 256 - alpha, for luma and for chroma
    add: tuple[NDArray[np.uint16], NDArray[np.uint16], NDArray[np.uint16]]  # alpha times color
    speed: float
    phase: float


class Weather:
    """Draws one kind of weather over frames of a fixed size."""

    def __init__(self, name: str, width: int, height: int, seed: int, strength: float) -> None:
        self.kind, self.width, self.height = _KINDS[name], width, height
        chance = np.random.default_rng(seed)
        self.layers = [self._layer(scale, chance, strength) for scale in _LAYERS]

    def _layer(self, scale: float, chance: np.random.Generator, strength: float) -> _Layer:
        kind, width, height = self.kind, self.width, self.height
        unit = height / 720
        tile = Image.new("L", (width, height), 0)
        draw = ImageDraw.Draw(tile)
        count = round(kind.count * (0.5 + 0.5 * strength) * (width / height) / (16 / 9) / scale)
        for x, y, turn, bright in chance.random((count, 4)):
            radius = max(kind.size * scale * unit * (0.6 + 0.8 * bright) / 2, 0.5)
            reach = radius * kind.length
            if kind.length > 5:  # a streak along the fall
                tilt = kind.drift / kind.fall * reach * width / height
                ends = (-tilt, -reach, tilt, reach)
            else:
                ends = (-math.cos(turn * 6.3) * reach, -math.sin(turn * 6.3) * reach,
                        math.cos(turn * 6.3) * reach, math.sin(turn * 6.3) * reach)  # fmt: skip
            level = round(kind.alpha * (0.55 + 0.45 * bright))
            for across in (-width, 0, width):
                for down in (-height, 0, height):
                    cx, cy = x * width + across, y * height + down
                    if not (-50 * unit < cx < width + 50 * unit and -50 * unit < cy < height + 50 * unit):
                        continue
                    if kind.length > 1:
                        line = (cx + ends[0], cy + ends[1], cx + ends[2], cy + ends[3])
                        draw.line(line, fill=level, width=max(1, round(radius * (1 if kind.length > 5 else 1.6))))
                    else:
                        draw.ellipse((cx - radius, cy - radius, cx + radius, cy + radius), fill=level)
        blur = kind.blur * unit * (1.6 if scale > 1.2 else 1.0)
        alpha = _soften(tile, blur)
        small = alpha.resize(((width + 1) // 2, (height + 1) // 2), Image.Resampling.BOX)
        full, half = (np.tile(np.asarray(image, np.uint16), (2, 2)) for image in (alpha, small))
        luma, blue, red = kind.color
        return _Layer((256 - full, 256 - half), (full * luma, half * blue, half * red), scale, chance.random() * 6.3)

    def draw(self, planes: Planes, seconds: float) -> Planes:
        """A copy of the frame with the weather at that time in seconds."""
        y, u, v = planes.y, planes.u, planes.v
        for layer in self.layers:
            sway = self.kind.sway * math.sin(0.9 * seconds + layer.phase)
            across = (self.kind.drift * seconds * layer.speed + sway + layer.phase) % 1
            down = (self.kind.fall * seconds * layer.speed + layer.phase) % 1
            # The window moves against the fall. Even numbers, so that chroma moves with luma.
            left = round((1 - across) * self.width / 2) % (self.width // 2)
            top = round((1 - down) * self.height / 2) % (self.height // 2)
            fade = 256
            if self.kind.twinkle:
                fade = round(256 * (1 - self.kind.twinkle * (0.5 + 0.5 * math.sin(1.7 * seconds + 4 * layer.phase))))
            y = _blend(y, layer.keep[0], layer.add[0], 2 * left, 2 * top, fade)
            u = _blend(u, layer.keep[1], layer.add[1], left, top, fade)
            v = _blend(v, layer.keep[1], layer.add[2], left, top, fade)
        return Planes(y, u, v)


def _soften(tile: Image.Image, radius: float) -> Image.Image:
    """Blurs a tile with wrap-around at its edges."""
    margin = math.ceil(radius * 3)
    wrapped = Image.fromarray(np.pad(np.asarray(tile), margin, mode="wrap"))
    blurred = wrapped.filter(ImageFilter.GaussianBlur(radius))
    return blurred.crop((margin, margin, margin + tile.width, margin + tile.height))


def _blend(
    plane: NDArray[np.uint8], keep: NDArray[np.uint16], add: NDArray[np.uint16], left: int, top: int, fade: int
) -> NDArray[np.uint8]:
    height, width = plane.shape
    window = (slice(top, top + height), slice(left, left + width))
    mixed = plane * keep[window]
    mixed += add[window]
    mixed >>= 8
    blended = mixed.astype(np.uint8)
    if fade == 256:
        return blended
    difference = blended.astype(np.int16) - plane
    return (plane + ((difference * (fade // 4)) >> 6)).astype(np.uint8)
