"""Landmark buildings: city gates, palaces and temples, castles, a police post."""

import numpy as np

from media.drawing.canvas import bezier, oval, points
from media.drawing.colour import darker, lighter, mix
from media.drawing.pen import Pen
from media.drawing.places.buildings import paint_skyline
from media.drawing.places.elements import (
    SNOW,
    is_snowy,
    paint_ground,
    paint_hills,
    paint_lamp_post,
    paint_sky,
    paint_tree,
)
from media.drawing.places.roads import road_colour
from media.drawing.places.view import View


def paint_city_gate(view: View, z: float) -> None:
    """A gate tower that closes the street's view."""
    brick = (132, 128, 130)
    with view.distant(z * 0.6):
        pen = view.pen(0, z)
        pen.body(points([(-18, 0), (18, 0), (16.5, -9), (-16.5, -9)]), brick, depth=1.6)
        for step in range(-16, 17, 2):
            pen.fill(points([(step - 0.6, -9), (step + 0.6, -9), (step + 0.6, -10), (step - 0.6, -10)]), brick)
        arch = np.vstack(
            [
                points([(-2.8, 0), (-2.8, -3.4)]),
                bezier((-2.8, -3.4), (0, -7.2), (2.8, -3.4), 12),
                points([(2.8, -3.4), (2.8, 0)]),
            ]
        )
        pen.fill(arch, (66, 62, 74))
        _hall(view, pen, -10, 11, 4.2)


def _hall(view: View, pen: Pen, base: float, half: float, height: float) -> None:
    """A hall's storey with a swept roof, its foot at `base` in the pen's units (metres, y down)."""
    red, green = (158, 62, 52), (70, 110, 104)
    roof = mix((96, 92, 96) if "寺" not in view.words else (122, 100, 72), SNOW, 0.8 if is_snowy(view) else 0)
    if any(word in view.words for word in ("皇", "宫殿", "palace", "故宫")):
        roof = mix((214, 164, 72), SNOW, 0.6 if is_snowy(view) else 0)
    pen.body(
        points([(-half, base), (half, base), (half, base - height), (-half, base - height)]), red, depth=half * 0.12
    )
    for step in range(7):
        x = -half + 2 * half * step / 6
        pen.fill(
            points(
                [
                    (x - half * 0.025, base),
                    (x + half * 0.025, base),
                    (x + half * 0.025, base - height),
                    (x - half * 0.025, base - height),
                ]
            ),
            darker(red, 0.3),
        )
        if step < 6:
            left, right = x + half * 0.07, x + half * 0.263
            pane = pen.placed(
                [
                    (left, base - height * 0.12),
                    (right, base - height * 0.12),
                    (right, base - height * 0.74),
                    (left, base - height * 0.74),
                ]
            )
            view.canvas.fill(pane, (92, 50, 44))
            if view.light.is_dark:
                with view.shining():
                    view.canvas.fill(pane, view.window_light(), 0.85)
    pen.fill(
        points(
            [(-half, base - height * 0.84), (half, base - height * 0.84), (half, base - height), (-half, base - height)]
        ),
        green,
    )
    top, rise = base - height, height * 0.95
    wide = half * 1.26
    shape = np.vstack(
        [
            bezier((-wide, top - rise * 0.22), (-half * 0.86, top - rise * 0.16), (-half * 0.72, top - rise), 9),
            bezier((-half * 0.72, top - rise), (0, top - rise * 0.94), (half * 0.72, top - rise), 6),
            bezier((half * 0.72, top - rise), (half * 0.86, top - rise * 0.16), (wide, top - rise * 0.22), 9),
            bezier((wide, top - rise * 0.22), (half * 0.5, top + rise * 0.12), (0, top + rise * 0.1), 8),
            bezier((0, top + rise * 0.1), (-half * 0.5, top + rise * 0.12), (-wide, top - rise * 0.22), 8),
        ]
    )
    pen.body(shape, roof, depth=half * 0.05)
    with pen.canvas.clipped(pen.placed(shape)):
        for step in np.linspace(-1, 1, 31):
            pen.stroke(
                [(half * 0.72 * step, top - rise), (wide * step, top + rise * 0.1)],
                half * 0.008,
                darker(roof, 0.3),
                0.7,
                taper=(1, 1),
            )
    pen.stroke(
        bezier((-half * 0.76, top - rise * 1.04), (0, top - rise * 0.95), (half * 0.76, top - rise * 1.04), 12),
        half * 0.05,
        darker(roof, 0.25),
        taper=(1, 1),
    )


