"""Draws things that stand on the ground: vehicles, animals, furniture."""

from collections.abc import Callable

import numpy as np

from media.drawing.canvas import bezier, limb, oval, points, smooth
from media.drawing.colour import Colour, darker, lighter
from media.drawing.pen import Pen
from media.drawing.props.kinds import Prop


def _wheel(pen: Pen, x: float, radius: float, colour: Colour = (70, 60, 62)) -> None:
    rim = oval(x, -radius, radius, radius, steps=40)
    pen.stroke(np.vstack([rim, rim[:2]]), radius * 0.13, colour, taper=(1, 1))
    inner = oval(x, -radius, radius * 0.84, radius * 0.84, steps=40)
    pen.stroke(np.vstack([inner, inner[:2]]), radius * 0.05, lighter(colour, 0.35), taper=(1, 1))
    for angle in np.linspace(0, np.pi, 6, endpoint=False):
        dx, dy = np.cos(angle) * radius * 0.9, np.sin(angle) * radius * 0.9
        pen.stroke([(x - dx, -radius - dy), (x + dx, -radius + dy)], radius * 0.04, lighter(colour, 0.3), taper=(1, 1))
    pen.body(oval(x, -radius, radius * 0.14, radius * 0.14, steps=14), (196, 160, 90), depth=0.0)


def _rickshaw(pen: Pen, prop: Prop) -> None:
    body = prop.colour or (112, 44, 44)
    wood = (84, 58, 50)
    pen.fill(oval(0.1, 0, 0.8, 0.05), (30, 26, 40), 0.28)
    pen.stroke([(-0.2, -0.34), (0.5, -0.34), (1.05, -0.5)], 0.035, darker(wood, 0.2), taper=(1, 0.8))
    _wheel(pen, -0.12, 0.3)
    hood = smooth(
        [
            (-0.5, -0.5),
            (-0.58, -0.86),
            (-0.4, -1.0),
            (-0.1, -1.02),
            (0.14, -0.94),
            (0.2, -0.84),
            (-0.1, -0.8),
            (-0.26, -0.6),
        ]
    )
    pen.body(hood, (62, 58, 70), depth=0.05)
    for share in (-0.42, -0.24, -0.04):
        pen.stroke(bezier((share, -0.99), (share - 0.06, -0.86), (-0.28, -0.58)), 0.012, (40, 36, 46))
    pen.body(
        smooth(
            [
                (-0.5, -0.74),
                (-0.3, -0.74),
                (-0.26, -0.5),
                (0.2, -0.5),
                (0.22, -0.36),
                (0.42, -0.3),
                (0.42, -0.24),
                (-0.36, -0.26),
                (-0.5, -0.4),
            ],
            4,
        ),
        body,
        depth=0.05,
    )
    pen.body(smooth([(-0.3, -0.56), (0.14, -0.56), (0.16, -0.48), (-0.3, -0.47)], 4), (206, 186, 150), depth=0.02)
    pen.stroke([(-0.1, -0.34), (0.5, -0.36), (1.08, -0.52)], 0.035, wood, taper=(1, 0.8))
    pen.stroke([(1.02, -0.5), (1.12, -0.55)], 0.045, (196, 160, 90), taper=(1, 1))


def _cart(pen: Pen, prop: Prop) -> None:
    body = prop.colour or (140, 100, 66)
    pen.fill(oval(0, 0, 0.8, 0.05), (30, 26, 40), 0.28)
    pen.stroke([(0.4, -0.4), (1.1, -0.34)], 0.04, darker(body, 0.3), taper=(1, 0.8))
    pen.body(
        smooth([(-0.6, -0.45), (-0.6, -0.85), (-0.4, -1.0), (0.3, -1.0), (0.46, -0.85), (0.46, -0.45)], 4),
        lighter(body, 0.35),
        depth=0.08,
    )
    pen.body(points([(-0.68, -0.36), (0.6, -0.36), (0.62, -0.52), (-0.68, -0.52)]), body, depth=0.03)
    _wheel(pen, -0.08, 0.34, (92, 66, 50))


