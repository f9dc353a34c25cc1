"""Draws an animal's head, tail and belly on a figure that stands upright like a person.

Head unit: its height from chin (y = 0.5) to crown (y = -0.5), as for people's; it looks to +x where turn > 0.
"""

import numpy as np

from media.drawing.animals.beasts import BEASTS, Beast
from media.drawing.canvas import Points, bezier, limb, oval, points, smooth
from media.drawing.colour import WHITE, Colour, darker, lighter, mix
from media.drawing.pen import Pen
from media.drawing.people.face import Expression
from media.drawing.people.look import Look

_INK: Colour = (40, 32, 40)


def beast_for(look: Look) -> Beast:
    return BEASTS[look.species or "WOLF"]


def draw_beast_head(pen: Pen, look: Look, expression: Expression, turn: float) -> None:
    beast = beast_for(look)
    if beast.mane is not None and look.species == "LION":
        _mane(pen, beast.mane)
    for side in (-1, 1):
        _ear(pen, beast, side, turn)
    skull = _skull(beast, turn)
    shapes = [skull]
    if beast.tufts:
        for side in (-1, 1):
            shapes += [
                points([(side * 0.36, 0.02), (side * 0.62, 0.2), (side * 0.4, 0.24)]),
                points([(side * 0.34, 0.14), (side * 0.54, 0.38), (side * 0.28, 0.36)]),
            ]
    pen.group(shapes, beast.fur, depth=0.06)
    with pen.canvas.clipped(pen.placed(skull)):
        _markings(pen, beast, turn)
    if beast.horns:
        for side in (-1, 1):
            pen.body(limb([(side * 0.26, -0.4), (side * 0.44, -0.54), (side * 0.42, -0.7)], [0.12, 0.09, 0.03]),
                     (226, 214, 186), depth=0.02)  # fmt: skip
    _eyes(pen, beast, expression, turn)
    if beast.beak is not None:
        _beak(pen, beast.beak, expression, turn, comb=look.species == "HEN")
    else:
        _muzzle(pen, beast, expression, turn)


def _skull(beast: Beast, turn: float) -> Points:
    wide = 0.48 if beast.beak is None else 0.44
    half = [
        (0.0, -0.46),
        (wide * 0.6, -0.41),
        (wide * 0.95, -0.18),
        (wide, 0.06),
        (wide * 0.84, 0.28),
        (wide * 0.46, 0.44),
    ]
    outline = [*half, (0.0, 0.48), *[(-x, y) for x, y in reversed(half[1:])]]
    shape = smooth(points(outline), 6)
    shape[:, 0] += turn * 0.05 * np.clip(shape[:, 1] + 0.3, 0, 1)
    return shape


def _mane(pen: Pen, colour: Colour) -> None:
    angles = np.linspace(0, 2 * np.pi, 28, endpoint=False)
    reach = np.where(np.arange(28) % 2 == 0, 0.78, 0.66)
    pen.body(np.stack([np.cos(angles) * reach, np.sin(angles) * reach * 0.98], axis=1), colour, depth=0.08)


