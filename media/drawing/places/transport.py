"""A railway platform with a train."""

import numpy as np

from media.drawing.canvas import limb, oval, points, smooth
from media.drawing.colour import darker, lighter, mix
from media.drawing.places.elements import SNOW, is_snowy, paint_ground, paint_hills, paint_lamp_post, paint_sky
from media.drawing.places.view import View


def paint_station(view: View) -> None:
    view.vanish_x = view.width * view.rng.uniform(0.32, 0.68)
    side = view.scene_rng.choice((-1, 1))
    paint_sky(view)
    paint_hills(view, ((150, 166, 190),), (0.1,))
    paint_ground(view, (150, 144, 138), specks=60)
    canvas = view.canvas
    for x in (side * 3.2, side * 4.7):
        with view.distant(8):
            canvas.stroke(
                [view.at(x, 0, 1.5), view.at(x, 0, 90)], view.scale(3.5) * 0.09, (92, 88, 96), taper=(1.4, 0.05)
            )
    for z in np.geomspace(2, 60, 26):
        with view.distant(float(z)):
            canvas.stroke(
                [view.at(side * 2.8, 0, z), view.at(side * 5.1, 0, z)],
                view.scale(float(z)) * 0.2,
                (112, 92, 80),
                0.8,
                taper=(1, 1),
            )
    _train(view, side)
    slab = mix((206, 200, 190), SNOW, 0.5 if is_snowy(view) else 0)
    with view.distant(5):
        canvas.fill(
            view.quad([(side * 2.2, 0.9, 1.0), (-side * 9, 0.9, 1.0), (-side * 9, 0.9, 90), (side * 2.2, 0.9, 90)]),
            slab,
        )
        canvas.fill(
            view.quad([(side * 2.2, 0.9, 1.0), (side * 2.2, 0.0, 1.0), (side * 2.2, 0.0, 90), (side * 2.2, 0.9, 90)]),
            darker(slab, 0.35),
        )
        canvas.fill(
            view.quad([(side * 1.9, 0.9, 1.0), (side * 1.65, 0.9, 1.0), (side * 1.65, 0.9, 90), (side * 1.9, 0.9, 90)]),
            (232, 200, 96),
        )
    _platform_roof(view, side)


def _train(view: View, side: int) -> None:
    body = view.scene_rng.choice(((52, 96, 84), (122, 48, 50), (60, 76, 120)))
    x, canvas = side * 3.0, view.canvas
    start = 5.0
    while start < 60:
        end = start + 11
        with view.distant((start + end) / 2):
            canvas.outlined(
                view.quad([(x, 0.7, start), (x, 3.6, start), (x, 3.6, end - 0.5), (x, 0.7, end - 0.5)]),
                body,
                darker(body, 0.5),
                view.line,
            )
            canvas.fill(
                view.quad(
                    [
                        (x, 3.6, start),
                        (x + side * 0.8, 4.1, start),
                        (x + side * 0.8, 4.1, end - 0.5),
                        (x, 3.6, end - 0.5),
                    ]
                ),
                darker(body, 0.4),
            )
            canvas.fill(
                view.quad(
                    [(x, 0.7, start), (x + side * 2.4, 0.7, start), (x + side * 2.4, 3.6, start), (x, 3.6, start)]
                ),
                darker(body, 0.3),
            )
            canvas.fill(
                view.quad([(x, 1.5, start), (x, 1.65, start), (x, 1.65, end - 0.5), (x, 1.5, end - 0.5)]),
                (226, 206, 150),
            )
            for window in range(5):
                z0 = start + 0.8 + window * 2
                pane = view.quad([(x, 2.0, z0), (x, 3.1, z0), (x, 3.1, z0 + 1.2), (x, 2.0, z0 + 1.2)])
                canvas.fill(pane, (170, 196, 214))
                if view.light.time in ("NIGHT", "EVENING", "DAWN"):
                    with view.shining():
                        canvas.fill(pane, view.window_light())
        start = end


def _platform_roof(view: View, side: int) -> None:
    canvas, iron = view.canvas, (72, 84, 92)
    with view.distant(12):
        canvas.fill(
            view.quad([(side * 1.5, 4.6, 3.2), (-side * 7, 5.4, 3.2), (-side * 7, 5.4, 60), (side * 1.5, 4.6, 60)]),
            darker(iron, 0.25),
        )
        canvas.fill(
            view.quad([(side * 1.5, 4.6, 3.2), (side * 1.5, 4.2, 3.2), (side * 1.5, 4.2, 60), (side * 1.5, 4.6, 60)]),
            lighter(iron, 0.2),
        )
    for z in (46.0, 32.0, 22.0, 14.0, 8.5):
        pen = view.pen(-side * 3.2, z, y=0.9)
        with view.distant(z):
            pen.body(limb([(0, 0), (0, -4.1)], [0.2, 0.16]), iron, depth=0.05)
            pen.stroke([(0, -3.2), (-0.9, -4.0)], 0.1, iron, taper=(1, 1))
            pen.stroke([(0, -3.2), (0.9, -3.9)], 0.1, iron, taper=(1, 1))
    pen = view.pen(-side * 1.2, 12, y=4.0, size=1.0)
    with view.distant(12):
        pen.stroke([(0, -0.6), (0, -0.3)], 0.05, iron, taper=(1, 1))
        pen.body(oval(0, 0, 0.42, 0.42, steps=30), (244, 240, 228), depth=0.04)
        pen.stroke([(0, 0), (0, -0.3)], 0.05, (40, 40, 50), taper=(1, 1))
        pen.stroke([(0, 0), (0.2, 0.08)], 0.05, (40, 40, 50), taper=(1, 1))
    bench = view.pen(-side * 4.4, 9, y=0.9)
    with view.distant(9):
        bench.body(smooth([(-1.0, -0.5), (1.0, -0.5), (1.0, -0.4), (-1.0, -0.4)]), (150, 108, 76), depth=0.0)
        bench.body(points([(-1.0, -0.95), (1.0, -0.95), (1.0, -0.7), (-1.0, -0.7)]), (150, 108, 76), depth=0.0)
        for x in (-0.8, 0.8):
            bench.stroke([(x, -0.9), (x, 0)], 0.07, (70, 60, 60), taper=(1, 1))
    paint_lamp_post(view, -side * 6, 16, 4)
