"""Draws things that a hand can hold: coins, letters, lamps, swords and the like."""

import random
from collections.abc import Callable

import numpy as np

from media.drawing.canvas import bezier, limb, oval, points, smooth
from media.drawing.colour import darker, from_hls, lighter
from media.drawing.pen import Pen
from media.drawing.props.kinds import Prop


def _coins(pen: Pen, prop: Prop) -> None:
    copper = prop.colour or (190, 128, 74)
    for x, y, tilt in (
        (-0.42, -0.2, 0.2),
        (0.4, -0.22, -0.2),
        (0.0, -0.16, 0.0),
        (-0.24, -0.42, -0.1),
        (0.24, -0.46, 0.15),
        (0.0, -0.66, 0.05),
    ):
        pen.body(oval(x, y + 0.05, 0.3, 0.19, tilt), darker(copper, 0.35), depth=0.0)
        pen.body(oval(x, y, 0.3, 0.19, tilt), copper, depth=0.05)
        pen.stroke(oval(x, y, 0.23, 0.14, tilt), 0.018, darker(copper, 0.35), taper=(1, 1))
        pen.stroke(oval(x, y, 0.28, 0.17, tilt)[14:22], 0.03, lighter(copper, 0.6))
        pen.fill(
            points([(x - 0.05, y - 0.035), (x + 0.05, y - 0.035), (x + 0.05, y + 0.035), (x - 0.05, y + 0.035)]),
            darker(copper, 0.6),
        )


def _letter(pen: Pen, prop: Prop) -> None:
    paper = prop.colour or (246, 238, 218)
    pen.body(points([(-0.7, 0), (0.7, 0), (0.7, -0.95), (-0.7, -0.95)]), paper, depth=0.05)
    pen.stroke([(-0.7, -0.95), (0, -0.38), (0.7, -0.95)], 0.025, darker(paper, 0.35), taper=(1, 1))
    pen.stroke([(-0.7, 0), (-0.14, -0.5)], 0.018, darker(paper, 0.25), taper=(1, 1))
    pen.stroke([(0.7, 0), (0.14, -0.5)], 0.018, darker(paper, 0.25), taper=(1, 1))
    pen.body(oval(0, -0.42, 0.12, 0.12), (186, 48, 48), depth=0.03)


def _lamp(pen: Pen, prop: Prop) -> None:
    metal = prop.colour or (150, 112, 62)
    x, y = pen.placed([(0, -0.5)])[0].tolist()
    pen.canvas.glow(x, y, pen.unit * 1.1, (255, 190, 96), 0.75)
    pen.stroke(bezier((-0.24, -0.78), (0, -1.15), (0.24, -0.78), 12), 0.03, darker(metal, 0.3), taper=(1, 1))
    pen.body(
        smooth([(-0.24, -0.26), (-0.3, -0.5), (-0.18, -0.78), (0.18, -0.78), (0.3, -0.5), (0.24, -0.26)]),
        (255, 232, 168),
        shade=(250, 200, 110),
        depth=0.08,
    )
    pen.body(smooth([(0, -0.34), (-0.08, -0.46), (0, -0.64), (0.08, -0.46)]), (250, 150, 60), depth=0.0)
    pen.body(points([(-0.24, -0.78), (0.24, -0.78), (0.14, -0.92), (-0.14, -0.92)]), metal, depth=0.05)
    pen.body(points([(-0.34, 0), (0.34, 0), (0.26, -0.26), (-0.26, -0.26)]), metal, depth=0.08)


def _candle(pen: Pen, prop: Prop) -> None:
    x, y = pen.placed([(0, -0.85)])[0].tolist()
    pen.canvas.glow(x, y, pen.unit * 1.3, (255, 190, 96), 0.75)
    pen.body(oval(0, -0.06, 0.36, 0.09), (170, 132, 74), depth=0.03)
    pen.body(points([(-0.12, -0.08), (0.12, -0.08), (0.12, -0.7), (-0.12, -0.66)]), (246, 238, 216), depth=0.05)
    pen.body(smooth([(0, -0.72), (-0.08, -0.84), (0, -1.05), (0.08, -0.84)]), (255, 206, 96), depth=0.0)


