"""Open country: fields, forests, mountains, snow, desert, gardens, the sky and space."""

import math
import random

import numpy as np

from media.drawing.canvas import bezier, oval, points, smooth
from media.drawing.colour import darker, lighter, mix
from media.drawing.places.elements import (
    SNOW,
    grass_colour,
    is_snowy,
    paint_bush,
    paint_grass,
    paint_ground,
    paint_hills,
    paint_sky,
    paint_tree,
)
from media.drawing.places.view import View


def _scatter(view: View, count: int, nearest: float, farthest: float, clear: float) -> list[tuple[float, float]]:
    """Places (x, z) in metres, far ones first, none within `clear` metres of the middle."""
    rng = view.scene_rng
    places = []
    for _ in range(count):
        z = nearest + (farthest - nearest) * rng.random() ** 1.3
        left, right = view.visible_x(z)
        x = rng.uniform(left * 1.15, right * 1.15)
        if abs(x) < clear:
            x = math.copysign(clear + abs(x) * 0.5, x)
        places.append((x, z))
    return sorted(places, key=lambda place: -place[1])


def _path(view: View, colour: tuple[int, int, int], width: float = 1.6) -> None:
    bend = view.scene_rng.uniform(-4, 4)
    left, right = [], []
    for z in (2.0, 3, 4.5, 7, 11, 18, 30, 60):
        drift = bend * math.sin(z / 9)
        left.append(view.at(drift - width, 0, z))
        right.append(view.at(drift + width, 0, z))
    with view.distant(8):
        view.canvas.fill(smooth([*left, *right[::-1]], 4), colour)


def paint_open(view: View) -> None:
    """Where no place is named: gentle hills under a wide sky."""
    paint_sky(view)
    green = grass_colour(view)
    paint_hills(
        view,
        (mix(green, (120, 150, 176), 0.6), mix(green, (90, 130, 130), 0.35), green),
        (0.2, 0.13, 0.07),
        roughness=0.36,
    )
    paint_ground(view, green)
    _path(view, mix((206, 190, 156), SNOW, 0.7 if is_snowy(view) else 0))
    for x, z in _scatter(view, 6, 9, 45, 3.5):
        paint_tree(view, x, z, view.scene_rng.uniform(3.5, 6), view.scene_rng)
    paint_grass(view, green, 110, flowers=view.light.season in ("SPRING", "SUMMER"))


def paint_field(view: View) -> None:
    paint_sky(view, clouds=6)
    green = grass_colour(view)
    paint_hills(
        view, (mix(green, (130, 150, 180), 0.65), mix(green, (100, 130, 130), 0.3)), (0.1, 0.06), roughness=0.36
    )
    paint_ground(view, green, specks=40)
    if any(word in view.words for word in ("田", "麦", "瓜", "farm", "harvest", "crop")):
        for column in range(-14, 15):
            with view.distant(12):
                view.canvas.stroke(
                    [view.at(column * 1.8, 0, 2.2), view.at(column * 1.8, 0, 70)],
                    2.2,
                    darker(green, 0.3),
                    0.4,
                    taper=(1, 0.1),
                )
    if "瓜" in view.words or "melon" in view.words:
        for x, z in _scatter(view, 16, 4, 14, 0.8):
            pen = view.pen(x, z, size=0.5)
            with view.distant(z):
                pen.body(oval(0, -0.3, 0.5, 0.34), (72, 128, 74), depth=0.1)
                for dx in (-0.25, 0, 0.25):
                    pen.stroke(bezier((dx, -0.62), (dx * 1.8, -0.3), (dx, 0.02)), 0.05, (44, 88, 56))
    for x, z in _scatter(view, 4, 25, 60, 6):
        paint_tree(view, x, z, view.scene_rng.uniform(4, 7), view.scene_rng)
    paint_grass(view, green, 170, flowers=view.light.season == "SPRING")


