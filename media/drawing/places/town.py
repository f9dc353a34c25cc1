"""Where people live: streets, the city, villages, a house from outside, a police post, palaces and temples."""

import random

import numpy as np

from media.drawing.canvas import bezier, oval, points, smooth
from media.drawing.colour import darker, lighter, mix
from media.drawing.places.buildings import paint_facing_house, paint_row, paint_skyline
from media.drawing.places.elements import (
    SNOW,
    grass_colour,
    is_snowy,
    paint_bush,
    paint_grass,
    paint_ground,
    paint_hills,
    paint_lamp_post,
    paint_sky,
    paint_tree,
)
from media.drawing.view import View


def _road_colour(view: View) -> tuple[int, int, int]:
    base = {"CHINESE": (204, 192, 170), "EUROPEAN": (182, 172, 160), "MODERN": (112, 114, 124)}[view.era]
    return mix(base, SNOW, 0.75 if is_snowy(view) else 0.0)


def _paint_road(view: View, half: float) -> None:
    canvas = view.canvas
    road = _road_colour(view)
    with view.distant(8):
        canvas.fill(view.quad([(-half, 0, 1.0), (half, 0, 1.0), (half, 0, 160), (-half, 0, 160)]), road)
        for side in (-1, 1):
            kerb = side * half
            canvas.fill(
                view.quad(
                    [(kerb, 0, 1.0), (kerb + side * 0.18, 0.12, 1.0), (kerb + side * 0.18, 0.12, 160), (kerb, 0, 160)]
                ),
                darker(road, 0.2),
            )
    if view.era == "MODERN":
        for z in np.arange(2, 60, 4.5):
            with view.distant(z):
                canvas.fill(
                    view.quad([(-0.09, 0, z), (0.09, 0, z), (0.09, 0, z + 2.2), (-0.09, 0, z + 2.2)]), (226, 226, 220)
                )
    elif view.era == "EUROPEAN":
        for _ in range(90):
            z = 1.5 + 22 * view.rng.random() ** 2
            x = view.rng.uniform(-half, half)
            with view.distant(z):
                pen = view.pen(x, z)
                canvas.stroke(
                    [pen.placed([(-0.16, 0)])[0], pen.placed([(0.16, 0.01)])[0]],
                    view.scale(z) * 0.04,
                    darker(road, 0.14),
                    0.6,
                )
    else:
        # Wheel ruts.
        for x in (-1.3, -0.3, 0.9, 1.7):
            with view.distant(6):
                canvas.stroke(
                    [view.at(x, 0, 1.6), view.at(x * 0.9, 0, 60)],
                    view.scale(2.2) * 0.05,
                    darker(road, 0.12),
                    0.55,
                    taper=(1, 0.1),
                )
    if view.light.weather == "RAIN":
        for _ in range(9):
            z = 2 + 14 * view.rng.random()
            pen = view.pen(view.rng.uniform(-half, half), z)
            with view.shining():
                pen.fill(oval(0, 0, view.rng.uniform(0.4, 1.0), 0.09), view.light.sky[0][1], 0.35)


def paint_street(view: View) -> None:
    half = {"CHINESE": 3.6, "EUROPEAN": 3.8, "MODERN": 4.6}[view.era]
    view.vanish_x = view.width * view.rng.uniform(0.3, 0.7)
    paint_sky(view)
    if view.era == "MODERN":
        paint_skyline(view, 120, 18, 60, (150, 166, 192))
    else:
        paint_skyline(view, 90, 3, 9, (150, 158, 178), windows=False)
    if view.era == "CHINESE" and any(word in view.words for word in ("门", "gate")):
        _paint_city_gate(view, 70)
    paint_ground(view, mix(_road_colour(view), (150, 140, 130), 0.3 if not is_snowy(view) else 0), specks=20)
    _paint_road(view, half)
    pavement = 1.6
    paint_row(view, -1, half + pavement, nearest=2.5, farthest=56)
    paint_row(view, 1, half + pavement, nearest=2.5, farthest=56)
    items = [
        (side * (half + 0.7), z, kind) for z in (28.0, 19.0, 12.0, 7.0) for side, kind in ((-1, "tree"), (1, "lamp"))
    ]
    for x, z, kind in items:
        if kind == "tree":
            paint_tree(view, x, z, 4.6, random.Random(view.scene_rng.random()))
        elif z > 8:
            paint_lamp_post(view, x, z)


def _paint_city_gate(view: View, z: float) -> None:
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


def _hall(view: View, pen: object, base: float, half: float, height: float) -> None:
    """A hall's storey with a swept roof, its foot at `base` in the pen's units (metres, y down)."""
    from media.drawing.pen import Pen

    assert isinstance(pen, Pen)
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


