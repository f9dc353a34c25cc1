"""Hats, caps and bonnets on a head seen from the front: one drawing for each kind, found in a table."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from media.drawing.canvas import bezier, oval, smooth
from media.drawing.colour import Colour, darker, lighter
from media.drawing.pen import Pen
from media.drawing.people.look import Look


@dataclass(frozen=True)
class WornHat:
    """colour: of the hat; trim: of the clothes; turn: of the head, 0 (to us) to 1."""

    colour: Colour
    trim: Colour
    turn: float

    @property
    def band(self) -> Colour:
        return darker(self.colour, 0.4)


def draw_hat(pen: Pen, look: Look, turn: float) -> None:
    """The hat that the look names, if any. Unit and origin of the pen are the head's."""
    draw = HATS.get(look.hat or "")
    if draw is not None:
        draw(pen, WornHat(look.hat_colour, look.trim, turn))


def _police_cap(pen: Pen, hat: WornHat) -> None:
    """A peaked cap with a badge."""
    pen.body(
        smooth([(-0.47, -0.3), (-0.56, -0.56), (-0.2, -0.74), (0.2, -0.74), (0.56, -0.56), (0.47, -0.3), (0, -0.26)]),
        hat.colour,
        depth=0.07,
    )
    pen.body(
        np.vstack(
            [
                bezier((-0.47, -0.24), (0, -0.16), (0.47, -0.24), 10),
                bezier((0.47, -0.37), (0, -0.3), (-0.47, -0.37), 10),
            ]
        ),
        hat.band,
        depth=0.0,
    )
    pen.body(
        np.vstack(
            [
                bezier((-0.4, -0.23), (hat.turn * 0.12, -0.155), (0.4, -0.23), 10),
                bezier((0.36, -0.17), (hat.turn * 0.16, -0.02), (-0.36, -0.17), 10),
            ]
        ),
        (38, 36, 46),
        depth=0.02,
    )
    pen.body(oval(hat.turn * 0.1, -0.45, 0.065, 0.075), (232, 196, 92), depth=0.02)


def _felt_cap(pen: Pen, hat: WornHat) -> None:
    """A round cap with a turned-up edge."""
    pen.body(
        smooth([(-0.5, -0.2), (-0.46, -0.5), (-0.2, -0.68), (0.2, -0.68), (0.46, -0.5), (0.5, -0.2), (0, -0.13)]),
        hat.colour,
        depth=0.07,
    )
    pen.body(
        np.vstack(
            [
                bezier((-0.51, -0.14), (0, -0.06), (0.51, -0.14), 12),
                bezier((0.51, -0.3), (0, -0.2), (-0.51, -0.3), 12),
            ]
        ),
        darker(hat.colour, 0.16),
        depth=0.03,
    )


def _nightcap(pen: Pen, hat: WornHat) -> None:
    """A puffed cap with a frill and a ribbon."""
    puff = [
        (-0.52, -0.2),
        (-0.6, -0.5),
        (-0.4, -0.74),
        (0, -0.8),
        (0.4, -0.74),
        (0.6, -0.5),
        (0.52, -0.2),
        (0, -0.16),
    ]
    pen.body(smooth(puff), hat.colour, depth=0.08)
    for step in range(9):
        x = -0.52 + step * 0.13
        pen.body(
            oval(x, -0.2 - 0.07 * (1 - (x / 0.52) ** 2) * -0.6, 0.09, 0.075, steps=14),
            lighter(hat.colour, 0.3),
            depth=0.0,
        )
    pen.stroke(bezier((-0.5, -0.3), (0, -0.24), (0.5, -0.3), 12), 0.03, (196, 120, 130), taper=(1, 1))


def _bonnet(pen: Pen, hat: WornHat) -> None:
    """A crown with a soft brim and a knob."""
    crown = [
        (-0.5, -0.16),
        (-0.56, -0.44),
        (-0.4, -0.68),
        (0, -0.79),
        (0.4, -0.68),
        (0.56, -0.44),
        (0.5, -0.16),
        (0, -0.26),
    ]
    pen.body(smooth(crown), hat.colour, depth=0.09)
    brim = np.vstack(
        [bezier((-0.54, -0.1), (0, -0.2), (0.54, -0.1), 12), bezier((0.56, -0.28), (0, -0.4), (-0.56, -0.28), 12)]
    )
    pen.body(brim, darker(hat.colour, 0.12), depth=0.03)
    pen.stroke(bezier((-0.34, -0.58), (-0.1, -0.72), (0.12, -0.7)), 0.035, lighter(hat.colour, 0.35), 0.8)
    pen.body(oval(hat.turn * -0.1, -0.8, 0.07, 0.06), lighter(hat.colour, 0.15), depth=0.02)


