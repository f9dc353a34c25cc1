"""A supersampled sheet to draw on: smooth shapes, tapered strokes, cel shading, clipping and glows.

Coordinates are pixels of the finished picture, as floats, y down; shapes are arrays of n x 2.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw

from media.drawing.colour import Colour

Points = NDArray[np.float64]
Place = Sequence[float] | NDArray[np.float64]
Tone = Callable[[Colour], Colour]


def points(pairs: Sequence[tuple[float, float]]) -> Points:
    return np.asarray(pairs, dtype=np.float64)


def smooth(control: Points | Sequence[tuple[float, float]], steps: int = 6, *, closed: bool = True) -> Points:
    """The centripetal-free (uniform) Catmull-Rom curve through all control points, `steps` points a segment."""
    nodes = np.asarray(control, dtype=np.float64)
    if closed:
        before, after, following = np.roll(nodes, 1, 0), np.roll(nodes, -1, 0), np.roll(nodes, -2, 0)
        start = nodes
    else:
        padded = np.vstack([2 * nodes[0] - nodes[1], nodes, 2 * nodes[-1] - nodes[-2]])
        before, start, after, following = padded[:-3], padded[1:-2], padded[2:-1], padded[3:]
    t = (np.arange(steps) / steps)[None, :, None]
    p0, p1, p2, p3 = (part[:, None, :] for part in (before, start, after, following))
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    flat: Points = curve.reshape(-1, 2)
    return flat if closed else np.vstack([flat, nodes[-1:]])


def bezier(start: Place, control: Place, end: Place, steps: int = 8) -> Points:
    """A quadratic Bézier curve, its end left out, so that curves can be joined."""
    t = (np.arange(steps) / steps)[:, None]
    p0, p1, p2 = np.asarray(start, float), np.asarray(control, float), np.asarray(end, float)
    curve: Points = (1 - t) ** 2 * p0 + 2 * t * (1 - t) * p1 + t**2 * p2
    return curve


def oval(x: float, y: float, rx: float, ry: float, tilt: float = 0.0, steps: int = 28) -> Points:
    """An ellipse about (x, y), turned by `tilt` radians."""
    angle = np.linspace(0, 2 * np.pi, steps, endpoint=False)
    px, py = rx * np.cos(angle), ry * np.sin(angle)
    return np.stack([x + px * np.cos(tilt) - py * np.sin(tilt), y + px * np.sin(tilt) + py * np.cos(tilt)], axis=1)


def limb(joints: Sequence[Sequence[float]], widths: Sequence[float], steps: int = 5) -> Points:
    """A tapered tube with round ends along `joints`; `widths` are full widths at each of them."""
    line = smooth(np.asarray(joints, float), steps, closed=False) if len(joints) > 2 else np.asarray(joints, float)
    along = np.linspace(0, len(joints) - 1, len(line))
    half = np.interp(along, np.arange(len(widths)), widths) / 2
    tangent = np.gradient(line, axis=0)
    tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
    normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1)
    caps = []
    for index, sign in ((-1, 1.0), (0, -1.0)):
        angle = np.linspace(0, np.pi, 7)[1:-1, None]
        caps.append(line[index] + half[index] * sign * (np.cos(angle) * normal[index] + np.sin(angle) * tangent[index]))
    return np.vstack([line + normal * half[:, None], caps[0], (line - normal * half[:, None])[::-1], caps[1]])


def _outset(shape: Points, width: float, heavier: tuple[float, float]) -> Points:
    """The shape grown outwards by about `width`, more on the side that `heavier` points to, as a pen would."""
    shape = shape[np.any(np.abs(shape - np.roll(shape, 1, 0)) > 1e-6, axis=1)]
    if len(shape) < 3:
        return shape
    edge = np.roll(shape, -1, 0) - shape
    area = float(np.sum(shape[:, 0] * np.roll(shape[:, 1], -1) - shape[:, 1] * np.roll(shape[:, 0], -1)))
    edge /= np.maximum(np.linalg.norm(edge, axis=1, keepdims=True), 1e-9)
    outward = np.stack([edge[:, 1], -edge[:, 0]], axis=1) * (1.0 if area > 0 else -1.0)
    normal = outward + np.roll(outward, 1, 0)
    length = np.linalg.norm(normal, axis=1, keepdims=True)
    # Mitre: the tip of a spike moves further out, but not without bound.
    normal = normal / np.maximum(length, 1e-9) * np.minimum(2.0 / np.maximum(length, 0.5), 2.2)
    weight = 0.75 + 0.5 * np.clip(normal @ np.asarray(heavier), 0, 1)
    grown: Points = shape + normal * (width * weight)[:, None]
    return grown


class Canvas:
    """A canvas. tone: transforms every colour before it is drawn, which applies light and style to all shapes."""

    def __init__(self, width: int, height: int, scale: float = 2.0) -> None:
        self.width, self.height, self.scale = width, height, scale
        self.tone: Tone | None = None
        self.image = Image.new("RGB", (max(1, round(width * scale)), max(1, round(height * scale))))
        self._draw = ImageDraw.Draw(self.image, "RGBA")
        self._offset = np.zeros(2)

    def finished(self) -> Image.Image:
        """The picture at its own size."""
        if self.image.size == (self.width, self.height):
            return self.image
        if self.scale == 2.0:
            return self.image.reduce(2)
        return self.image.resize((self.width, self.height), Image.Resampling.BICUBIC)

    def put(self, picture: Image.Image) -> None:
        """Covers the sheet with `picture`, stretched to it."""
        self.image.paste(picture.resize(self.image.size, Image.Resampling.BICUBIC))

    @contextmanager
    def toned(self, tone: Tone | None) -> Iterator[None]:
        before, self.tone = self.tone, tone
        try:
            yield
        finally:
            self.tone = before

    @contextmanager
    def clipped(self, shape: Points) -> Iterator[None]:
        """Clips everything drawn inside the context to `shape`."""
        placed = shape * self.scale - self._offset
        left, top = np.floor(placed.min(axis=0)).astype(int)
        right, bottom = np.ceil(placed.max(axis=0)).astype(int) + 1
        left, top = max(0, int(left)), max(0, int(top))
        right, bottom = min(self.image.width, int(right)), min(self.image.height, int(bottom))
        outer = (self.image, self._draw, self._offset)
        if right <= left or bottom <= top:
            # Nothing of it is on the canvas; draw to a discarded layer.
            self.image = Image.new("RGB", (1, 1))
            self._offset = np.array([1e7, 1e7])
        else:
            self.image = self.image.crop((left, top, right, bottom))
            self._offset = self._offset + np.array([left, top])
        self._draw = ImageDraw.Draw(self.image, "RGBA")
        try:
            yield
        finally:
            inner = self.image
            self.image, self._draw, self._offset = outer
            if right > left and bottom > top:
                mask = Image.new("L", inner.size)
                ImageDraw.Draw(mask).polygon((placed - [left, top]).ravel().tolist(), fill=255)
                self.image.paste(inner, (left, top), mask)

    def _ink(self, colour: Colour, alpha: float) -> tuple[int, int, int, int]:
        red, green, blue = self.tone(colour) if self.tone else colour
        return red, green, blue, round(255 * max(0.0, min(1.0, alpha)))

    def _placed(self, shape: Points) -> list[float]:
        placed: list[float] = (shape * self.scale - self._offset).ravel().tolist()
        return placed

    def fill(self, shape: Points | Sequence[tuple[float, float]], colour: Colour, alpha: float = 1.0) -> None:
        shape = np.asarray(shape, dtype=np.float64)
        if len(shape) > 2:
            self._draw.polygon(self._placed(shape), fill=self._ink(colour, alpha))

    def outlined(
        self, shape: Points, colour: Colour, line: Colour, width: float, heavier: tuple[float, float] = (0.4, 0.9)
    ) -> None:
        self.outline(shape, line, width, heavier)
        self.fill(shape, colour)

    def outline(self, shape: Points, line: Colour, width: float, heavier: tuple[float, float] = (0.4, 0.9)) -> None:
        """The grown shape in the line's colour, to be covered by the shape itself."""
        self.fill(_outset(shape, width, heavier), line)

    def cel(self, shape: Points, colour: Colour, shade: Colour, shift: tuple[float, float]) -> None:
        """`shape` in two flat tones: the part that `shift` moves the light away from lies in shade."""
        with self.clipped(shape):
            self.fill(shape, shade)
            self.fill(shape + np.asarray(shift), colour)

    def stroke(
        self,
        line: Points | Sequence[tuple[float, float]],
        width: float,
        colour: Colour,
        alpha: float = 1.0,
        *,
        taper: tuple[float, float] = (0.25, 0.25),
    ) -> None:
        """A brush stroke along `line`; taper: the share of the width that is left at its start and end."""
        line = np.asarray(line, dtype=np.float64)
        if len(line) < 2:
            return
        along = np.linspace(0, 1, len(line))
        half = width / 2 * np.interp(along, [0, 0.35, 0.65, 1], [taper[0], 1, 1, taper[1]])
        tangent = np.gradient(line, axis=0)
        tangent /= np.maximum(np.linalg.norm(tangent, axis=1, keepdims=True), 1e-9)
        normal = np.stack([-tangent[:, 1], tangent[:, 0]], axis=1) * np.maximum(half, 0.28)[:, None]
        self.fill(np.vstack([line + normal, (line - normal)[::-1]]), colour, alpha)

    def rectangle(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, alpha: float = 1.0) -> None:
        self.fill(points([(x0, y0), (x1, y0), (x1, y1), (x0, y1)]), colour, alpha)

    def gradient(
        self, x0: float, y0: float, x1: float, y1: float, stops: Sequence[tuple[float, Colour]], alpha: float = 1.0
    ) -> None:
        """A rectangle filled from top to bottom through `stops` (place from 0 to 1, colour)."""
        left, top, right, bottom = (
            round(value) for value in (np.array([x0, y0, x1, y1]) * self.scale - np.tile(self._offset, 2)).tolist()
        )
        if right <= left or bottom <= top:
            return
        inks = np.array([self._ink(colour, 1)[:3] for _, colour in stops], dtype=np.float64)
        where = (np.arange(bottom - top) + 0.5) / (bottom - top)
        rows = np.stack([np.interp(where, [place for place, _ in stops], inks[:, band]) for band in range(3)], axis=1)
        column = Image.fromarray(np.round(rows).astype(np.uint8)[:, None, :])
        sheet = column.resize((right - left, bottom - top), Image.Resampling.NEAREST)
        mask = Image.new("L", sheet.size, round(255 * alpha)) if alpha < 1 else None
        self.image.paste(sheet, (left, top), mask)

    def fade(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, top: float, bottom: float) -> None:
        """A veil of one colour over a rectangle, its alpha running from `top` to `bottom`."""
        box = np.round(np.array([x0, y0, x1, y1]) * self.scale - np.tile(self._offset, 2)).astype(int)
        left, upper, right, lower = (int(value) for value in box)
        if right <= left or lower <= upper:
            return
        ramp = np.linspace(top * 255, bottom * 255, lower - upper).astype(np.uint8)[:, None]
        mask = Image.fromarray(ramp).resize((right - left, lower - upper), Image.Resampling.NEAREST)
        self.image.paste(self._ink(colour, 1)[:3], (left, upper, right, lower), mask)

    def glow(self, x: float, y: float, radius: float, colour: Colour, strength: float = 1.0) -> None:
        """Light that falls off to nothing at `radius`, added by screening; not toned, since it shines itself."""
        size = max(2, round(radius * 2 * self.scale))
        left, top = (np.array([x - radius, y - radius]) * self.scale - self._offset).round().astype(int).tolist()
        box = (max(0, left), max(0, top), min(self.image.width, left + size), min(self.image.height, top + size))
        if box[2] <= box[0] or box[3] <= box[1]:
            return
        spot = _glow_mask().resize((size, size), Image.Resampling.BILINEAR)
        spot = spot.crop((box[0] - left, box[1] - top, box[2] - left, box[3] - top))
        light = Image.merge(
            "RGB", [spot.point([round(v * band / 255 * strength) for v in range(256)]) for band in colour]
        )
        self.image.paste(ImageChops.screen(self.image.crop(box), light), box[:2])


_GLOW_SIZE = 128
_glow: list[Image.Image] = []


def _glow_mask() -> Image.Image:
    if not _glow:
        axis = np.linspace(-1, 1, _GLOW_SIZE)
        distance = np.sqrt(axis[None, :] ** 2 + axis[:, None] ** 2)
        _glow.append(Image.fromarray((np.clip(1 - distance, 0, 1) ** 2 * 255).astype(np.uint8)))
    return _glow[0]