def _ear(pen: Pen, beast: Beast, side: int, turn: float) -> None:
    x = side * 0.3 - turn * 0.05
    inner = mix(beast.pale, (214, 140, 140), 0.45)
    if beast.ears == "POINTED":
        ear = smooth(
            [
                (x - 0.17, -0.24),
                (x - side * 0.02 - 0.12, -0.56),
                (x + side * 0.12, -0.86),
                (x + 0.16, -0.5),
                (x + 0.19, -0.2),
            ],
            3,
        )
        pen.body(ear, beast.fur, depth=0.04)
        pen.fill((ear - [x, -0.3]) * [0.55, 0.66] + [x + side * 0.02, -0.36], inner)
        tip = points([(x + side * 0.02, -0.7), (x + side * 0.12, -0.86), (x + side * 0.15, -0.66)])
        pen.fill(tip, beast.dark)
    elif beast.ears == "ROUND":
        pen.body(oval(side * 0.38 - turn * 0.05, -0.4, 0.17, 0.17), beast.fur, depth=0.03)
        pen.fill(oval(side * 0.38 - turn * 0.05, -0.38, 0.1, 0.1), inner)
    elif beast.ears == "LONG":
        ear = limb([(side * 0.18, -0.3), (side * 0.24, -0.72), (side * 0.2, -1.12)], [0.18, 0.25, 0.1])
        pen.body(ear, beast.fur, depth=0.03)
        pen.fill(limb([(side * 0.19, -0.4), (side * 0.24, -0.72), (side * 0.21, -1.02)], [0.08, 0.13, 0.04]), inner)
    elif beast.ears == "FLOPPY":
        pen.body(
            limb([(side * 0.32, -0.34), (side * 0.56, -0.2), (side * 0.58, 0.12)], [0.16, 0.26, 0.16]),
            beast.dark,
            depth=0.04,
        )
    elif beast.ears == "SMALL":
        pen.body(points([(x - 0.14, -0.32), (x + side * 0.1, -0.66), (x + 0.14, -0.3)]), beast.fur, depth=0.03)


def _markings(pen: Pen, beast: Beast, turn: float) -> None:
    middle = turn * 0.14
    if beast.beak is None and beast.ears != "NONE":
        for side in (-1, 1):
            pen.fill(oval(middle + side * 0.2, 0.26, 0.26, 0.2, side * -0.3), beast.pale)
        pen.fill(oval(middle, 0.44, 0.24, 0.14), beast.pale)
    if beast.tufts:
        pen.fill(
            points([(middle - 0.08, -0.5), (middle + 0.08, -0.5), (middle + 0.05, -0.06), (middle - 0.05, -0.06)]),
            mix(beast.fur, beast.dark, 0.6),
        )
    if beast.stripes:
        for x in (-0.14, 0.0, 0.14):
            pen.fill(
                points([(middle + x - 0.035, -0.5), (middle + x + 0.035, -0.5), (middle + x * 0.8, -0.24)]), beast.dark
            )
        for side in (-1, 1):
            for y in (0.02, 0.14):
                pen.fill(points([(side * 0.5, y - 0.03), (side * 0.5, y + 0.04), (side * 0.3, y + 0.03)]), beast.dark)
    if beast.mane is not None and beast.ears == "SMALL":
        pen.fill(points([(-0.16, -0.5), (0.16, -0.5), (0.1, -0.22), (0.0, -0.1), (-0.1, -0.24)]), beast.mane)


def _eyes(pen: Pen, beast: Beast, expression: Expression, turn: float) -> None:
    big = beast.muzzle < 0.35
    for side in (-1, 1):
        squeeze = 1 - (0.25 * turn if side > 0 else 0.0)
        eye = pen.at(turn * 0.16 + side * 0.21 * squeeze, -0.06)
        wide, tall = 0.1 * squeeze, (0.12 if big else 0.095)
        if expression.lids < 0.1:
            bend = -0.07 if expression.merry else 0.05
            eye.stroke(bezier((-wide, 0.01), (0, 0.01 + bend), (wide, 0.01), 10), 0.03, _INK)
            continue
        slant = side * 0.03 * (1 if beast.fangs or beast.tufts else 0)
        white = smooth([(-wide, slant), (0, -tall * min(1.1, expression.lids)), (wide, -slant), (0, tall * 0.7)], 6)
        eye.fill(white, mix(WHITE, beast.eyes, 0.25))
        with eye.canvas.clipped(eye.placed(white)):
            eye.fill(oval(turn * 0.02, 0, wide * 0.66, tall * 0.86), beast.eyes)
            eye.fill(oval(turn * 0.02, 0, wide * (0.26 if beast.fangs else 0.4), tall * 0.6), _INK)
            eye.fill(oval(-0.025, -tall * 0.4, 0.024, 0.026), WHITE)
        eye.stroke(white[:13], 0.03, _INK, taper=(0.4, 0.6))
        brow = expression.brow * 0.05 + (-0.03 if beast.fangs else 0.0)
        y = -tall - 0.07 - expression.lift
        eye.stroke(bezier((-side * wide, y - brow), (0, y - 0.02), (side * wide * 1.2, y + brow), 8), 0.035, beast.dark)


