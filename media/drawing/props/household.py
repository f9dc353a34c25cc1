"""Draws household things: bundles, scissors, stones, troughs, sausages."""

from collections.abc import Callable

from media.drawing.canvas import bezier, limb, oval, points, smooth
from media.drawing.colour import darker, lighter
from media.drawing.pen import Pen
from media.drawing.props.kinds import Prop


def _bundle(pen: Pen, prop: Prop) -> None:
    """A cloth bundle, which stands for a thing of unknown kind."""
    cloth = prop.colour or ((176, 152, 118), (150, 150, 140), (128, 138, 150), (168, 140, 120))[prop.seed % 4]
    pen.fill(oval(0.04, 0, 0.62, 0.07), (30, 26, 40), 0.22)
    pen.body(
        smooth([(-0.5, -0.06), (-0.56, -0.36), (-0.28, -0.6), (0.28, -0.6), (0.56, -0.36), (0.5, -0.06), (0, 0.0)]),
        cloth,
        depth=0.1,
    )
    for side in (-1, 1):
        ear = smooth([(0, -0.58), (side * 0.2, -0.84), (side * 0.46, -0.86), (side * 0.3, -0.62)])
        pen.body(ear, lighter(cloth, 0.12), depth=0.03)
        for reach in (0.42, 0.22):
            pen.stroke(
                bezier((side * 0.05, -0.56), (side * reach, -0.42), (side * reach * 1.1, -0.16)),
                0.018,
                darker(cloth, 0.4),
                0.8,
            )
    pen.body(oval(0, -0.6, 0.13, 0.1), darker(cloth, 0.08), depth=0.03)


def _scissors(pen: Pen, prop: Prop) -> None:
    steel, grip = (196, 204, 214), prop.colour or (86, 78, 84)
    for side in (-1, 1):
        pen.body(points([(side * 0.05, -0.42), (side * -0.2, -1.0), (side * -0.06, -0.42)]), steel, depth=0.02)
        pen.stroke(limb([(0, -0.42), (side * 0.13, -0.28)], [0.08, 0.06]), 0.05, grip)
        ring = oval(side * 0.2, -0.14, 0.15, 0.14)
        pen.stroke([*ring.tolist(), ring[0].tolist()], 0.075, grip, taper=(1, 1))
    pen.fill(oval(0, -0.43, 0.035, 0.035), darker(steel, 0.5))


def _stones(pen: Pen, prop: Prop) -> None:
    grey = prop.colour or (146, 146, 150)
    pen.fill(oval(0, 0, 1.0, 0.09), (30, 26, 40), 0.25)
    for x, wide, tall in ((-0.5, 0.46, 0.62), (0.48, 0.5, 0.55), (0.02, 0.42, 0.9)):
        shape = smooth(
            [
                (x - wide, -0.02),
                (x - wide * 0.9, -tall * 0.6),
                (x - wide * 0.2, -tall),
                (x + wide * 0.6, -tall * 0.85),
                (x + wide, -tall * 0.3),
                (x + wide * 0.9, 0.0),
            ],
            4,
        )
        pen.body(shape, grey, depth=0.12)
        pen.stroke([(x - wide * 0.3, -tall * 0.7), (x, -tall * 0.5), (x - 0.05, -tall * 0.3)], 0.02, darker(grey, 0.35))


def _trough(pen: Pen, prop: Prop) -> None:
    stone = prop.colour or (158, 156, 152)
    pen.fill(oval(0, 0, 1.05, 0.08), (30, 26, 40), 0.25)
    pen.body(points([(-0.95, -0.86), (0.95, -0.86), (0.8, 0), (-0.8, 0)]), stone, depth=0.12)
    pen.body(oval(0, -0.86, 0.96, 0.17), lighter(stone, 0.25), depth=0.0)
    pen.fill(oval(0, -0.85, 0.84, 0.12), (92, 138, 168))
    pen.stroke(bezier((-0.5, -0.87), (0, -0.92), (0.4, -0.86)), 0.02, (214, 232, 240))
    for y in (-0.55, -0.28):
        pen.stroke([(-0.86 - y * 0.1, y), (0.86 + y * 0.1, y + 0.02)], 0.014, darker(stone, 0.3), 0.6, taper=(1, 1))


def _sausage(pen: Pen, prop: Prop) -> None:
    meat = prop.colour or (164, 82, 62)
    for x, y in ((-0.42, -0.3), (0.36, -0.28), (-0.04, -0.62)):
        pen.body(limb([(x - 0.36, y - 0.08), (x, y + 0.1), (x + 0.36, y - 0.08)], [0.2, 0.3, 0.2]), meat, depth=0.06)
        pen.stroke([(x - 0.2, y - 0.04), (x + 0.1, y)], 0.03, lighter(meat, 0.45))


def _cake(pen: Pen, prop: Prop) -> None:
    crumb = prop.colour or (206, 150, 92)
    pen.fill(oval(0, 0, 0.8, 0.08), (30, 26, 40), 0.22)
    pen.body(oval(0, -0.06, 0.78, 0.14), (236, 234, 230), depth=0.03)
    side = smooth([(-0.58, -0.1), (-0.58, -0.56), (0, -0.66), (0.58, -0.56), (0.58, -0.1), (0, 0.0)], 5)
    pen.body(side, crumb, depth=0.1)
    pen.stroke(bezier((-0.58, -0.32), (0, -0.2), (0.58, -0.32), 12), 0.05, (196, 70, 78), taper=(1, 1))
    pen.body(oval(0, -0.58, 0.6, 0.16), (250, 242, 226), depth=0.03)
    for x, y in ((-0.34, -0.6), (0.0, -0.66), (0.34, -0.6), (0.0, -0.52)):
        pen.body(oval(x, y, 0.075, 0.075), (204, 50, 60), depth=0.02)


HOUSEHOLD: dict[str, Callable[[Pen, Prop], None]] = {
    "BUNDLE": _bundle,
    "SCISSORS": _scissors,
    "STONES": _stones,
    "TROUGH": _trough,
    "SAUSAGE": _sausage,
    "CAKE": _cake,
}
