"""An anime face: skull and chin, ears, eyes, brows, nose and mouth, by age, gender and mood.

Unit: the head's height from chin (y = 0.5) to crown (y = -0.5); the face looks to +x where turn > 0.
"""

from dataclasses import dataclass

import numpy as np

from media.drawing.canvas import Points, bezier, oval, points, smooth
from media.drawing.colour import WHITE, Colour, darker, lighter, mix
from media.drawing.pen import Pen
from media.drawing.people.look import Look


@dataclass(frozen=True)
class Expression:
    """lids: 1 open, 0 closed; smile: -1 to 1; brow: + raised inwards, - drawn together; mouth: open share."""

    lids: float = 1.0
    smile: float = 0.1
    brow: float = 0.0
    lift: float = 0.0
    mouth: float = 0.0
    iris: float = 1.0
    tears: bool = False
    blush: float = 0.25
    merry: bool = False  # eyes closed upwards


EXPRESSIONS: dict[str, Expression] = {
    "CALM": Expression(),
    "HAPPY": Expression(smile=0.9, lift=0.03, mouth=0.35, blush=0.5),
    "SAD": Expression(lids=0.72, smile=-0.6, brow=0.8, lift=-0.01, blush=0.15),
    "ANGRY": Expression(lids=0.8, smile=-0.7, brow=-1.0, lift=-0.03, mouth=0.25, iris=0.88),
    "AFRAID": Expression(lids=1.08, smile=-0.5, brow=0.9, lift=0.04, mouth=0.5, iris=0.72, blush=0.0),
    "SURPRISED": Expression(lids=1.12, smile=0.0, brow=0.2, lift=0.07, mouth=0.55, iris=0.78),
    "LAUGH": Expression(lids=0.0, smile=1.0, lift=0.05, mouth=0.8, blush=0.6, merry=True),
    "CRY": Expression(lids=0.25, smile=-0.8, brow=1.0, mouth=0.35, tears=True, blush=0.5),
    "TALK": Expression(smile=0.1, mouth=0.5, lift=0.01),
    "THINK": Expression(lids=0.62, smile=-0.15, brow=0.25),
    "ASLEEP": Expression(lids=0.0, smile=-0.1, brow=0.3),
}


def expression_for(mood: str, action: str) -> Expression:
    if action in ("LAUGH", "CRY", "THINK"):
        return EXPRESSIONS[action]
    if action == "LIE":
        return EXPRESSIONS["SAD" if mood == "CALM" else mood]
    if action == "TALK" and mood in ("CALM", "SAD"):
        base = EXPRESSIONS[mood]
        return Expression(base.lids, base.smile * 0.6, base.brow, base.lift, 0.45, base.iris, False, base.blush)
    if action == "FIGHT":
        return EXPRESSIONS["ANGRY"]
    return EXPRESSIONS[mood]


def _half(look: Look) -> list[tuple[float, float]]:
    """The right half of the skull's outline, from the crown to the chin."""
    jaw = look.jaw * 0.012
    if look.age == "CHILD":
        return [(0, -0.5), (0.25, -0.465), (0.40, -0.3), (0.44, -0.05), (0.425, 0.16), (0.335, 0.35), (0.17, 0.465)]
    if look.is_female:
        side = [(0, -0.5), (0.25, -0.46), (0.385, -0.29), (0.41, -0.05), (0.385, 0.14), (0.285, 0.345), (0.12, 0.472)]
    else:
        side = [(0, -0.5), (0.25, -0.46), (0.38, -0.29), (0.40, -0.05), (0.385, 0.15), (0.315, 0.34), (0.15, 0.472)]
    if look.build > 1.12:
        return [(x * (1.05 if y > 0.1 else 1.0), y) for x, y in side]
    return [(x + (jaw if y > 0.1 else 0), y) for x, y in side]


def skull(look: Look, turn: float) -> Points:
    """The outline of the face; turned, the chin moves on and the far cheek draws in below the eye."""
    half = _half(look)
    outline = [*half, (0.0, 0.5), *[(-x, y) for x, y in reversed(half[1:])]]
    shape = smooth(points(outline), 7)
    lower = np.clip((shape[:, 1] - 0.05) / 0.45, 0, 1)
    shape[:, 0] += turn * 0.085 * lower
    is_far = shape[:, 0] * turn > 0
    shape[:, 0] *= np.where(is_far, 1 - 0.07 * abs(turn), 1 + 0.015 * abs(turn))
    dent = np.exp(-(((shape[:, 1] - 0.06) / 0.07) ** 2)) * 0.022 * abs(turn)
    shape[:, 0] -= np.where(is_far, np.sign(turn) * dent, 0.0)
    return shape