def _sword(pen: Pen, prop: Prop) -> None:
    pen.body(
        points([(-0.035, -0.22), (0.035, -0.22), (0.035, -0.9), (0, -1.0), (-0.035, -0.9)]), (214, 222, 232), depth=0.02
    )
    pen.stroke([(0, -0.24), (0, -0.92)], 0.008, (140, 150, 170), taper=(1, 1))
    pen.body(smooth([(-0.14, -0.2), (0, -0.235), (0.14, -0.2), (0, -0.185)]), (214, 170, 74), depth=0.0)
    pen.body(limb([(0, -0.18), (0, 0.0)], [0.045, 0.045]), prop.colour or (92, 48, 48), depth=0.01)
    pen.body(oval(0, 0.02, 0.035, 0.035), (214, 170, 74), depth=0.0)


def _phone(pen: Pen, prop: Prop) -> None:
    pen.body(
        smooth([(-0.26, 0), (0.26, 0), (0.27, -0.5), (0.26, -1), (-0.26, -1), (-0.27, -0.5)], 4),
        prop.colour or (44, 46, 58),
        depth=0.0,
    )
    pen.fill(points([(-0.22, -0.08), (0.22, -0.08), (0.22, -0.92), (-0.22, -0.92)]), (126, 196, 224))
    pen.fill(points([(-0.22, -0.92), (0.1, -0.92), (-0.22, -0.4)]), (200, 232, 244), 0.6)


def _book(pen: Pen, prop: Prop) -> None:
    cover = prop.colour or from_hls(prop.seed % 97 / 97, 0.4, 0.4)
    pen.body(points([(-0.36, 0.02), (0.4, 0.02), (0.4, -0.98), (-0.36, -0.98)]), (240, 232, 212), depth=0.02)
    pen.body(points([(-0.4, 0), (0.34, 0), (0.34, -1), (-0.4, -1)]), cover, depth=0.06)
    pen.fill(points([(-0.4, 0), (-0.3, 0), (-0.3, -1), (-0.4, -1)]), darker(cover, 0.3))
    pen.body(points([(-0.16, -0.52), (0.2, -0.52), (0.2, -0.84), (-0.16, -0.84)]), lighter(cover, 0.6), depth=0.0)


def _cup(pen: Pen, prop: Prop) -> None:
    china = prop.colour or (236, 234, 228)
    for x in (-0.12, 0.1):
        pen.stroke(
            smooth([(x, -1.0), (x + 0.08, -1.2), (x - 0.04, -1.36), (x + 0.05, -1.55)], 5, closed=False),
            0.04,
            (255, 255, 255),
            0.6,
        )
    ring = oval(0.5, -0.5, 0.2, 0.24, steps=24)
    pen.stroke(np.vstack([ring, ring[:2]]), 0.09, darker(china, 0.1), taper=(1, 1))
    pen.body(
        smooth([(-0.52, -0.86), (-0.42, -0.3), (-0.24, 0), (0.24, 0), (0.42, -0.3), (0.52, -0.86), (0, -0.8)], 6),
        china,
        depth=0.1,
    )
    pen.body(oval(0, -0.86, 0.52, 0.13), darker(china, 0.1), depth=0.0)
    pen.fill(oval(0, -0.84, 0.45, 0.095), (150, 92, 52))
    pen.stroke(bezier((-0.46, -0.5), (0, -0.38), (0.46, -0.5), 10), 0.05, (84, 120, 176), taper=(1, 1))


def _umbrella(pen: Pen, prop: Prop) -> None:
    cloth = prop.colour or (190, 62, 62)
    pen.stroke([(0, -0.7), (0, -0.06)], 0.022, (90, 66, 54), taper=(1, 1))
    pen.stroke(bezier((0, -0.06), (0.02, 0.03), (0.08, -0.02), 6), 0.03, (90, 66, 54), taper=(1, 1))
    dome = np.vstack(
        [bezier((-0.6, -0.62), (-0.4, -1.02), (0, -1.0), 10), bezier((0, -1.0), (0.4, -1.02), (0.6, -0.62), 10)]
        + [bezier((0.6 - 0.3 * i, -0.62), (0.45 - 0.3 * i, -0.7), (0.3 - 0.3 * i, -0.62), 5) for i in range(4)]
    )
    pen.body(dome, cloth, depth=0.06)
    for x in (-0.3, 0.0, 0.3):
        pen.stroke(bezier((0, -1.0), (x * 0.9, -0.9), (x, -0.63), 8), 0.012, darker(cloth, 0.35))