def _bicycle(pen: Pen, prop: Prop) -> None:
    frame = prop.colour or (60, 110, 130)
    for x in (-0.52, 0.52):
        _wheel(pen, x, 0.33)
    for line in (
        [(-0.52, -0.33), (-0.15, -0.75), (0.36, -0.72), (-0.02, -0.3), (-0.52, -0.33)],
        [(-0.2, -0.85), (-0.02, -0.3)],
        [(0.52, -0.33), (0.34, -0.85), (0.44, -0.95)],
    ):
        pen.stroke(line, 0.045, frame, taper=(1, 1))
    pen.body(oval(-0.2, -0.87, 0.14, 0.045), (60, 50, 50), depth=0.0)


def _car(pen: Pen, prop: Prop) -> None:
    body = prop.colour or (176, 66, 62)
    pen.fill(oval(0, 0, 1.4, 0.06), (30, 26, 40), 0.3)
    pen.body(
        smooth(
            [
                (-1.3, -0.22),
                (-1.3, -0.55),
                (-0.8, -0.62),
                (-0.5, -0.98),
                (0.35, -0.98),
                (0.75, -0.62),
                (1.25, -0.52),
                (1.32, -0.22),
            ],
            5,
        ),
        body,
        depth=0.08,
    )
    for window in (
        [(-0.66, -0.64), (-0.44, -0.9), (-0.08, -0.9), (-0.08, -0.64)],
        [(0.0, -0.64), (0.0, -0.9), (0.3, -0.9), (0.58, -0.64)],
    ):
        pen.body(points(window), (170, 204, 222), depth=0.0)
    for x in (-0.78, 0.8):
        pen.body(oval(x, -0.22, 0.24, 0.24), (48, 46, 54), depth=0.03)
        pen.body(oval(x, -0.22, 0.12, 0.12), (190, 192, 200), depth=0.02)
    pen.body(oval(1.22, -0.44, 0.07, 0.07), (255, 240, 190), depth=0.0)


def _boat(pen: Pen, prop: Prop) -> None:
    hull = prop.colour or (134, 88, 62)
    pen.stroke([(0, -0.2), (0, -1.0)], 0.03, (92, 66, 52), taper=(1, 0.7))
    pen.body(
        np.vstack(
            [points([(0.04, -0.98)]), bezier((0.04, -0.98), (0.5, -0.6), (0.52, -0.3), 8), points([(0.04, -0.3)])]
        ),
        (244, 238, 224),
        depth=0.06,
    )
    pen.body(points([(-0.04, -0.86), (-0.04, -0.3), (-0.42, -0.3)]), (232, 222, 204), depth=0.05)
    pen.body(
        smooth([(-0.78, -0.28), (-0.5, -0.22), (0.5, -0.22), (0.84, -0.32), (0.56, 0), (-0.5, 0)], 5), hull, depth=0.06
    )


def _beast(pen: Pen, coat: Colour, *, leg: float, neck: float, head: float, tail: float, ear: float) -> None:
    pen.fill(oval(0, 0, 0.55, 0.04), (30, 26, 40), 0.28)
    back = -leg - 0.16
    for x in (-0.36, 0.3):
        pen.body(
            limb([(x + 0.06, back), (x + 0.09, -leg * 0.5), (x + 0.06, 0)], [0.13, 0.075, 0.055]),
            darker(coat, 0.22),
            depth=0.0,
        )
    pen.body(
        limb([(-0.42, back - 0.04), (-0.62, back + tail * 0.2), (-0.64, back + tail)], [0.05, 0.09, 0.03]),
        darker(coat, 0.35),
        depth=0.0,
    )
    trunk = limb([(-0.36, back), (0.0, back + 0.02), (0.34, back)], [0.34, 0.3, 0.36])
    throat = limb([(0.36, back - 0.04), (0.52, back - neck)], [0.24, 0.16])
    muzzle = limb([(0.5, back - neck), (0.5 + head, back - neck + head * 0.55)], [0.19, 0.1])
    pen.group([trunk, throat, muzzle], coat, depth=0.04)
    for x in (-0.36, 0.34):
        pen.body(limb([(x, back), (x + 0.02, -leg * 0.5), (x, 0)], [0.15, 0.085, 0.06]), coat, depth=0.02)
    pen.body(
        points([(0.44, back - neck - 0.05), (0.46, back - neck - 0.08 - ear), (0.54, back - neck - 0.06)]),
        coat,
        depth=0.0,
    )
    pen.fill(oval(0.56, back - neck - 0.01, 0.02, 0.025), (34, 26, 30))