def _muzzle(pen: Pen, beast: Beast, expression: Expression, turn: float) -> None:
    start = turn * 0.14
    tip = start + beast.muzzle * (0.12 + 0.75 * turn)
    wide = 0.2 + 0.1 * beast.muzzle if beast.muzzle > 0.12 else 0.17
    low = 0.3 + 0.04 * beast.muzzle
    opening = 0.16 * max(0.0, expression.mouth - 0.1) / 0.5
    if opening > 0.02:
        jaw = smooth(
            [
                (start - wide * 0.6, low),
                (tip * 0.6 + start * 0.4, low + 0.06),
                (tip, low),
                (tip - 0.04, low + opening),
                (start, low + opening * 1.25),
                (start - wide * 0.55, low + opening * 0.7),
            ],
            4,
        )
        pen.body(jaw, (126, 38, 48), depth=0.0)
        pen.fill(oval((start + tip) / 2, low + opening * 0.85, wide * 0.45, opening * 0.35), (222, 112, 116))
    shape = smooth(
        [
            (start - wide, 0.2),
            (start - wide * 0.5, 0.06),
            (start * 0.6 + tip * 0.4, 0.04),
            (tip + 0.03, 0.1),
            (tip + 0.1, 0.2),
            (tip + 0.02, low),
            (start + wide * 0.2, low + 0.05),
            (start - wide * 0.85, low + 0.02),
        ],
        5,
    )
    pen.body(shape, beast.pale if not beast.snout else beast.fur, depth=0.03)
    if beast.muzzle > 0.4:
        bridge = smooth(
            [
                (start - 0.09, 0.04),
                (start * 0.6 + tip * 0.4, 0.02),
                (tip + 0.02, 0.09),
                (tip - 0.02, 0.15),
                (start, 0.13),
            ],
            4,
        )
        pen.fill(bridge, mix(beast.fur, beast.pale, 0.25))
    if beast.fangs and opening > 0.02:
        for share in (0.25, 0.6, 0.92):
            x = start - wide * 0.4 + (tip - start + wide * 0.4) * share
            pen.fill(points([(x - 0.03, low), (x + 0.03, low), (x, low + 0.09)]), (250, 248, 240))
    if beast.snout:
        pen.body(oval(tip + 0.02, 0.2, 0.15, 0.12), lighter(beast.pale, 0.1), depth=0.02)
        for dx in (-0.04, 0.07):
            pen.fill(oval(tip + dx, 0.2, 0.022, 0.036), beast.dark)
    elif beast.ears != "NONE":
        small = 0.09 if beast.muzzle > 0.35 else 0.055
        pen.body(
            oval(tip + 0.05, 0.11, small, small * 0.78), _INK if beast.muzzle > 0.15 else (206, 120, 128), depth=0.0
        )
        pen.fill(oval(tip + 0.03, 0.08, small * 0.3, small * 0.2), (150, 150, 160))
    if opening <= 0.02:
        smile = 0.03 * expression.smile
        mouth = bezier((tip + 0.05, 0.2), ((tip + start) / 2, low + 0.02), (start - wide * 0.5, low - 0.02 - smile), 10)
        pen.stroke(mouth, 0.02, beast.dark)
    if beast.whiskers and pen.unit > 30:
        for side in (-1, 1):
            for y in (0.18, 0.24, 0.3):
                x = start + side * 0.16
                pen.stroke(
                    bezier((x, 0.22), (x + side * 0.16, y), (x + side * 0.34, y + (y - 0.24))), 0.008, (246, 244, 240)
                )