def _bag(pen: Pen, prop: Prop) -> None:
    leather = prop.colour or (134, 88, 58)
    pen.stroke(bezier((-0.22, -0.66), (0, -1.2), (0.22, -0.66), 12), 0.06, darker(leather, 0.3), taper=(1, 1))
    pen.body(
        smooth([(-0.5, 0), (-0.54, -0.4), (-0.44, -0.7), (0.44, -0.7), (0.54, -0.4), (0.5, 0), (0, 0.03)], 6),
        leather,
        depth=0.1,
    )
    pen.body(
        smooth([(-0.46, -0.7), (0.46, -0.7), (0.4, -0.4), (0, -0.3), (-0.4, -0.4)], 6),
        darker(leather, 0.12),
        depth=0.05,
    )
    pen.body(oval(0, -0.34, 0.06, 0.06), (220, 182, 90), depth=0.0)


def _ring(pen: Pen, prop: Prop) -> None:
    gold = (226, 184, 80)
    for radius, colour in ((0.4, darker(gold, 0.3)), (0.38, gold)):
        ring = oval(0, -0.38, radius * 0.92, radius * 0.92, steps=40)
        pen.stroke(np.vstack([ring, ring[:2]]), 0.12 if colour != gold else 0.07, colour, taper=(1, 1))
    pen.body(
        points([(-0.16, -0.86), (0, -0.7), (0.16, -0.86), (0.09, -0.98), (-0.09, -0.98)]),
        prop.colour or (130, 206, 226),
        depth=0.06,
    )


def _key(pen: Pen, prop: Prop) -> None:
    metal = prop.colour or (214, 170, 82)
    ring = oval(0, -0.8, 0.17, 0.17, steps=30)
    pen.stroke(np.vstack([ring, ring[:2]]), 0.12, darker(metal, 0.5), taper=(1, 1))
    pen.stroke(np.vstack([ring, ring[:2]]), 0.08, metal, taper=(1, 1))
    pen.body(points([(-0.04, -0.62), (0.04, -0.62), (0.04, 0), (-0.04, 0)]), metal, depth=0.02)
    for y in (-0.02, -0.18):
        pen.body(points([(0.04, y), (0.2, y), (0.2, y - 0.09), (0.04, y - 0.09)]), metal, depth=0.0)


def _clock(pen: Pen, prop: Prop) -> None:
    rim = prop.colour or (140, 96, 60)
    pen.body(oval(0, -0.5, 0.5, 0.5, steps=44), rim, depth=0.05)
    pen.body(oval(0, -0.5, 0.41, 0.41, steps=44), (246, 240, 226), depth=0.03)
    for hour in range(12):
        dx, dy = np.sin(hour * np.pi / 6), np.cos(hour * np.pi / 6)
        pen.stroke([(dx * 0.33, -0.5 - dy * 0.33), (dx * 0.38, -0.5 - dy * 0.38)], 0.025, (60, 50, 54), taper=(1, 1))
    angle = prop.seed % 12 * np.pi / 6
    pen.stroke([(0, -0.5), (0.3 * np.sin(angle), -0.5 - 0.3 * np.cos(angle))], 0.03, (50, 42, 48), taper=(1, 0.4))
    pen.stroke([(0, -0.5), (0.18 * np.cos(angle), -0.5 + 0.18 * np.sin(angle))], 0.04, (50, 42, 48), taper=(1, 0.4))