def draw_face(pen: Pen, look: Look, expression: Expression, turn: float) -> None:
    """Ears, skin and features; hair comes before (behind) and after (in front)."""
    skin, shade = look.skin, mix(look.skin, (206, 120, 118), 0.34)
    for side in (-1, 1):
        if side * turn > 0.35:
            continue
        x = side * (0.405 - 0.03 * side * turn) - turn * 0.03
        pen.body(oval(x, 0.08, 0.06, 0.105, side * 0.2, 18), skin, shade=shade, depth=0.02)
        pen.stroke(bezier((x + side * 0.02, 0.02), (x - side * 0.035, 0.05), (x, 0.13)), 0.012, shade)
        if "EARRINGS" in look.extras:
            pen.fill(oval(x, 0.2, 0.022, 0.03), (236, 208, 120))
    outline = skull(look, turn)
    pen.body(outline, skin, shade=shade, depth=0.045)
    if pen.unit < 14:
        _distant_features(pen, turn)
        return
    rosy = 1.0 if look.is_female or look.age in ("CHILD", "TEEN") else 0.3
    with pen.canvas.clipped(pen.placed(outline)):
        # The fringe's shadow on the forehead, and warm cheeks.
        pen.fill(
            smooth([(-0.5, -0.5), (0.5, -0.5), (0.46, -0.02), (0.2, -0.1), (0, -0.07), (-0.2, -0.1), (-0.46, -0.02)]),
            shade,
            0.6,
        )
        for side in (-1, 1):
            pen.fill(
                oval(side * 0.235 + turn * 0.12, 0.235, 0.085, 0.045),
                (236, 120, 116),
                (0.1 + 0.32 * expression.blush) * rosy,
            )
    _brows_and_eyes(pen, look, expression, turn)
    _nose_and_mouth(pen, look, expression, turn, shade)
    if look.age == "OLD":
        _wrinkles(pen, turn, darker(shade, 0.25))
    _marks(pen, look, turn)


def _distant_features(pen: Pen, turn: float) -> None:
    if pen.unit > 6:
        for side in (-1, 1):
            pen.fill(oval(side * 0.18 + turn * 0.12, 0.08, 0.05, 0.08), (48, 34, 44))


def _brows_and_eyes(pen: Pen, look: Look, expression: Expression, turn: float) -> None:
    size = (
        look.eye_size
        * {"CHILD": 1.16, "TEEN": 1.06, "OLD": 0.72}.get(look.age, 1.0)
        * (1.06 if look.is_female else 0.9)
    )
    brow_colour = darker(look.hair, 0.35) if sum(look.hair) < 500 else darker(look.hair, 0.25)
    for side in (-1, 1):
        is_far = side * turn > 0
        squeeze = 1 - 0.28 * abs(turn) if is_far else 1.0
        x = turn * 0.13 + side * 0.195 * (1 - (0.22 if is_far else 0.0) * abs(turn))
        eye = pen.at(x, 0.075)
        _eye(eye, look, expression, side, size, squeeze)
        inner, outer = -side * 0.085 * squeeze, side * 0.12 * squeeze
        y = -0.115 - 0.02 * size - expression.lift
        tilt = expression.brow * 0.045
        thick = 0.02 if look.is_female else 0.04
        if look.age == "OLD":
            thick *= 0.9
        arc = bezier((inner, y - tilt + 0.012), ((inner + outer) / 2, y - 0.035), (outer, y + tilt * 0.5 + 0.015), 10)
        eye.stroke(arc, thick, brow_colour, taper=(0.8, 0.2))


