"""Places by the water: rivers and lakes, the sea, harbours, bridges."""

import numpy as np

from media.drawing.canvas import bezier, limb, points, smooth
from media.drawing.colour import Colour, darker, lighter, mix
from media.drawing.places.buildings import paint_skyline
from media.drawing.places.elements import SNOW, grass_colour, is_snowy, paint_grass, paint_hills, paint_sky, paint_tree
from media.drawing.places.view import View


def _paint_water(view: View, top: float, bottom: float) -> None:
    """Water mirrors the sky upside down, broken by dashes of light."""
    canvas, light = view.canvas, view.light
    deep: Colour = (44, 92, 128)
    mirrored = tuple((1 - place, mix(colour, deep, 0.22 + 0.4 * (1 - place))) for place, colour in reversed(light.sky))
    with view.shining():
        canvas.gradient(0, top, view.width, bottom, mirrored)
        for _ in range(150):
            share = view.rng.random() ** 1.5
            y = top + (bottom - top) * share + 1
            size = (3 + 46 * share) * view.width / 1280
            x = view.rng.random() * view.width
            colour = lighter(light.haze, 0.4) if view.rng.random() < 0.6 else mix(light.sky[0][1], deep, 0.6)
            canvas.stroke([(x - size, y), (x + size, y)], 0.6 + 2.6 * share, colour, 0.45, taper=(0.1, 0.1))


def paint_sea(view: View) -> None:
    paint_sky(view, clouds=6)
    shore = view.height * (0.86 if view.horizon < view.height * 0.8 else 0.98)
    _paint_water(view, view.horizon, view.height)
    sand = mix((232, 212, 168), SNOW, 0.6 if is_snowy(view) else 0)
    bend = view.rng.uniform(-0.06, 0.06) * view.height
    beach = np.vstack(
        [
            bezier((-10, shore + bend), (view.width * 0.5, shore - bend - 20), (view.width + 10, shore - bend), 24),
            points([(view.width + 10, view.height + 10), (-10, view.height + 10)]),
        ]
    )
    with view.distant(4):
        view.canvas.fill(beach - [0, view.height * 0.022], (244, 250, 252), 0.8)
        view.canvas.fill(beach - [0, view.height * 0.012], mix(sand, (120, 130, 140), 0.3))
        view.canvas.fill(beach, sand)
    _boat(view, view.rng.uniform(0.15, 0.85) * view.width, view.horizon + view.height * 0.012, view.height * 0.07)


def paint_lighthouse(view: View) -> None:
    """The sea with a red and white tower on a rock; its lamp shines."""
    paint_sea(view)
    # Where the tower stands is the place's own; the camera does not move it to the other side.
    x = view.width * (0.24 if view.scene_rng.random() < 0.5 else 0.76)
    foot = view.horizon + view.height * 0.05
    tall = min(view.height * 0.42, foot * 0.86)
    wide, lamp = tall * 0.13, foot - tall
    with view.distant(30):
        rock = bezier(
            (x - tall * 0.5, foot + tall * 0.06), (x, foot - tall * 0.2), (x + tall * 0.55, foot + tall * 0.06), 20
        )
        view.canvas.fill(rock, (96, 90, 92))
        for band in range(5):
            low, high = band / 5, (band + 1) / 5
            corners = [
                (x + side * wide * (1 - 0.4 * share), foot - tall * (0.06 + 0.76 * share))
                for share, side in ((low, -1), (low, 1), (high, 1), (high, -1))
            ]
            view.canvas.fill(points(corners), (188, 60, 54) if band % 2 else (238, 234, 224))
        gallery = foot - tall * 0.82
        view.canvas.fill(
            points(
                [
                    (x - wide * 0.8, gallery),
                    (x + wide * 0.8, gallery),
                    (x + wide * 0.8, gallery - 0.03 * tall),
                    (x - wide * 0.8, gallery - 0.03 * tall),
                ]
            ),
            (70, 66, 74),
        )
        view.canvas.fill(
            points([(x - wide * 0.6, lamp + 0.07 * tall), (x + wide * 0.6, lamp + 0.07 * tall), (x, lamp)]),
            (150, 50, 48),
        )
    with view.shining():
        view.canvas.fill(
            points(
                [
                    (x - wide * 0.45, gallery - 0.03 * tall),
                    (x + wide * 0.45, gallery - 0.03 * tall),
                    (x + wide * 0.45, lamp + 0.07 * tall),
                    (x - wide * 0.45, lamp + 0.07 * tall),
                ]
            ),
            view.window_light(),
        )
    view.canvas.glow(x, gallery - 0.06 * tall, tall * 0.3, (110, 96, 60), 0.8)


