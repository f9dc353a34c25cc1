"""The front of a trunk: collar, opening, buttons, belt, which tell one kind of clothes from another."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from media.drawing.canvas import bezier, oval, points, smooth
from media.drawing.colour import Colour, darker, lighter, mix
from media.drawing.pen import Pen
from media.drawing.people.bones import Bones, Joint
from media.drawing.people.look import Look

_BRASS: Colour = (226, 190, 96)
_LINEN: Colour = (240, 238, 232)
_LEATHER: Colour = (54, 40, 36)
_BLUSH: Colour = (206, 120, 118)


@dataclass(frozen=True)
class Front:
    """Where clothes are drawn: half widths of shoulder and waist in figure units."""

    look: Look
    bones: Bones
    shoulder: float
    waist: float

    @property
    def centre(self) -> float:
        """The middle of somebody turned a little: where buttons are."""
        return self.shoulder * 0.08

    @property
    def neck(self) -> float:
        return self.shoulder * 0.36

    def at(self, across: float, along: float) -> Joint:
        """A point of the trunk, as Bones.trunk has it."""
        return self.bones.trunk(across, along)

    def seam(self, pen: Pen, *along: tuple[float, float], width: float = 0.006) -> None:
        pen.stroke([self.at(a, b) for a, b in along], width, pen.line_for(self.look.top), taper=(1, 1))

    def dots(self, pen: Pen, places: list[tuple[float, float]], colour: Colour, size: float = 0.0085) -> None:
        for across, along in places:
            x, y = self.at(across, along)
            pen.body(oval(x, y, size, size, steps=12), colour, depth=0.0)

    def band(self, reach: float, top: float, bottom: float) -> list[Joint]:
        """A strip around the trunk, `reach` waists wide to either side."""
        half = self.waist * reach
        return [self.at(-half, top), self.at(half, top), self.at(half, bottom), self.at(-half, bottom)]


def draw_front(pen: Pen, front: Front) -> None:
    """Draws what the outfit has in front; a plain shirt where it has nothing of its own."""
    outfit = front.look.outfit
    if outfit == "SCHOOL" and not front.look.is_female:
        outfit = "SHIRT"
    FRONTS.get(outfit, _shirt)(pen, front)


def _suit(pen: Pen, front: Front) -> None:
    centre, low = front.centre, 0.46
    _opening(pen, front, low, _LINEN)
    tie = [(-0.012, 0.98), (0.014, 0.98), (0.018, 0.62), (0.0, 0.54), (-0.016, 0.62)]
    pen.body([front.at(centre + across, along) for across, along in tie], front.look.trim, depth=0.006)
    _lapels(pen, front, low)
    front.seam(pen, (centre, low), (centre, -0.5))
    front.dots(pen, [(centre, 0.34), (centre, 0.18)], darker(front.look.top, 0.45))


def _coat(pen: Pen, front: Front) -> None:
    look, centre, low = front.look, front.centre, 0.6
    _opening(pen, front, low, mix(look.trim, (240, 236, 228), 0.45))
    _lapels(pen, front, low)
    front.seam(pen, (centre, low), (centre, -0.5))
    buttons = [(centre + aside, along) for along in (0.46, 0.26, 0.06) for aside in (-0.028, 0.032)]
    front.dots(pen, buttons, darker(look.top, 0.45))
    if look.is_female:
        pen.body(points(front.band(1.3, 0.24, 0.15)), darker(look.top, 0.28), depth=0.0)


def _opening(pen: Pen, front: Front, low: float, inner: Colour) -> None:
    """What shows between the lapels, down to `low`."""
    pen.fill([front.at(-front.neck, 1.05), front.at(front.neck * 1.1, 1.05), front.at(front.centre, low)], inner)


def _lapels(pen: Pen, front: Front, low: float) -> None:
    centre, neck = front.centre, front.neck
    for side in (-1, 1):
        lapel = [
            front.at(side * neck * 1.05, 1.06),
            front.at(side * neck * 1.9, 0.86),
            front.at(side * neck * 1.3 + centre, 0.8),
            front.at(centre, low),
            front.at(side * neck * 0.8, 1.0),
        ]
        pen.body(points(lapel), darker(front.look.top, 0.08), depth=0.0)


def _gown(pen: Pen, front: Front) -> None:
    look, t = front.look, front.at
    centre, neck, shoulder, waist = front.centre, front.neck, front.shoulder, front.waist
    pen.fill([t(-neck, 1.06), t(neck, 1.06), t(centre * 0.5, 0.88)], (240, 236, 226))
    pen.stroke([t(-neck * 0.9, 1.06), t(centre, 0.85), t(shoulder * 0.95, 0.6)], 0.016, look.trim, taper=(1, 1))
    pen.stroke([t(neck * 1.0, 1.06), t(centre, 0.86)], 0.014, look.trim, taper=(1, 1))
    front.seam(pen, (shoulder * 0.9, 0.6), (waist * 0.95, -0.1))
    front.dots(pen, [(centre, 0.85), (shoulder * 0.55, 0.7)], look.trim, 0.008)
    if look.hair_style == "TOPKNOT" or look.is_female:
        pen.body(points(front.band(1.4, 0.36, 0.22)), look.trim, depth=0.0)


def _uniform(pen: Pen, front: Front) -> None:
    look, t = front.look, front.at
    centre, neck, shoulder = front.centre, front.neck, front.shoulder
    collar = [t(-neck * 1.1, 1.06), t(neck * 1.2, 1.06), t(neck * 1.1, 0.94), t(-neck, 0.94)]
    pen.fill(collar, darker(look.top, 0.25))
    front.seam(pen, (centre, 0.96), (centre, -0.2))
    front.dots(pen, [(centre, along) for along in (0.85, 0.68, 0.51, 0.1)], _BRASS)
    pen.fill(front.band(1.5, 0.36, 0.25), _LEATHER)
    buckle = [t(centre - 0.018, 0.37), t(centre + 0.02, 0.37), t(centre + 0.02, 0.24), t(centre - 0.018, 0.24)]
    pen.body(points(buckle), _BRASS, depth=0.0)
    for side in (-1, 1):
        strap = [t(side * shoulder * 0.5, 0.985), t(side * shoulder * 0.92, 0.93)]
        pen.stroke(strap, 0.02, darker(look.top, 0.35), taper=(1, 1))
        front.seam(pen, (side * shoulder * 0.25, 0.62), (side * shoulder * 0.75, 0.62))


def _jacket(pen: Pen, front: Front) -> None:
    look, t = front.look, front.at
    centre, neck = front.centre, front.neck
    pen.fill([t(-neck, 1.06), t(neck * 1.1, 1.06), t(centre, 0.84)], mix(look.skin, _BLUSH, 0.2))
    for side in (-1, 1):
        pen.stroke([t(side * neck, 1.06), t(centre, 0.83)], 0.014, look.trim, taper=(1, 1))
    front.seam(pen, (centre, 0.83), (centre, -0.3))
    for along in (0.74, 0.56, 0.38):
        knot = [t(centre - 0.02, along), t(centre + 0.02, along)]
        pen.stroke(knot, 0.007, darker(look.top, 0.5), taper=(1, 1))
    pen.fill(front.band(1.5, 0.22, 0.12), look.trim)


def _sailor_collar(pen: Pen, front: Front) -> None:
    t, centre, neck, shoulder = front.at, front.centre, front.neck, front.shoulder
    for side in (-1, 1):
        wing = [
            t(side * neck, 1.06),
            t(side * shoulder * 0.95, 0.93),
            t(side * shoulder * 0.7, 0.76),
            t(centre, 0.66),
        ]
        pen.body(points(wing), (240, 240, 244), depth=0.0)
    bow = [t(centre, 0.68), t(centre - 0.035, 0.52), t(centre, 0.58), t(centre + 0.035, 0.52)]
    pen.body(smooth(bow), (198, 56, 64), depth=0.0)


def _dress(pen: Pen, front: Front) -> None:
    look, t = front.look, front.at
    centre, neck = front.centre, front.neck
    neckline = [t(-neck * 1.2, 1.06), t(neck * 1.3, 1.06), t(neck * 0.6, 0.86), t(-neck * 0.5, 0.86)]
    pen.fill(smooth(neckline), mix(look.skin, _BLUSH, 0.12))
    for side in (-1, 1):
        collar = [
            t(side * neck * 0.9, 1.03),
            t(side * neck * 1.9, 0.93),
            t(side * neck * 0.6 + centre, 0.8),
            t(centre, 0.85),
        ]
        pen.body(smooth(collar), lighter(look.trim, 0.5), depth=0.0)
    pen.fill(front.band(1.6, 0.36, 0.24), look.trim)


def _armour(pen: Pen, front: Front) -> None:
    t, shoulder = front.at, front.shoulder
    for along in (0.7, 0.45, 0.2):
        plate = np.vstack([bezier(t(-shoulder, along), t(0, along - 0.1), t(shoulder, along), 8)])
        pen.stroke(plate, 0.007, pen.line_for(front.look.top), taper=(1, 1))
    front.seam(pen, (front.centre, 1.0), (front.centre, 0.1))


def _shirt(pen: Pen, front: Front) -> None:
    t, centre, neck = front.at, front.centre, front.neck
    for side in (-1, 1):
        collar = [t(side * neck, 1.06), t(side * neck * 1.35, 0.9), t(centre, 0.86), t(side * neck * 0.3, 0.98)]
        pen.body(points(collar), lighter(front.look.top, 0.35), depth=0.0)
    front.seam(pen, (centre, 0.86), (centre, -0.3))
    front.dots(pen, [(centre, along) for along in (0.72, 0.54, 0.36, 0.18)], lighter(front.look.top, 0.55), 0.006)


FRONTS: dict[str, Callable[[Pen, Front], None]] = {
    "SUIT": _suit,
    "COAT": _coat,
    "GOWN": _gown,
    "UNIFORM": _uniform,
    "JACKET": _jacket,
    "SCHOOL": _sailor_collar,
    "DRESS": _dress,
    "ARMOUR": _armour,
    "SHIRT": _shirt,
}