def _beak(pen: Pen, colour: Colour, expression: Expression, turn: float, *, comb: bool) -> None:
    x = turn * 0.2
    tip = x + 0.1 + 0.5 * turn
    gape = 0.12 * max(0.0, expression.mouth - 0.1)
    pen.body(
        smooth([(x - 0.14, 0.14 + gape), (tip - 0.06, 0.24 + gape * 2), (x, 0.3 + gape * 2)], 4),
        darker(colour, 0.2),
        depth=0.0,
    )
    pen.body(smooth([(x - 0.16, 0.12), (x, 0.0), (tip, 0.2), (x - 0.02, 0.2)], 4), colour, depth=0.02)
    if comb:
        for dx, y in ((-0.12, -0.48), (0.02, -0.54), (0.15, -0.48)):
            pen.body(oval(dx + turn * 0.05, y, 0.1, 0.13), (204, 52, 50), depth=0.02)
        pen.body(oval(x, 0.4, 0.07, 0.11), (204, 52, 50), depth=0.02)


def draw_beast_from_behind(pen: Pen, look: Look) -> None:
    """The head of an animal that looks away from us."""
    beast = beast_for(look)
    if beast.mane is not None and look.species == "LION":
        _mane(pen, beast.mane)
    for side in (-1, 1):
        _ear(pen, beast, side, 0.0)
    pen.body(smooth([(-0.22, 0.3), (0.22, 0.3), (0.3, 0.8), (-0.3, 0.8)]), beast.fur, depth=0.06)
    pen.body(_skull(beast, 0.0), mix(beast.fur, beast.dark, 0.3), depth=0.1)
    for x in (-0.2, 0.0, 0.2):
        pen.stroke(bezier((x * 0.6, -0.36), (x, -0.1), (x, 0.2)), 0.02, beast.dark, 0.6)


def draw_tail(pen: Pen, look: Look, hip: tuple[float, float], sway: float) -> None:
    """Behind the legs, on the side that the figure looks away from. Figure unit, as in figure.py."""
    beast = beast_for(look)
    x, y = hip[0] - 0.04, hip[1] - 0.01
    if beast.tail == "BUSHY":
        spine = [(x, y), (x - 0.13, y + 0.1), (x - 0.2 + sway * 0.1, y - 0.02), (x - 0.25 + sway * 0.2, y - 0.16)]
        pen.body(limb(spine, [0.05, 0.13, 0.12, 0.02]), beast.fur, depth=0.02)
        pen.body(limb(spine[2:], [0.09, 0.02]), beast.pale if look.species == "FOX" else beast.dark, depth=0.01)
    elif beast.tail == "THIN":
        spine = [(x, y), (x - 0.12, y + 0.14), (x - 0.2, y + 0.06), (x - 0.22, y - 0.08)]
        pen.body(limb(spine, [0.035, 0.03, 0.026, 0.022]), beast.fur, depth=0.008)
        if look.species in ("LION", "HORSE", "COW"):
            pen.body(oval(x - 0.22, y - 0.09, 0.03, 0.05), beast.dark, depth=0.008)
    elif beast.tail == "PUFF":
        pen.body(oval(x - 0.06, y, 0.05, 0.05), beast.pale, depth=0.01)
    elif beast.tail == "FEATHERS":
        for bend in (0.02, 0.08, 0.14):
            pen.body(
                limb([(x, y), (x - 0.1, y + bend), (x - 0.2, y + bend * 1.4)], [0.06, 0.06, 0.02]),
                beast.dark,
                depth=0.01,
            )


def draw_belly(pen: Pen, look: Look, trunk: Points) -> None:
    """The pale fur down the front of the trunk, and a few tufts on its chest. `trunk`: its outline in figure unit."""
    beast = beast_for(look)
    middle = (trunk.min(axis=0) + trunk.max(axis=0)) / 2
    size = trunk.max(axis=0) - trunk.min(axis=0)
    with pen.canvas.clipped(pen.placed(trunk)):
        pen.fill(
            oval(middle[0] + size[0] * 0.06, middle[1] + size[1] * 0.04, size[0] * 0.27, size[1] * 0.56), beast.pale
        )
    if beast.tufts:
        x, y = middle[0] + size[0] * 0.06, middle[1] - size[1] * 0.3
        for step in (-1, 0, 1):
            pen.stroke([(x + step * 0.02 - 0.01, y), (x + step * 0.02, y + 0.03)], 0.006, darker(beast.pale, 0.3))
