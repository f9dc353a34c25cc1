"""Pens for a shot: line width by the size of the object, and colours in the order's style."""

from dataclasses import dataclass

from media.drawing.canvas import Canvas
from media.drawing.light import Light
from media.drawing.pen import Pen

_LINES = {"INK": (30, 30, 36), "NOIR": (10, 10, 14), "NEON": (18, 6, 44), "VIVID": (26, 16, 26)}
# The size in pixels for whose lines large things in front are drawn.
_LARGE = 900


@dataclass(frozen=True)
class Ink:
    """The canvas of a shot and the light that its colours pass through."""

    canvas: Canvas
    light: Light

    def pen(self, x: float, y: float, size: float, *, mirror: bool = False, angle: float = 0.0) -> Pen:
        """A pen at (x, y) for something of that size in pixels."""
        return self._pen(x, y, size, self._width(size), mirror=mirror, angle=angle)

    def large_pen(self, x: float, y: float, size: float, *, mirror: bool = False, angle: float = 0.0) -> Pen:
        """A pen with the line width of large things, for any size."""
        return self._pen(x, y, size, self._width(_LARGE), mirror=mirror, angle=angle)

    def _pen(self, x: float, y: float, size: float, line: float, *, mirror: bool, angle: float) -> Pen:
        colour = _LINES.get(self.light.style or "")
        return Pen(self.canvas, x, y, size, angle, mirror, line=line, line_colour=colour)

    def _width(self, size: float) -> float:
        base = min(2.3, max(0.75, size / 460)) * min(self.canvas.width, self.canvas.height) / 720
        return base * (1.5 if self.light.style in ("INK", "NOIR") else 1.0)