def _hunting_hat(pen: Pen, hat: WornHat) -> None:
    """A brimmed hat with a feather."""
    pen.body(oval(hat.turn * 0.04, -0.27, 0.66, 0.13), hat.colour, depth=0.03)
    pen.body(
        smooth([(-0.44, -0.3), (-0.34, -0.6), (-0.05, -0.74), (0.3, -0.62), (0.44, -0.3), (0, -0.24)]),
        hat.colour,
        depth=0.07,
    )
    pen.body(
        np.vstack(
            [bezier((-0.44, -0.3), (0, -0.22), (0.44, -0.3), 8), bezier((0.42, -0.4), (0, -0.32), (-0.42, -0.4), 8)]
        ),
        (92, 62, 44),
        depth=0.0,
    )
    pen.body(
        smooth([(0.34, -0.34), (0.42, -0.7), (0.62, -0.94), (0.56, -0.6), (0.42, -0.36)]), (206, 84, 60), depth=0.02
    )


def _straw_hat(pen: Pen, hat: WornHat) -> None:
    """A wide brim and a low crown, with a ribbon in the colour of the clothes."""
    pen.body(oval(hat.turn * 0.04, -0.27, 0.78, 0.17), (222, 190, 122), depth=0.05)
    pen.body(
        smooth([(-0.42, -0.31), (-0.3, -0.62), (0, -0.72), (0.3, -0.62), (0.42, -0.31), (0, -0.25)]),
        (230, 200, 134),
        depth=0.06,
    )
    pen.body(
        np.vstack(
            [bezier((-0.42, -0.31), (0, -0.22), (0.42, -0.31), 8), bezier((0.4, -0.4), (0, -0.32), (-0.4, -0.4), 8)]
        ),
        hat.trim,
        depth=0.0,
    )


def _hat(pen: Pen, hat: WornHat) -> None:
    """A town hat with a band."""
    pen.body(oval(hat.turn * 0.04, -0.29, 0.62, 0.11), hat.colour, depth=0.03)
    pen.body(
        smooth([(-0.42, -0.32), (-0.4, -0.66), (-0.1, -0.76), (0.3, -0.72), (0.42, -0.6), (0.42, -0.32), (0, -0.27)]),
        hat.colour,
        depth=0.07,
    )
    pen.body(
        np.vstack(
            [
                bezier((-0.42, -0.32), (0, -0.24), (0.42, -0.32), 8),
                bezier((0.41, -0.42), (0, -0.34), (-0.41, -0.42), 8),
            ]
        ),
        hat.band,
        depth=0.0,
    )


def _helmet(pen: Pen, hat: WornHat) -> None:
    """A steel helmet with a plume."""
    pen.body(
        smooth(
            [
                (-0.5, 0.1),
                (-0.52, -0.3),
                (-0.3, -0.62),
                (0, -0.68),
                (0.3, -0.62),
                (0.52, -0.3),
                (0.5, 0.1),
                (0.36, -0.12),
                (0, -0.2),
                (-0.36, -0.12),
            ]
        ),
        (160, 168, 182),
        depth=0.08,
    )
    pen.body(smooth([(-0.05, -0.64), (0, -0.86), (0.3, -0.8), (0.06, -0.62)]), (186, 52, 56), depth=0.03)


HATS: dict[str, Callable[[Pen, WornHat], None]] = {
    "POLICE_CAP": _police_cap,
    "FELT_CAP": _felt_cap,
    "NIGHTCAP": _nightcap,
    "BONNET": _bonnet,
    "HUNTING_HAT": _hunting_hat,
    "STRAW_HAT": _straw_hat,
    "HAT": _hat,
    "HELMET": _helmet,
}