def paint_palace(view: View) -> None:
    paint_sky(view)
    paint_hills(view, ((150, 168, 192), (126, 152, 160)), (0.22, 0.12))
    stone = mix((206, 200, 190), SNOW, 0.6 if is_snowy(view) else 0)
    paint_ground(view, stone, specks=20)
    z = 34.0
    if view.era == "EUROPEAN":
        _paint_castle(view, z + 10)
    else:
        pen = view.pen(view.scene_rng.uniform(-2, 2), z)
        with view.distant(z * 0.6):
            for step in range(5):
                wide = 15 - step * 0.6
                pen.body(
                    points(
                        [
                            (-wide, -0.35 * step + 0.1),
                            (wide, -0.35 * step + 0.1),
                            (wide - 0.3, -0.35 * (step + 1)),
                            (-wide + 0.3, -0.35 * (step + 1)),
                        ]
                    ),
                    lighter(stone, 0.2),
                    depth=0.1,
                )
            _hall(view, pen, -1.7, 10.5, 4.6)
            _hall(view, pen, -9.6, 6.6, 2.6)
    with view.distant(10):
        for step in range(-8, 9):
            view.canvas.stroke(
                [view.at(step * 2.2, 0, 2), view.at(step * 2.2, 0, z)], 1.4, darker(stone, 0.2), 0.5, taper=(1, 0.3)
            )
        for z_line in (3, 4.5, 6.5, 9, 13, 19, 27):
            left, right = view.visible_x(z_line)
            view.canvas.stroke(
                [view.at(left, 0, z_line), view.at(right, 0, z_line)], 1.2, darker(stone, 0.2), 0.5, taper=(1, 1)
            )
    for side in (-1, 1):
        for z_tree in (24.0, 15.0):
            paint_tree(view, side * 9.5, z_tree, 6, view.scene_rng, kind="PINE")


def _paint_castle(view: View, z: float) -> None:
    stone = (168, 164, 170)
    pen = view.pen(0, z)
    with view.distant(z * 0.6):
        for x, wide, tall in ((-13, 3, 17), (13, 3, 15), (-6, 2.2, 21), (7, 2.4, 19)):
            pen.body(
                points([(x - wide, 0), (x + wide, 0), (x + wide, -tall), (x - wide, -tall)]), stone, depth=wide * 0.4
            )
            pen.body(
                points([(x - wide * 1.25, -tall), (x + wide * 1.25, -tall), (x, -tall - wide * 2.6)]),
                (96, 88, 120),
                depth=wide * 0.3,
            )
            pen.fill(
                np.vstack(
                    [
                        points([(x - 0.5, -tall * 0.6)]),
                        bezier((x - 0.5, -tall * 0.6 - 1.4), (x, -tall * 0.6 - 2.4), (x + 0.5, -tall * 0.6 - 1.4), 6),
                        points([(x + 0.5, -tall * 0.6)]),
                    ]
                ),
                (72, 70, 92),
            )
        pen.body(points([(-14, 0), (14, 0), (14, -10), (-14, -10)]), lighter(stone, 0.1), depth=1.0)
        for step in range(-13, 14, 2):
            pen.fill(
                points([(step - 0.5, -10), (step + 0.5, -10), (step + 0.5, -11), (step - 0.5, -11)]),
                lighter(stone, 0.1),
            )
        pen.fill(
            np.vstack(
                [
                    points([(-2.2, 0), (-2.2, -3.4)]),
                    bezier((-2.2, -3.4), (0, -6.6), (2.2, -3.4), 10),
                    points([(2.2, 0)]),
                ]
            ),
            (92, 66, 58),
        )