def _horse(pen: Pen, prop: Prop) -> None:
    coat = prop.colour or (126, 84, 58)
    _beast(pen, coat, leg=0.42, neck=0.3, head=0.2, tail=0.3, ear=0.07)
    pen.stroke(bezier((0.48, -0.95), (0.34, -0.85), (0.3, -0.62), 8), 0.07, darker(coat, 0.5), taper=(0.5, 0.4))


def _dog(pen: Pen, prop: Prop) -> None:
    _beast(pen, prop.colour or (186, 142, 92), leg=0.36, neck=0.24, head=0.22, tail=-0.25, ear=0.1)


def _cat(pen: Pen, prop: Prop) -> None:
    coat = prop.colour or (206, 150, 92)
    pen.body(limb([(-0.28, -0.06), (-0.62, -0.1), (-0.6, -0.5)], [0.13, 0.12, 0.09]), coat, depth=0.02)
    pen.body(smooth([(-0.34, 0), (-0.3, -0.4), (-0.06, -0.66), (0.16, -0.5), (0.26, 0)], 6), coat, depth=0.06)
    pen.body(points([(-0.22, -0.78), (-0.2, -1.04), (-0.02, -0.92)]), coat, depth=0.0)
    pen.body(points([(0.28, -0.78), (0.26, -1.04), (0.08, -0.92)]), coat, depth=0.0)
    pen.body(oval(0.03, -0.74, 0.28, 0.23), coat, depth=0.05)
    for x in (-0.08, 0.14):
        pen.fill(oval(x, -0.76, 0.035, 0.055), (50, 70, 50))
    pen.fill(oval(0.03, -0.67, 0.025, 0.018), (210, 110, 110))


def _bird(pen: Pen, prop: Prop) -> None:
    coat = prop.colour or (96, 112, 140)
    pen.body(
        smooth([(-0.6, -0.3), (-0.2, -0.55), (0.25, -0.6), (0.42, -0.36), (0.1, -0.1), (-0.3, -0.14)]), coat, depth=0.06
    )
    pen.body(oval(0.36, -0.72, 0.2, 0.18), coat, depth=0.04)
    pen.body(points([(0.54, -0.74), (0.76, -0.68), (0.54, -0.64)]), (236, 176, 76), depth=0.0)
    pen.fill(oval(0.42, -0.76, 0.03, 0.03), (30, 24, 30))
    pen.body(smooth([(-0.5, -0.36), (-0.1, -0.52), (0.16, -0.4), (-0.16, -0.24)]), darker(coat, 0.25), depth=0.03)
    for x in (-0.02, 0.12):
        pen.stroke([(x, -0.12), (x, 0)], 0.03, (190, 130, 70), taper=(1, 1))


def _chair(pen: Pen, prop: Prop) -> None:
    wood = prop.colour or (146, 98, 64)
    for x in (-0.3, 0.3):
        pen.body(points([(x - 0.04, 0), (x + 0.04, 0), (x + 0.04, -1), (x - 0.04, -1)]), wood, depth=0.02)
    pen.body(points([(-0.3, -0.62), (0.3, -0.62), (0.3, -0.94), (-0.3, -0.94)]), lighter(wood, 0.15), depth=0.05)
    pen.body(points([(-0.4, -0.4), (0.4, -0.4), (0.34, -0.52), (-0.34, -0.52)]), lighter(wood, 0.2), depth=0.03)


def _table(pen: Pen, prop: Prop) -> None:
    wood = prop.colour or (150, 104, 70)
    for x in (-0.78, 0.78):
        pen.body(points([(x - 0.06, 0), (x + 0.06, 0), (x + 0.06, -0.86), (x - 0.06, -0.86)]), wood, depth=0.03)
    pen.body(points([(-0.94, -0.84), (0.94, -0.84), (0.84, -1.0), (-0.84, -1.0)]), lighter(wood, 0.2), depth=0.05)


STANDING: dict[str, Callable[[Pen, Prop], None]] = {
    "RICKSHAW": _rickshaw,
    "CART": _cart,
    "BICYCLE": _bicycle,
    "CAR": _car,
    "BOAT": _boat,
    "HORSE": _horse,
    "DOG": _dog,
    "CAT": _cat,
    "BIRD": _bird,
    "CHAIR": _chair,
    "TABLE": _table,
}