def _flower(pen: Pen, prop: Prop) -> None:
    petal = prop.colour or from_hls(0.9 + prop.seed % 20 / 60, 0.68, 0.7)
    pen.stroke(bezier((0, 0), (0.08, -0.3), (0, -0.66), 10), 0.04, (84, 136, 76), taper=(1, 0.8))
    pen.body(smooth([(0.03, -0.26), (0.2, -0.42), (0.32, -0.38), (0.18, -0.26)]), (96, 156, 84), depth=0.02)
    for angle in np.linspace(0, 2 * np.pi, 6, endpoint=False):
        pen.body(oval(np.sin(angle) * 0.15, -0.76 - np.cos(angle) * 0.15, 0.11, 0.14, angle), petal, depth=0.03)
    pen.body(oval(0, -0.76, 0.085, 0.085), (246, 206, 90), depth=0.02)


def _bottle(pen: Pen, prop: Prop) -> None:
    glass = prop.colour or (96, 150, 128)
    pen.body(
        smooth(
            [
                (-0.24, 0),
                (-0.25, -0.5),
                (-0.09, -0.7),
                (-0.09, -0.9),
                (0.09, -0.9),
                (0.09, -0.7),
                (0.25, -0.5),
                (0.24, 0),
            ],
            5,
        ),
        glass,
        depth=0.08,
    )
    pen.body(points([(-0.22, -0.14), (0.22, -0.14), (0.22, -0.42), (-0.22, -0.42)]), (240, 232, 212), depth=0.0)
    pen.body(points([(-0.08, -0.9), (0.08, -0.9), (0.07, -1.0), (-0.07, -1.0)]), (170, 126, 84), depth=0.0)
    pen.stroke([(-0.16, -0.48), (-0.16, -0.1)], 0.03, (255, 255, 255), 0.5)


def _stick(pen: Pen, prop: Prop) -> None:
    pen.body(limb([(0, 0), (0.01, -0.5), (0, -1)], [0.035, 0.032, 0.03]), prop.colour or (140, 100, 66), depth=0.008)


def _mirror(pen: Pen, prop: Prop) -> None:
    frame = prop.colour or (206, 164, 90)
    pen.body(limb([(0, 0), (0, -0.4)], [0.1, 0.08]), frame, depth=0.03)
    pen.body(oval(0, -0.66, 0.32, 0.36, steps=36), frame, depth=0.03)
    pen.body(oval(0, -0.66, 0.25, 0.29, steps=36), (190, 216, 230), depth=0.0)
    pen.stroke([(-0.12, -0.54), (0.06, -0.82)], 0.04, (255, 255, 255), 0.8)


def _fan(pen: Pen, prop: Prop) -> None:
    paper = prop.colour or (226, 96, 96)
    angle = np.linspace(-1.1, 1.1, 16)
    arc = np.stack([np.sin(angle) * 0.95, -np.cos(angle) * 0.95], axis=1)
    pen.body(np.vstack([[[0, 0]], arc]), paper, depth=0.06)
    for tip in arc[::2]:
        pen.stroke([(0, 0), tip], 0.015, darker(paper, 0.35), taper=(1, 1))


def _scroll(pen: Pen, prop: Prop) -> None:
    paper = prop.colour or (240, 228, 198)
    pen.body(points([(-0.5, -0.12), (0.5, -0.12), (0.5, -0.88), (-0.5, -0.88)]), paper, depth=0.0)
    pen.stroke(bezier((-0.36, -0.3), (-0.1, -0.9), (0.1, -0.36), 10), 0.03, (120, 116, 108))
    pen.stroke(bezier((0.0, -0.34), (0.2, -0.7), (0.38, -0.3), 10), 0.03, (150, 146, 136))
    for y in (-0.06, -0.94):
        pen.body(limb([(-0.6, y), (0.6, y)], [0.11, 0.11]), (132, 80, 58), depth=0.03)


def _basket(pen: Pen, prop: Prop) -> None:
    straw = prop.colour or (196, 152, 92)
    pen.stroke(bezier((-0.44, -0.52), (0, -1.4), (0.44, -0.52), 14), 0.06, darker(straw, 0.2), taper=(1, 1))
    pen.body(smooth([(-0.52, -0.55), (0.52, -0.55), (0.4, 0), (-0.4, 0)], 5), straw, depth=0.08)
    for y in (-0.14, -0.28, -0.42):
        pen.stroke(bezier((-0.46, y), (0, y + 0.06), (0.46, y), 8), 0.025, darker(straw, 0.3), taper=(1, 1))