def _boat(view: View, x: float, y: float, size: float) -> None:
    with view.distant(60):
        view.canvas.fill(
            smooth(
                [
                    (x - size * 0.6, y - size * 0.12),
                    (x + size * 0.62, y - size * 0.16),
                    (x + size * 0.4, y + size * 0.06),
                    (x - size * 0.42, y + size * 0.06),
                ]
            ),
            (92, 66, 60),
        )
        view.canvas.fill(
            points([(x, y - size * 1.2), (x, y - size * 0.2), (x + size * 0.55, y - size * 0.22)]), (240, 234, 222)
        )
        view.canvas.fill(
            points(
                [(x - size * 0.05, y - size), (x - size * 0.05, y - size * 0.2), (x - size * 0.42, y - size * 0.22)]
            ),
            (222, 212, 200),
        )


def paint_river(view: View) -> None:
    paint_sky(view)
    green = grass_colour(view)
    paint_hills(view, ((140, 160, 190), mix(green, (104, 140, 140), 0.45)), (0.24, 0.12), roughness=0.42)
    _paint_water(view, view.horizon, view.height)
    side = view.scene_rng.choice((-1, 1))
    with view.distant(14):
        far = bezier(
            (-10, view.horizon + view.height * 0.03),
            (view.width / 2, view.horizon + view.height * 0.015),
            (view.width + 10, view.horizon + view.height * 0.035),
            20,
        )
        view.canvas.fill(
            np.vstack([far, points([(view.width + 10, view.horizon - 2), (-10, view.horizon - 2)])]), darker(green, 0.1)
        )
    for x in (-26, -15, 14, 25):
        paint_tree(view, x, 44, view.scene_rng.uniform(5, 8), view.scene_rng)
    low = view.height * 0.8
    near = bezier(
        (-10, low + side * view.height * 0.09),
        (view.width * 0.5, low),
        (view.width + 10, low - side * view.height * 0.09),
        24,
    )
    with view.distant(3):
        view.canvas.fill(
            np.vstack([near - [0, 4], points([(view.width + 10, view.height + 10), (-10, view.height + 10)])]),
            darker(green, 0.3),
        )
        view.canvas.fill(
            np.vstack([near, points([(view.width + 10, view.height + 10), (-10, view.height + 10)])]), green
        )
    kept, view.horizon = view.horizon, low + view.height * 0.05
    paint_grass(view, green, 60, flowers=view.light.season == "SPRING")
    view.horizon = kept


def paint_harbour(view: View) -> None:
    paint_sky(view)
    paint_skyline(view, 120, 5, 16 if view.era != "MODERN" else 40, (150, 160, 182))
    _paint_water(view, view.horizon, view.height)
    for step in range(3):
        _boat(
            view,
            (0.15 + 0.34 * step + view.rng.uniform(-0.08, 0.08)) * view.width,
            view.horizon + view.height * (0.03 + 0.03 * step),
            view.height * (0.13 + 0.06 * step),
        )
    wood = mix((156, 126, 96), SNOW, 0.5 if is_snowy(view) else 0)
    with view.distant(5):
        deck = view.quad([(-3.4, 0, 1.2), (3.4, 0, 1.2), (2.6, 0, 26), (-2.6, 0, 26)])
        view.canvas.outlined(deck, wood, darker(wood, 0.5), view.line * 2)
        z = 1.6
        while z < 26:
            view.canvas.stroke(
                [view.at(-3.4, 0, z), view.at(3.4, 0, z)], view.scale(z) * 0.03, darker(wood, 0.3), 0.8, taper=(1, 1)
            )
            z *= 1.12
    for z in (20.0, 12.0, 7.0, 4.2):
        for side in (-1, 1):
            pen = view.pen(side * 3.0, z)
            with view.distant(z):
                pen.body(limb([(0, 0.1), (0, -1.0)], [0.26, 0.24]), darker(wood, 0.25), depth=0.06)


def paint_bridge(view: View) -> None:
    """Seen from the bank: an arched bridge across the water; the ground in front is its foot."""
    paint_river(view)
    stone = mix((176, 170, 164), SNOW, 0.35 if is_snowy(view) else 0)
    z = 18.0
    pen = view.pen(view.scene_rng.uniform(-2, 2), z)
    with view.distant(z):
        outer = np.vstack(
            [
                bezier((-13, 0.2), (0, -6.6), (13, 0.2), 26),
                points([(13, 1.4), (5.6, 1.4)]),
                bezier((5.6, 1.2), (0, -4.6), (-5.6, 1.2), 22),
                points([(-5.6, 1.4), (-13, 1.4)]),
            ]
        )
        pen.body(outer, stone, depth=0.4)
        for share in np.linspace(-0.92, 0.92, 19):
            x = 13 * share
            y = 0.2 - 3.4 * (1 - share * share)
            pen.body(
                points([(x - 0.14, y), (x + 0.14, y), (x + 0.14, y - 1.1), (x - 0.14, y - 1.1)]),
                lighter(stone, 0.15),
                depth=0.0,
            )
        rail = bezier((-12.4, -0.9), (0, -7.5), (12.4, -0.9), 26)
        pen.stroke(rail, 0.26, lighter(stone, 0.2), taper=(1, 1))