def _eye(pen: Pen, look: Look, expression: Expression, side: int, size: float, squeeze: float) -> None:
    width, height = 0.112 * size * squeeze, 0.112 * size
    if not look.is_female and look.age not in ("CHILD",):
        height *= 0.76
    lash = mix(darker(look.hair, 0.5), (30, 20, 30), 0.6)
    if expression.lids < 0.1:
        bend = -0.075 if expression.merry else 0.05
        line = bezier((-width * 1.1, 0.02), (0, 0.02 + bend), (width * 1.1, 0.02), 12)
        pen.stroke(line, 0.03, lash, taper=(0.4, 0.4))
        return
    top, low = -height * min(1.1, expression.lids), height * 0.86
    tilt = -0.012 * side
    # From the inner corner over the upper lid to the outer corner and back below.
    white = smooth(
        [
            (-side * width, 0.03),
            (-side * width * 0.62, top * 0.74),
            (0, top),
            (side * width * 0.66, top * 0.74 + tilt),
            (side * width * 1.02, 0.0 + tilt),
            (side * width * 0.72, low * 0.8),
            (0, low),
            (-side * width * 0.66, low * 0.78),
        ]
    )
    pen.fill(white, (250, 246, 246))
    iris_x, iris_y = 0.0, -0.004
    rx, ry = 0.07 * size * squeeze * expression.iris, 0.097 * size * expression.iris
    if not look.is_female and look.age != "CHILD":
        ry *= 0.9
    with pen.canvas.clipped(pen.placed(white)):
        pen.fill(oval(iris_x, iris_y, rx, ry), darker(look.eyes, 0.45))
        pen.fill(oval(iris_x, iris_y + ry * 0.1, rx * 0.84, ry * 0.84), look.eyes)
        pen.fill(oval(iris_x, iris_y + ry * 0.48, rx * 0.62, ry * 0.42), lighter(look.eyes, 0.42), 0.85)
        pen.fill(oval(iris_x, iris_y - ry * 0.02, rx * 0.4, ry * 0.42), darker(look.eyes, 0.72))
        pen.fill(
            points([(-0.2, top - 0.05), (0.2, top - 0.05), (0.2, top + height * 0.42), (-0.2, top + height * 0.42)]),
            (60, 50, 90),
            0.28,
        )
        pen.fill(oval(iris_x - rx * 0.34, iris_y - ry * 0.42, rx * 0.34, ry * 0.27), WHITE)
        pen.fill(oval(iris_x + rx * 0.36, iris_y + ry * 0.42, rx * 0.17, ry * 0.13), WHITE, 0.9)
        if expression.tears:
            pen.fill(oval(0, low, width, height * 0.36), (214, 236, 255), 0.75)
    lid = np.vstack(
        [
            bezier((-side * width * 1.02, 0.02), (-side * width * 0.6, top * 1.02), (0, top), 8),
            bezier((0, top), (side * width * 0.75, top * 0.98), (side * width * 1.14, 0.0 + tilt * 2), 9),
        ]
    )
    pen.stroke(lid, 0.036 if look.is_female else 0.028, lash, taper=(0.3, 0.85))
    if look.is_female and look.age != "OLD":
        pen.stroke([(side * width * 0.98, -0.02), (side * width * 1.3, -0.05 + tilt)], 0.022, lash, taper=(1, 0.1))
    under = bezier(
        (-side * width * 0.45, low * 0.96), (side * width * 0.2, low * 1.1), (side * width * 0.8, low * 0.66), 8
    )
    pen.stroke(under, 0.01, mix(lash, look.skin, 0.3))
    crease = bezier((-side * width * 0.8, top * 1.02), (0, top * 1.42), (side * width * 0.98, top * 0.82), 8)
    pen.stroke(crease, 0.009, darker(look.skin, 0.35), 0.8)
    if expression.tears:
        for drop in (0.16, 0.26):
            pen.fill(oval(side * 0.03, low + drop * 0.8, 0.022, 0.042), (196, 226, 255), 0.9)


def _nose_and_mouth(pen: Pen, look: Look, expression: Expression, turn: float, shade: Colour) -> None:
    x = turn * 0.17
    direction = 1 if turn >= 0 else -1
    line = darker(shade, 0.4)
    if look.is_female or look.age == "CHILD":
        pen.stroke([(x + 0.012 * direction, 0.222), (x + 0.03 * direction, 0.252), (x + 0.005, 0.258)], 0.012, line)
    else:
        pen.stroke(
            [(x, 0.13), (x + 0.035 * direction, 0.245), (x - 0.01 * direction, 0.258)], 0.013, line, taper=(0.1, 0.8)
        )
        pen.fill(points([(x, 0.14), (x + 0.035 * direction, 0.245), (x - 0.03 * direction, 0.255)]), shade, 0.45)
    y, wide = 0.352, (0.095 if look.is_female else 0.115) * (1 - 0.15 * abs(turn))
    bend = expression.smile * 0.04
    left, right = (x - wide, y - bend), (x + wide, y - bend)
    if expression.mouth > 0.1:
        wide *= 0.72 + 0.35 * max(0.0, expression.smile)
        depth = 0.035 + 0.11 * expression.mouth
        left, right = (x - wide, y - bend * 0.6), (x + wide, y - bend * 0.6)
        shape = np.vstack(
            [
                bezier(left, (x, y + bend * 0.4 - 0.012), right, 9),
                bezier(right, (x + wide * 0.4, y + depth * 1.5), (x, y + depth), 7),
                bezier((x, y + depth), (x - wide * 0.4, y + depth * 1.5), left, 7),
            ]
        )
        if expression.smile <= 0:
            shape = oval(x, y + depth * 0.3, wide * 0.62, depth * 0.62, steps=20)
            shape[:, 0] = x + (shape[:, 0] - x) * (1 + np.clip((shape[:, 1] - y) / depth, -0.5, 0.6) * 0.5)
        pen.canvas.outline(pen.placed(shape), line, max(0.6, pen.line * 0.6))
        pen.fill(shape, (138, 46, 56))
        with pen.canvas.clipped(pen.placed(shape)):
            pen.fill(oval(x, y + depth * 1.15, wide * 0.7, depth * 0.5), (226, 118, 118))
            if expression.smile > 0.5:
                pen.fill(
                    points([(x - 0.3, y - 0.1), (x + 0.3, y - 0.1), (x + 0.3, y + 0.012), (x - 0.3, y + 0.012)]), WHITE
                )
        return
    pen.stroke(bezier(left, (x, y + bend * 1.3), right, 12), 0.016, line, taper=(0.35, 0.35))
    pen.stroke([(x - 0.035, y + 0.058), (x + 0.035, y + 0.058)], 0.01, shade)