def _bread(pen: Pen, prop: Prop) -> None:
    crust = prop.colour or (222, 172, 104)
    pen.body(
        smooth([(-0.7, 0), (-0.74, -0.4), (-0.3, -0.78), (0.3, -0.78), (0.74, -0.4), (0.7, 0)], 6), crust, depth=0.12
    )
    for x in (-0.3, 0, 0.3):
        pen.stroke([(x - 0.08, -0.66), (x + 0.08, -0.4)], 0.06, lighter(crust, 0.4))


def _turkey(pen: Pen, prop: Prop) -> None:
    meat = prop.colour or (196, 126, 66)
    pen.body(oval(0, -0.08, 0.8, 0.14), (236, 234, 230), depth=0.03)
    pen.body(limb([(0.3, -0.4), (0.66, -0.66)], [0.3, 0.1]), meat, depth=0.03)
    pen.body(smooth([(-0.56, -0.1), (-0.5, -0.6), (0, -0.86), (0.46, -0.56), (0.52, -0.1)], 6), meat, depth=0.1)
    pen.body(oval(0.7, -0.7, 0.07, 0.07), (244, 236, 220), depth=0.0)
    pen.stroke(bezier((-0.36, -0.6), (-0.1, -0.78), (0.14, -0.74), 8), 0.05, lighter(meat, 0.4))


def _box(pen: Pen, prop: Prop) -> None:
    rng = random.Random(prop.seed)
    hue = rng.random()
    paper, ribbon = prop.colour or from_hls(hue, 0.62, 0.42), from_hls(hue + 0.45, 0.5, 0.6)
    tall, wide = rng.uniform(0.6, 0.78), rng.uniform(0.44, 0.6)
    pen.fill(oval(0.05, 0, wide * 1.2, 0.06), (30, 26, 40), 0.2)
    pen.body(points([(-wide, 0), (wide * 0.7, 0), (wide * 0.7, -tall), (-wide, -tall)]), paper, depth=0.06)
    pen.body(
        points([(wide * 0.7, 0), (wide * 1.15, -0.14), (wide * 1.15, -tall - 0.12), (wide * 0.7, -tall)]),
        darker(paper, 0.3),
        depth=0.0,
    )
    pen.body(
        points([(-wide, -tall), (wide * 0.7, -tall), (wide * 1.15, -tall - 0.12), (-wide * 0.55, -tall - 0.12)]),
        lighter(paper, 0.3),
        depth=0.0,
    )
    middle = -wide * 0.15
    pen.fill(points([(middle - 0.06, 0), (middle + 0.06, 0), (middle + 0.06, -tall), (middle - 0.06, -tall)]), ribbon)
    pen.fill(
        points(
            [
                (-wide, -tall * 0.5),
                (wide * 0.7, -tall * 0.5),
                (wide * 0.7, -tall * 0.5 - 0.1),
                (-wide, -tall * 0.5 - 0.1),
            ]
        ),
        ribbon,
    )
    for side in (-1, 1):
        pen.body(
            smooth(
                [(middle, -tall - 0.04), (middle + side * 0.24, -tall - 0.26), (middle + side * 0.28, -tall - 0.06)]
            ),
            ribbon,
            depth=0.03,
        )


HELD: dict[str, Callable[[Pen, Prop], None]] = {
    "COINS": _coins,
    "LETTER": _letter,
    "LAMP": _lamp,
    "CANDLE": _candle,
    "SWORD": _sword,
    "PHONE": _phone,
    "BOOK": _book,
    "CUP": _cup,
    "UMBRELLA": _umbrella,
    "BAG": _bag,
    "RING": _ring,
    "KEY": _key,
    "CLOCK": _clock,
    "FLOWER": _flower,
    "BOTTLE": _bottle,
    "STICK": _stick,
    "MIRROR": _mirror,
    "FAN": _fan,
    "SCROLL": _scroll,
    "BASKET": _basket,
    "BREAD": _bread,
    "TURKEY": _turkey,
    "BOX": _box,
}