def paint_police_post(view: View) -> None:
    """A sober building with a gate, steps and a blue lamp."""
    paint_sky(view)
    road = road_colour(view)
    paint_skyline(view, 80, 3, 8, (150, 158, 178), windows=False)
    paint_ground(view, road, specks=30)
    z = 11.0
    wall, brick = (176, 170, 164), (142, 92, 80)
    pen = view.pen(view.scene_rng.uniform(-0.8, 0.8), z)
    left, right = view.visible_x(z)
    with view.distant(z):
        pen.fill(points([(left - 4, 0), (right + 4, 0), (right + 4, -2.6), (left - 4, -2.6)]), darker(brick, 0.1))
        pen.fill(points([(left - 4, -2.5), (right + 4, -2.5), (right + 4, -2.8), (left - 4, -2.8)]), (92, 88, 94))
        pen.body(points([(-4.2, 0), (4.2, 0), (4.2, -5), (-4.2, -5)]), wall, depth=0.5)
        pen.body(
            points([(-4.7, -4.9), (4.7, -4.9), (4.3, -5.6), (-4.3, -5.6)]),
            mix((92, 90, 98), SNOW, 0.7 if is_snowy(view) else 0),
            depth=0.15,
        )
        pen.fill(points([(-4.2, -3.2), (4.2, -3.2), (4.2, -3.4), (-4.2, -3.4)]), darker(wall, 0.2))
        pen.body(
            np.vstack(
                [
                    points([(-1.5, 0), (-1.5, -2.3)]),
                    bezier((-1.5, -2.3), (0, -3.5), (1.5, -2.3), 12),
                    points([(1.5, -2.3), (1.5, 0)]),
                ]
            ),
            lighter(wall, 0.3),
            depth=0.0,
        )
        pen.fill(
            np.vstack(
                [
                    points([(-1.15, 0), (-1.15, -2.2)]),
                    bezier((-1.15, -2.2), (0, -3.1), (1.15, -2.2), 12),
                    points([(1.15, -2.2), (1.15, 0)]),
                ]
            ),
            (74, 58, 58),
        )
        pen.stroke([(0, 0), (0, -2.6)], 0.05, (44, 36, 40), taper=(1, 1))
        for step in range(3):
            pen.body(
                points(
                    [
                        (-1.9 + 0.15 * step, -0.14 * step + 0.2),
                        (1.9 - 0.15 * step, -0.14 * step + 0.2),
                        (1.9 - 0.15 * step, -0.14 * step + 0.06),
                        (-1.9 + 0.15 * step, -0.14 * step + 0.06),
                    ]
                ),
                lighter(wall, 0.2),
                depth=0.0,
            )
        # The plate beside the gate is blank on purpose: no writing is ever drawn.
        pen.body(points([(1.75, -0.9), (2.15, -0.9), (2.15, -2.4), (1.75, -2.4)]), (238, 232, 218), depth=0.04)
        pen.body(oval(0, -4.15, 0.36, 0.36, steps=24), (210, 176, 84), depth=0.06)
    for bx in (-3.1, 3.1):
        pane = pen.placed([(bx - 0.55, -1.1), (bx + 0.55, -1.1), (bx + 0.55, -2.5), (bx - 0.55, -2.5)])
        with view.distant(z):
            view.canvas.outline(pane, (84, 66, 60), view.line * 3)
            view.canvas.fill(pane, (128, 150, 166))
            if view.light.is_dark:
                with view.shining():
                    view.canvas.fill(pane, view.window_light())
            for bar in (-0.28, 0.0, 0.28):
                pen.stroke([(bx + bar, -1.1), (bx + bar, -2.5)], 0.04, (70, 62, 66), taper=(1, 1))
    with view.distant(z):
        pen.body(oval(-1.9, -2.9, 0.18, 0.26, steps=20), (74, 116, 190), depth=0.05)
    x, y = pen.placed([(-1.9, -2.9)])[0].tolist()
    if view.light.time in ("NIGHT", "EVENING", "DAWN"):
        view.canvas.glow(x, y, pen.unit * 2, (90, 130, 230), 0.8)
    paint_tree(view, -6.5, 9, 5.5, view.scene_rng)
    paint_lamp_post(view, 6, 8.5)