def paint_forest(view: View) -> None:
    paint_sky(view, clouds=1)
    green = grass_colour(view)
    pines = view.light.season == "WINTER" or any(word in view.words for word in ("松", "pine"))
    kind = "BAMBOO" if any(word in view.words for word in ("竹", "bamboo")) else "PINE" if pines else None
    # A wall of leaves far behind, then trunks in rows.
    for layer, (far, share) in enumerate(((60.0, 0.30), (38.0, 0.22))):
        rng = random.Random(view.scene_rng.random())
        wall = (96, 134, 110) if layer == 0 else (80, 118, 92)
        with view.distant(far):
            for step in range(26):
                x = (step / 25 * 1.1 - 0.05) * view.width
                radius = view.height * share * rng.uniform(0.35, 0.6)
                view.canvas.fill(
                    oval(x, view.horizon - view.height * share * rng.uniform(0.5, 0.9), radius * 0.6, radius, steps=20),
                    mix(wall, SNOW, 0.5 if is_snowy(view) else 0),
                )
    paint_ground(view, mix(green, (96, 92, 70), 0.35), specks=90)
    _path(view, mix((176, 156, 118), SNOW, 0.7 if is_snowy(view) else 0), 1.1)
    for x, z in _scatter(view, 26, 6, 34, 2.4):
        paint_tree(view, x, z, view.scene_rng.uniform(7, 11), view.scene_rng, kind=kind)
    paint_grass(view, green, 120, flowers=view.light.season in ("SPRING", "SUMMER"))
    if not view.light.is_dark and view.light.weather in (None, "SUN"):
        for _ in range(4):
            x = view.rng.uniform(0.1, 0.9) * view.width
            wide = view.width * view.rng.uniform(0.03, 0.07)
            with view.shining():
                view.canvas.fill(
                    [
                        (x, 0),
                        (x + wide, 0),
                        (x + wide * 3.2 - view.width * 0.1, view.height),
                        (x - view.width * 0.1, view.height),
                    ],
                    view.light.sunlight,
                    0.1,
                )


def paint_mountain(view: View) -> None:
    paint_sky(view)
    snow = 0.5 if view.light.season == "WINTER" else 0.24
    paint_hills(view, ((140, 156, 190), (112, 132, 160), (92, 118, 116)), (0.42, 0.28, 0.13), roughness=0.52, snow=snow)
    green = grass_colour(view)
    paint_ground(view, green)
    _path(view, mix((190, 178, 154), SNOW, 0.6 if is_snowy(view) else 0), 1.2)
    for x, z in _scatter(view, 16, 12, 60, 4):
        paint_tree(view, x, z, view.scene_rng.uniform(4, 7), view.scene_rng, kind="PINE")
    for x, z in _scatter(view, 7, 5, 18, 2.5):
        pen = view.pen(x, z, size=view.scene_rng.uniform(0.5, 1.3))
        with view.distant(z):
            pen.body(
                points([(-0.6, 0), (-0.45, -0.4), (-0.1, -0.62), (0.3, -0.5), (0.6, 0)]), (140, 138, 142), depth=0.16
            )
    paint_grass(view, green, 70)


def paint_snowland(view: View) -> None:
    paint_sky(view, clouds=3)
    paint_hills(view, ((176, 192, 220), (196, 210, 232)), (0.3, 0.16), roughness=0.5, snow=0.75)
    paint_ground(view, SNOW, specks=30, speck=(196, 210, 230))
    for _ in range(5):
        y = view.horizon + (view.height - view.horizon) * view.rng.uniform(0.15, 1)
        x = view.rng.uniform(-0.2, 0.8) * view.width
        with view.distant(10):
            view.canvas.stroke(
                bezier((x, y), (x + view.width * 0.2, y - 16), (x + view.width * 0.5, y + 4), 12),
                view.height * 0.014,
                (204, 218, 238),
                0.7,
            )
    for x, z in _scatter(view, 12, 12, 70, 4):
        paint_tree(view, x, z, view.scene_rng.uniform(4, 7), view.scene_rng, kind="PINE")


def paint_desert(view: View) -> None:
    paint_sky(view, clouds=1)
    sand = (228, 190, 132)
    for layer in range(4):
        rng = random.Random(view.scene_rng.random())
        y = view.horizon + (view.height - view.horizon) * (0.0, 0.12, 0.34, 0.66)[layer]
        lift = view.height * (0.07 + 0.03 * layer)
        peak = rng.uniform(0.2, 0.8) * view.width
        crest = smooth(
            [
                (-50, y),
                (peak * 0.5, y - lift * 0.5),
                (peak, y - lift),
                ((peak + view.width) / 2, y - lift * 0.2),
                (view.width + 50, y),
            ],
            8,
            closed=False,
        )
        shape = np.vstack([crest, [[view.width + 50, view.height + 5], [-50, view.height + 5]]])
        with view.distant(70 - 20 * layer):
            view.canvas.fill(shape, lighter(sand, 0.1 * (3 - layer)))
            shade = np.vstack(
                [
                    bezier((peak, y - lift), (peak + lift, y), (peak - lift * 0.4, view.height), 12),
                    [[view.width + 50, view.height]],
                    crest[crest[:, 0] > peak][::-1],
                ]
            )
            with view.canvas.clipped(shape):
                view.canvas.fill(shade, darker(sand, 0.16), 0.8)


