"""A pen in a figure's own coordinates: moved, turned, scaled and mirrored onto the canvas."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from media.drawing.canvas import Canvas, Points
from media.drawing.colour import Colour, darker, mix

LINE_TINT: Colour = (44, 30, 44)


@dataclass(frozen=True)
class Pen:
    """Local (0, 0) lies at (x, y) of the canvas; one local unit is `unit` pixels; angle in radians, clockwise."""

    canvas: Canvas
    x: float
    y: float
    unit: float
    angle: float = 0.0
    mirror: bool = False
    line: float = 1.6  # width of the outline in pixels
    line_colour: Colour | None = None
    shade_to: float = 1.0  # +1: shadows lie on the right of the canvas

    def at(self, x: float, y: float, *, unit: float = 1.0, angle: float = 0.0) -> "Pen":
        """A pen whose origin is the local point (x, y)."""
        (place,) = self.placed([(x, y)])
        turned = -angle if self.mirror else angle
        return replace(self, x=float(place[0]), y=float(place[1]), unit=self.unit * unit, angle=self.angle + turned)

    def placed(self, shape: Points | Sequence[tuple[float, float]]) -> Points:
        local = np.asarray(shape, dtype=np.float64) * self.unit
        if self.mirror:
            local = local * [-1.0, 1.0]
        cos, sin = np.cos(self.angle), np.sin(self.angle)
        turned: Points = local @ np.array([[cos, sin], [-sin, cos]]) + [self.x, self.y]
        return turned

    def line_for(self, colour: Colour) -> Colour:
        """Lines are a dark tint of what they surround."""
        return self.line_colour or mix(darker(colour, 0.62), LINE_TINT, 0.55)

    def fill(self, shape: Points | Sequence[tuple[float, float]], colour: Colour, alpha: float = 1.0) -> None:
        self.canvas.fill(self.placed(shape), colour, alpha)

    def body(
        self,
        shape: Points | Sequence[tuple[float, float]],
        colour: Colour,
        *,
        shade: Colour | None = None,
        depth: float = 0.08,
        outlined: bool = True,
    ) -> None:
        """An outlined shape in two tones; depth: how broad the shade is, in local units."""
        placed = self.placed(shape)
        if outlined and self.line > 0:
            self.canvas.outline(placed, self.line_for(colour), self.line)
        shift = (-depth * self.unit * self.shade_to, -depth * 0.55 * self.unit)
        if depth * self.unit < 1.2:
            self.canvas.fill(placed, colour)
        else:
            self.canvas.cel(placed, colour, shade or darker(colour, 0.2), shift)

    def group(self, shapes: Sequence[Points], colour: Colour, *, depth: float = 0.03) -> None:
        """Several shapes of one piece of cloth: one common outline, no lines where they overlap."""
        placed = [self.placed(shape) for shape in shapes]
        for shape in placed:
            self.canvas.outline(shape, self.line_for(colour), self.line)
        for shape in placed:
            if depth * self.unit < 1.2:
                self.canvas.fill(shape, colour)
            else:
                shift = (-depth * self.unit * self.shade_to, 0.0)
                self.canvas.cel(shape, colour, darker(colour, 0.2), shift)

    def stroke(
        self,
        line: Points | Sequence[tuple[float, float]],
        width: float,
        colour: Colour,
        alpha: float = 1.0,
        *,
        taper: tuple[float, float] = (0.25, 0.25),
    ) -> None:
        """Width in local units, but never thinner than half the pen's line."""
        self.canvas.stroke(self.placed(line), max(width * self.unit, self.line * 0.5), colour, alpha, taper=taper)
