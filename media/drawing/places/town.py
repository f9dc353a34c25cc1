"""Populated places: streets, the city, villages, a house from outside."""

import random

import numpy as np

from media.drawing.canvas import oval, smooth
from media.drawing.colour import darker, mix
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
from media.drawing.places.landmarks import paint_city_gate
from media.drawing.places.roads import road_colour
from media.drawing.places.view import View


def _paint_road(view: View, half: float) -> None:
    canvas = view.canvas
    road = road_colour(view)
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
        paint_city_gate(view, 70)
    paint_ground(view, mix(road_colour(view), (150, 140, 130), 0.3 if not is_snowy(view) else 0), specks=20)
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
        paint_city_gate(view, 95)
    paint_skyline(view, 70, 4, 8, (140, 138, 150))
    paint_ground(view, road_colour(view))
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
    is_cottage = any(
        word in view.words
        for word in ("cottage", "hut", "grandmother", "granny", "wood", "forest", "奶奶", "外婆", "小屋")
    )
    if is_cottage and view.era != "MODERN":
        # A small house under thatch, with the wood behind it.
        for x, z in ((-13.0, 24.0), (-6.5, 27.0), (0.5, 29.0), (7.0, 27.0), (12.5, 24.0)):
            paint_tree(view, x, z, 10.5, view.scene_rng)
        rng = random.Random(view.scene_rng.random())
        paint_facing_house(view, 0, 15, 7, rng, wall=(232, 214, 180), roof=(186, 142, 84))
    else:
        paint_facing_house(
            view, 0, 15, 9, random.Random(view.scene_rng.random()), floors=2 if view.era != "CHINESE" else 1
        )
    paint_tree(view, 7.5, 12, 5.5, view.scene_rng)
    for x in (-4.6, -3.2, 3.2, 4.6):
        paint_bush(view, x, 13.5, 1.2, view.scene_rng)
    paint_grass(view, green, 80, flowers=True)