def paint_garden(view: View) -> None:
    paint_sky(view, clouds=3)
    green = grass_colour(view)
    rng = view.scene_rng
    with view.distant(22):
        # A wall closes the garden; an old Chinese one has a round gate.
        view.canvas.fill(view.quad([(-30, 0, 20), (30, 0, 20), (30, 2.6, 20), (-30, 2.6, 20)]), (226, 218, 204))
        view.canvas.fill(view.quad([(-30, 2.55, 20), (30, 2.55, 20), (30, 2.95, 20), (-30, 2.95, 20)]), (86, 88, 98))
        if view.era == "CHINESE":
            x, y = view.at(rng.uniform(-5, 5), 1.25, 20)
            radius = view.scale(20) * 1.25
            view.canvas.fill(oval(x, y, radius * 1.1, radius * 1.1, steps=40), (140, 136, 136))
            view.canvas.fill(oval(x, y, radius, radius, steps=40), mix(green, (70, 100, 90), 0.5))
    paint_ground(view, green)
    _path(view, (212, 204, 190), 0.9)
    for x, z in _scatter(view, 5, 12, 18, 3):
        paint_tree(view, x, z, rng.uniform(4, 6), rng)
    for x, z in _scatter(view, 14, 5, 17, 2):
        paint_bush(view, x, z, rng.uniform(0.8, 1.4), rng)
        if view.light.season != "WINTER":
            pen = view.pen(x, z, size=1.0)
            with view.distant(z):
                for _ in range(8):
                    pen.fill(
                        oval(rng.uniform(-0.6, 0.6), rng.uniform(-0.8, -0.1), 0.06, 0.055, steps=10),
                        rng.choice(((240, 120, 140), (252, 226, 130), (250, 244, 244))),
                    )
    paint_grass(view, green, 110, flowers=view.light.season != "WINTER")


def paint_sky_only(view: View) -> None:
    """High above: sky all the way down, and a floor of cloud."""
    view.horizon = view.height * 0.98
    paint_sky(view, clouds=11)


def paint_space(view: View) -> None:
    canvas, rng = view.canvas, view.rng
    with view.canvas.toned(view.light.raw()):
        canvas.gradient(0, 0, view.width, view.height, ((0, (8, 10, 28)), (0.6, (24, 20, 60)), (1, (14, 14, 40))))
        for _ in range(220):
            size = rng.uniform(0.4, 1.6) * view.height / 720
            canvas.fill(
                oval(rng.random() * view.width, rng.random() * view.height, size, size, steps=8),
                (230, 236, 255),
                rng.uniform(0.3, 1),
            )
    for colour in ((120, 60, 160), (50, 90, 170), (150, 70, 110)):
        canvas.glow(
            rng.random() * view.width, rng.random() * view.height, view.height * rng.uniform(0.4, 0.8), colour, 0.55
        )
    x, y, radius = (
        view.width * rng.choice((0.22, 0.78)),
        view.height * rng.uniform(0.2, 0.4),
        view.height * rng.uniform(0.12, 0.2),
    )
    hue = view.scene_rng.choice(((206, 150, 110), (120, 160, 200), (170, 130, 180)))
    with view.canvas.toned(view.light.raw()):
        disc = oval(x, y, radius, radius, steps=60)
        canvas.cel(disc, hue, darker(hue, 0.55), (-radius * 0.35, -radius * 0.2))
        ring = oval(x, y, radius * 1.7, radius * 0.3, 0.3, 60)
        canvas.stroke(ring[:34], radius * 0.07, lighter(hue, 0.4), 0.8)
    view.horizon = view.height * 0.8
    paint_ground_rock = smooth(
        [
            (-20, view.height * 0.86),
            (view.width * 0.3, view.height * 0.8),
            (view.width * 0.7, view.height * 0.83),
            (view.width + 20, view.height * 0.8),
            (view.width + 20, view.height + 20),
            (-20, view.height + 20),
        ]
    )
    with view.canvas.toned(view.light.raw()):
        canvas.fill(paint_ground_rock, (70, 66, 92))