def _wrinkles(pen: Pen, turn: float, line: Colour) -> None:
    x = turn * 0.15
    for side in (-1, 1):
        pen.stroke(bezier((x + side * 0.09, 0.235), (x + side * 0.15, 0.28), (x + side * 0.15, 0.36)), 0.013, line, 0.8)
        pen.stroke(bezier((x + side * 0.12, 0.185), (x + side * 0.19, 0.205), (x + side * 0.26, 0.17)), 0.01, line, 0.7)
        pen.stroke([(x + side * 0.31, 0.06), (x + side * 0.355, 0.035)], 0.01, line, 0.7)
    for level in (-0.2, -0.25):
        pen.stroke(bezier((x - 0.14, level), (x, level - 0.02), (x + 0.14, level)), 0.009, line, 0.6)


def _marks(pen: Pen, look: Look, turn: float) -> None:
    x = turn * 0.14
    if "FRECKLES" in look.extras:
        for side in (-1, 1):
            for dx, dy in ((0.17, 0.22), (0.22, 0.25), (0.26, 0.215)):
                pen.fill(oval(x + side * dx, dy, 0.009, 0.009), darker(look.skin, 0.35))
    if "SCAR" in look.extras:
        pen.stroke([(x + 0.2, 0.12), (x + 0.27, 0.32)], 0.016, (176, 92, 88))
    hair = look.hair
    if "BEARD" in look.extras:
        sway = turn * 0.03
        shape = smooth(
            [
                (x - 0.2, 0.28),
                (x - 0.08, 0.315),
                (x, 0.305),
                (x + 0.08, 0.315),
                (x + 0.2, 0.28),
                (x + 0.26, 0.42),
                (x + 0.13 + sway, 0.62),
                (x + sway, 0.72),
                (x - 0.13 + sway, 0.62),
                (x - 0.26, 0.42),
            ]
        )
        pen.body(shape, hair, depth=0.04)
        pen.stroke(bezier((x - 0.05, 0.365), (x, 0.38), (x + 0.05, 0.365)), 0.016, darker(hair, 0.55))
        for dx in (-0.1, 0.0, 0.1):
            pen.stroke([(x + dx, 0.45), (x + dx * 0.7 + sway, 0.62)], 0.01, darker(hair, 0.3))
    elif "MOUSTACHE" in look.extras:
        for side in (-1, 1):
            pen.stroke(
                bezier((x, 0.3), (x + side * 0.08, 0.285), (x + side * 0.17, 0.335), 10),
                0.036,
                darker(hair, 0.2),
                taper=(0.8, 0.1),
            )
    if "GLASSES" in look.extras:
        for side in (-1, 1):
            centre = turn * 0.13 + side * 0.195 * (1 - (0.22 if side * turn > 0 else 0) * abs(turn))
            rim = oval(centre, 0.09, 0.145, 0.125)
            pen.fill(rim, (214, 232, 246), 0.22)
            pen.stroke(np.vstack([rim, rim[:1]]), 0.016, (58, 46, 50), taper=(1, 1))
        pen.stroke([(turn * 0.13 - 0.05, 0.07), (turn * 0.13 + 0.05, 0.07)], 0.014, (58, 46, 50), taper=(1, 1))