def paint_city(view: View) -> None:
    paint_sky(view)
    if view.era == "MODERN":
        paint_skyline(view, 220, 50, 130, (160, 178, 206))
        paint_skyline(view, 130, 24, 70, (132, 150, 184))
        paint_skyline(view, 70, 10, 28, (112, 128, 160))
        paint_ground(view, (120, 124, 134))
        _paint_road(view, 5)
        for side in (-1, 1):
            for z in (30.0, 20.0, 12.0):
                paint_tree(view, side * 7, z, 5, view.scene_rng)
                paint_lamp_post(view, side * 6, z - 2, 5)
        return
    paint_skyline(view, 160, 6, 16, (158, 164, 184), windows=False)
    if view.era == "CHINESE":
        _paint_city_gate(view, 95)
    paint_skyline(view, 70, 4, 8, (140, 138, 150))
    paint_ground(view, _road_colour(view))
    _paint_road(view, 6)
    for side in (-1, 1):
        for z, offset in ((44.0, 12), (30.0, 11), (20.0, 12)):
            paint_facing_house(
                view,
                side * offset,
                z,
                8,
                random.Random(view.scene_rng.random()),
                floors=2 if view.era == "EUROPEAN" else 1,
            )
        paint_tree(view, side * 8, 14, 5.5, view.scene_rng)


def paint_village(view: View) -> None:
    paint_sky(view)
    green = grass_colour(view)
    paint_hills(
        view,
        ((140, 160, 190), mix(green, (104, 140, 140), 0.5)),
        (0.24, 0.12),
        roughness=0.42,
        snow=0.4 if view.light.season == "WINTER" else 0,
    )
    paint_ground(view, green)
    path = mix((206, 188, 150), SNOW, 0.6 if is_snowy(view) else 0)
    bend = view.scene_rng.uniform(-3, 3)
    with view.distant(9):
        view.canvas.fill(
            smooth(
                [
                    view.at(-1.6, 0, 1.6),
                    view.at(-1.3 + bend * 0.3, 0, 6),
                    view.at(bend, 0, 20),
                    view.at(bend + 1.2, 0, 20),
                    view.at(1.6 + bend * 0.3, 0, 6),
                    view.at(1.8, 0, 1.6),
                ]
            ),
            path,
        )
    rng = view.scene_rng
    plan = [(-16, 40), (10, 36), (-9, 27), (15, 24), (-7.5, 15), (9, 13.5)]
    for x, z in plan:
        house_rng = random.Random(rng.random())
        thatch = (188, 158, 102) if house_rng.random() < 0.55 else None
        paint_facing_house(
            view,
            x + rng.uniform(-1, 1),
            z,
            rng.uniform(5, 7),
            house_rng,
            wall=(214, 198, 168) if view.era == "CHINESE" else None,
            roof=thatch,
        )
        paint_tree(view, x + rng.choice((-1, 1)) * 5, z - 1, rng.uniform(4, 6), house_rng)
    for x in np.arange(-9, 10, 1.2):
        if abs(x) < 3:
            continue
        pen = view.pen(float(x), 10)
        with view.distant(10):
            pen.stroke([(0, 0), (0, -0.9)], 0.08, (128, 98, 72), taper=(1, 1))
            pen.stroke([(-0.6, -0.65), (0.6, -0.6)], 0.06, (128, 98, 72), taper=(1, 1))
    paint_grass(view, green, 110, flowers=view.light.season in ("SPRING", "SUMMER"))


def paint_house(view: View) -> None:
    paint_sky(view)
    green = grass_colour(view)
    paint_hills(view, (mix(green, (130, 150, 170), 0.6),), (0.12,), roughness=0.4)
    paint_ground(view, green)
    with view.distant(8):
        view.canvas.fill(
            view.quad([(-1.2, 0, 1.2), (1.2, 0, 1.2), (0.9, 0, 15), (-0.9, 0, 15)]),
            mix((206, 192, 164), SNOW, 0.6 if is_snowy(view) else 0),
        )
    paint_tree(view, -8, 19, 7, view.scene_rng)
    paint_facing_house(view, 0, 15, 9, random.Random(view.scene_rng.random()), floors=2 if view.era != "CHINESE" else 1)
    paint_tree(view, 7.5, 12, 5.5, view.scene_rng)
    for x in (-4.6, -3.2, 3.2, 4.6):
        paint_bush(view, x, 13.5, 1.2, view.scene_rng)
    paint_grass(view, green, 80, flowers=True)


def paint_police_post(view: View) -> None:
    """A sober building with a gate, steps and a blue lamp."""
    paint_sky(view)
    road = _road_colour(view)
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
            for step in (-0.28, 0.0, 0.28):
                pen.stroke([(bx + step, -1.1), (bx + step, -2.5)], 0.04, (70, 62, 66), taper=(1, 1))
    with view.distant(z):
        pen.body(oval(-1.9, -2.9, 0.18, 0.26, steps=20), (74, 116, 190), depth=0.05)
    x, y = pen.placed([(-1.9, -2.9)])[0].tolist()
    if view.light.time in ("NIGHT", "EVENING", "DAWN"):
        view.canvas.glow(x, y, pen.unit * 2, (90, 130, 230), 0.8)
    paint_tree(view, -6.5, 9, 5.5, view.scene_rng)
    paint_lamp_post(view, 6, 8.5)
