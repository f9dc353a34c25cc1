"""Interiors: a room at home, a shop or inn, an office, a classroom."""

import random

import numpy as np

from media.drawing.canvas import Points, bezier, oval, points, smooth
from media.drawing.colour import Colour, darker, lighter, mix
from media.drawing.places.view import View

_WALLS: tuple[Colour, ...] = ((226, 210, 184), (204, 212, 206), (220, 200, 188), (200, 206, 220), (230, 222, 200))


class _Box:
    """The room's shell: back wall at `deep` metres, side walls at -half and half, ceiling at `tall`."""

    def __init__(
        self, view: View, wall: Colour, floor: Colour, *, half: float = 4.0, deep: float = 7.0, tall: float = 3.2
    ) -> None:
        self.view, self.wall, self.half, self.deep, self.tall = view, wall, half, deep, tall
        near = 0.6
        canvas = view.canvas
        with view.distant(2):
            canvas.rectangle(0, 0, view.width, view.height, wall)
            canvas.fill(
                view.quad([(-half, 0, near), (-half, tall, near), (-half, tall, deep), (-half, 0, deep)]),
                darker(wall, 0.16),
            )
            canvas.fill(
                view.quad([(half, 0, near), (half, tall, near), (half, tall, deep), (half, 0, deep)]),
                darker(wall, 0.24),
            )
            canvas.fill(
                view.quad([(-half, tall, near), (half, tall, near), (half, tall, deep), (-half, tall, deep)]),
                lighter(wall, 0.35),
            )
            canvas.fill(view.quad([(-half, 0, near), (half, 0, near), (half, 0, deep), (-half, 0, deep)]), floor)
            for step in np.linspace(-half, half, 13):
                canvas.stroke(
                    [view.at(step, 0, near), view.at(step, 0, deep)],
                    view.line * 1.2,
                    darker(floor, 0.28),
                    0.7,
                    taper=(1, 1),
                )
            edge = darker(wall, 0.45)
            for corner in (-half, half):
                canvas.stroke([view.at(corner, 0, deep), view.at(corner, tall, deep)], view.line, edge, taper=(1, 1))
            canvas.fill(
                view.quad([(-half, 0, deep), (half, 0, deep), (half, 0.16, deep), (-half, 0.16, deep)]),
                darker(floor, 0.3),
            )

    def on_back(self, x0: float, y0: float, x1: float, y1: float) -> Points:
        return self.view.quad([(x0, y0, self.deep), (x1, y0, self.deep), (x1, y1, self.deep), (x0, y1, self.deep)])

    def window(self, x: float, *, low: float = 1.1, high: float = 2.5, half: float = 0.85) -> None:
        """A window in the back wall, with the sky of the time of day behind it and its light on the floor."""
        view, canvas = self.view, self.view.canvas
        frame = (128, 90, 66)
        with view.distant(2):
            canvas.fill(self.on_back(x - half - 0.12, low - 0.12, x + half + 0.12, high + 0.12), frame)
        pane = self.on_back(x - half, low, x + half, high)
        box = (pane[:, 0].min(), pane[:, 1].min(), pane[:, 0].max(), pane[:, 1].max())
        with view.shining():
            canvas.gradient(*box, view.light.sky)
            if view.light.is_dark:
                px, py = box[0] + (box[2] - box[0]) * 0.72, box[1] + (box[3] - box[1]) * 0.28
                canvas.fill(oval(px, py, (box[2] - box[0]) * 0.07, (box[2] - box[0]) * 0.07), (250, 246, 224))
        with view.distant(2):
            size = view.scale(self.deep) * 0.06
            canvas.stroke([view.at(x, low, self.deep), view.at(x, high, self.deep)], size, frame, taper=(1, 1))
            canvas.stroke(
                [view.at(x - half, (low + high) / 2, self.deep), view.at(x + half, (low + high) / 2, self.deep)],
                size,
                frame,
                taper=(1, 1),
            )
            if view.era != "CHINESE":
                for side in (-1, 1):
                    drape = self.on_back(x + side * (half + 0.3), low - 0.3, x + side * (half - 0.25), high + 0.25)
                    canvas.outlined(drape, (178, 112, 104), darker((178, 112, 104), 0.5), view.line)
        if not view.light.is_dark:
            with view.shining():
                slant = view.rng.uniform(-1, 1)
                canvas.fill(
                    view.quad(
                        [
                            (x - half, 0.01, self.deep - 0.6),
                            (x + half, 0.01, self.deep - 0.6),
                            (x + half * 1.5 + slant, 0.01, self.deep - 3.4),
                            (x - half * 1.3 + slant, 0.01, self.deep - 3.4),
                        ]
                    ),
                    view.light.sunlight,
                    0.28,
                )
            canvas.glow(
                (box[0] + box[2]) / 2, (box[1] + box[3]) / 2, view.scale(self.deep) * 2.2, view.light.sunlight, 0.25
            )


def _lamp(view: View, x: float, z: float, y: float) -> None:
    pen = view.pen(x, z, y=y)
    with view.distant(2):
        pen.stroke([(0, -(3.2 - y)), (0, -0.3)], 0.03, (60, 50, 50), taper=(1, 1))
        pen.body(points([(-0.16, -0.3), (0.16, -0.3), (0.36, 0.02), (-0.36, 0.02)]), (206, 150, 92), depth=0.05)
    if view.light.time in ("NIGHT", "EVENING"):
        px, py = pen.placed([(0, 0.05)])[0].tolist()
        view.canvas.glow(px, py, pen.unit * 3.2, (255, 188, 104), 0.65)


def _table(
    view: View,
    x: float,
    z: float,
    *,
    wide: float = 1.4,
    deep: float = 0.8,
    tall: float = 0.76,
    colour: Colour = (150, 104, 72),
) -> None:
    canvas = view.canvas
    with view.distant(2):
        for dx in (-wide / 2 + 0.08, wide / 2 - 0.08):
            for dz in (deep, 0.0):
                foot, top = view.at(x + dx, 0, z + dz), view.at(x + dx, tall, z + dz)
                canvas.stroke([foot, top], view.scale(z) * 0.07, darker(colour, 0.3), taper=(1, 1))
        canvas.outlined(
            view.quad(
                [
                    (x - wide / 2, tall, z),
                    (x + wide / 2, tall, z),
                    (x + wide / 2, tall, z + deep),
                    (x - wide / 2, tall, z + deep),
                ]
            ),
            lighter(colour, 0.12),
            darker(colour, 0.6),
            view.line,
        )
        canvas.outlined(
            view.quad(
                [
                    (x - wide / 2, tall, z),
                    (x + wide / 2, tall, z),
                    (x + wide / 2, tall - 0.12, z),
                    (x - wide / 2, tall - 0.12, z),
                ]
            ),
            colour,
            darker(colour, 0.6),
            view.line,
        )


def _chair(view: View, x: float, z: float, colour: Colour = (132, 88, 62)) -> None:
    pen = view.pen(x, z)
    with view.distant(2):
        for dx in (-0.22, 0.22):
            pen.stroke([(dx, 0), (dx, -0.46)], 0.05, darker(colour, 0.2), taper=(1, 1))
        pen.body(points([(-0.26, -0.42), (0.26, -0.42), (0.24, -0.5), (-0.24, -0.5)]), colour, depth=0.0)
        pen.body(points([(-0.24, -0.5), (0.24, -0.5), (0.22, -1.0), (-0.22, -1.0)]), darker(colour, 0.1), depth=0.04)


def _shelf(box: _Box, x0: float, x1: float, y0: float, y1: float, rows: int, rng: random.Random, *, jars: bool) -> None:
    """Shelves on the back wall with books or jars."""
    view, canvas = box.view, box.view.canvas
    wood = (132, 92, 66)
    with view.distant(2):
        canvas.outlined(box.on_back(x0, y0, x1, y1), darker(wood, 0.35), darker(wood, 0.6), view.line)
        for row in range(rows):
            low = y0 + (y1 - y0) * row / rows
            room = (y1 - y0) / rows
            x = x0 + 0.08
            while x < x1 - 0.16:
                wide = rng.uniform(0.14, 0.24) if jars else rng.uniform(0.06, 0.12)
                tall = room * rng.uniform(0.55, 0.82)
                colour = mix(
                    rng.choice(
                        ((170, 70, 60), (70, 100, 130), (200, 170, 110), (90, 120, 90), (220, 210, 190), (110, 80, 110))
                    ),
                    wood,
                    0.25,
                )
                if rng.random() < 0.88:
                    shape = box.on_back(x, low + 0.05, x + wide * 0.9, low + 0.05 + tall)
                    canvas.fill(smooth(shape, 3) if jars else shape, colour)
                x += wide
            canvas.fill(box.on_back(x0, low, x1, low + 0.06), wood)


def _picture(box: _Box, x: float, rng: random.Random) -> None:
    """A framed landscape, or a hanging scroll."""
    view, canvas = box.view, box.view.canvas
    with view.distant(2):
        if view.era == "CHINESE":
            canvas.fill(box.on_back(x - 0.34, 1.0, x + 0.34, 2.7), (236, 228, 208))
            canvas.stroke(
                [view.at(x - 0.4, 2.72, box.deep), view.at(x + 0.4, 2.72, box.deep)],
                view.scale(box.deep) * 0.06,
                (96, 66, 52),
                taper=(1, 1),
            )
            hill = smooth(
                [
                    view.at(x - 0.3, 1.5, box.deep),
                    view.at(x - 0.1, 2.0 + rng.uniform(0, 0.3), box.deep),
                    view.at(x + 0.1, 1.7, box.deep),
                    view.at(x + 0.3, 1.4, box.deep),
                    view.at(x, 1.35, box.deep),
                ]
            )
            canvas.fill(hill, (120, 124, 128))
        else:
            canvas.fill(box.on_back(x - 0.55, 1.5, x + 0.55, 2.35), (150, 110, 62))
            canvas.fill(box.on_back(x - 0.47, 1.58, x + 0.47, 2.27), (186, 208, 214))
            canvas.fill(box.on_back(x - 0.47, 1.58, x + 0.47, 1.85), (122, 154, 112))


def paint_room(view: View) -> None:
    rng = view.scene_rng
    box = _Box(view, rng.choice(_WALLS), (168, 128, 92))
    side = rng.choice((-1, 1))
    box.window(side * 1.3)
    _picture(box, -side * 0.9, rng)
    _shelf(box, -side * 2.8 - 0.9, -side * 2.8 + 0.9, 0.0, 2.2, 4, rng, jars=False)
    with view.distant(2):
        rug = smooth(
            [view.at(-1.6, 0.01, 3.2), view.at(1.6, 0.01, 3.2), view.at(1.4, 0.01, 5.4), view.at(-1.4, 0.01, 5.4)], 6
        )
        view.canvas.fill(rug, (170, 84, 78))
        view.canvas.fill((rug - rug.mean(axis=0)) * 0.8 + rug.mean(axis=0), (206, 150, 120))
    if not view.is_bed_taken and any(
        word in view.words for word in ("床", "卧", "病", "bed", "hospital", "grandmother", "奶奶", "外婆")
    ):
        _bed(view, side * 2.6, 4.4)
    else:
        _chair(view, side * 2.9, 5.9)
        _table(view, side * 2.2, 5.0)
    if any(word in view.words for word in ("炉", "火", "fire", "hearth", "grate")):
        _hearth(box, -side * 1.0)
    _lamp(view, 0.0, 5.2, 2.5)


def _hearth(box: _Box, x: float) -> None:
    view = box.view
    with view.distant(2):
        view.canvas.outlined(box.on_back(x - 0.9, 0, x + 0.9, 1.4), (158, 126, 112), (84, 62, 58), view.line)
        view.canvas.fill(box.on_back(x - 1.05, 1.4, x + 1.05, 1.55), (120, 82, 60))
        view.canvas.fill(box.on_back(x - 0.6, 0, x + 0.6, 0.95), (52, 38, 38))
    px, py = view.at(x, 0.3, box.deep)
    with view.shining():
        size = view.scale(box.deep)
        for tint, share in (((232, 96, 40), 1.0), ((252, 190, 80), 0.6)):
            flame = smooth(
                [
                    (px - 0.34 * size * share, py + 0.28 * size),
                    (px - 0.2 * size * share, py - 0.2 * size * share),
                    (px, py - 0.55 * size * share),
                    (px + 0.24 * size * share, py - 0.1 * size * share),
                    (px + 0.34 * size * share, py + 0.28 * size),
                ]
            )
            view.canvas.fill(flame, tint)
    view.canvas.glow(px, py, view.scale(box.deep) * 2.4, (255, 140, 60), 0.6)


def _bed(view: View, x: float, z: float) -> None:
    canvas = view.canvas
    with view.distant(2):
        canvas.outlined(
            view.quad([(x - 1, 0.55, z), (x + 1, 0.55, z), (x + 1, 0.55, z + 2), (x - 1, 0.55, z + 2)]),
            (238, 232, 222),
            (110, 90, 84),
            view.line,
        )
        canvas.outlined(
            view.quad([(x - 1, 0.55, z), (x + 1, 0.55, z), (x + 1, 0.1, z), (x - 1, 0.1, z)]),
            (122, 152, 180),
            (70, 70, 96),
            view.line,
        )
        canvas.fill(
            view.quad([(x - 1, 0.56, z), (x + 1, 0.56, z), (x + 1, 0.56, z + 1.2), (x - 1, 0.56, z + 1.2)]),
            (142, 172, 198),
        )
        canvas.outlined(
            smooth(
                view.quad(
                    [
                        (x - 0.6, 0.62, z + 1.5),
                        (x + 0.6, 0.62, z + 1.5),
                        (x + 0.6, 0.8, z + 1.9),
                        (x - 0.6, 0.8, z + 1.9),
                    ]
                )
            ),
            (250, 248, 244),
            (150, 140, 140),
            view.line,
        )


def paint_shop(view: View) -> None:
    rng = view.scene_rng
    box = _Box(view, rng.choice(((206, 176, 138), (196, 160, 124), (190, 180, 160))), (142, 106, 78), half=4.6)
    _shelf(box, -3.4, -0.6, 0.6, 2.8, 4, rng, jars=True)
    _shelf(box, 0.6, 3.4, 0.6, 2.8, 4, rng, jars=True)
    canvas, wood = view.canvas, (128, 82, 58)
    z = 5.4
    with view.distant(2):
        canvas.outlined(
            view.quad([(-3.6, 1.1, z), (3.6, 1.1, z), (3.6, 1.1, z + 0.7), (-3.6, 1.1, z + 0.7)]),
            lighter(wood, 0.25),
            darker(wood, 0.5),
            view.line,
        )
        canvas.outlined(
            view.quad([(-3.6, 0, z), (3.6, 0, z), (3.6, 1.1, z), (-3.6, 1.1, z)]), wood, darker(wood, 0.5), view.line
        )
        for x in np.arange(-3.0, 3.1, 1.2):
            canvas.stroke(
                np.vstack(
                    [
                        view.quad([(x - 0.45, 0.2, z), (x + 0.45, 0.2, z), (x + 0.45, 0.9, z), (x - 0.45, 0.9, z)]),
                        view.quad([(x - 0.45, 0.2, z)]),
                    ]
                ),
                view.line * 1.6,
                darker(wood, 0.35),
                taper=(1, 1),
            )
        for _ in range(5):
            pen = view.pen(rng.uniform(-3, 3), z + 0.3, y=1.1)
            pen.body(
                smooth([(-0.1, 0), (0.1, 0), (0.13, -0.16), (0.06, -0.3), (-0.06, -0.3), (-0.13, -0.16)]),
                rng.choice(((180, 120, 84), (90, 110, 130), (214, 200, 176))),
                depth=0.03,
            )
    for side in (-1, 1):
        _table(view, side * 2.9, 3.4, wide=1.2)
        _lamp(view, side * 1.7, 5.0, 2.4)


def paint_office(view: View) -> None:
    rng = view.scene_rng
    box = _Box(view, (214, 216, 214), (150, 146, 150), half=4.4)
    box.window(-1.6, half=1.1)
    box.window(1.6, half=1.1)
    _shelf(box, 3.0, 4.2, 0.0, 2.4, 5, rng, jars=False)
    for x, z in ((-2.4, 5.4), (2.2, 5.2), (-2.9, 3.6)):
        _chair(view, x, z + 1.0, (70, 76, 96))
        _table(view, x, z, wide=1.7)
        pen = view.pen(x + 0.2, z + 0.4, y=0.76)
        with view.distant(2):
            if view.era == "MODERN":
                pen.body(
                    points([(-0.32, -0.12), (0.32, -0.12), (0.32, -0.56), (-0.32, -0.56)]), (52, 56, 70), depth=0.0
                )
                pen.fill(points([(-0.28, -0.16), (0.28, -0.16), (0.28, -0.52), (-0.28, -0.52)]), (150, 196, 214))
                pen.stroke([(0, -0.12), (0, 0)], 0.08, (52, 56, 70), taper=(1, 1))
            else:
                for step in range(4):
                    pen.body(
                        points(
                            [
                                (-0.24, -0.06 * step),
                                (0.2, -0.06 * step),
                                (0.22, -0.06 * step - 0.05),
                                (-0.22, -0.06 * step - 0.05),
                            ]
                        ),
                        rng.choice(((236, 230, 214), (160, 70, 60), (70, 90, 120))),
                        depth=0.0,
                    )
    _lamp(view, 0, 5.2, 2.6)


def paint_school(view: View) -> None:
    box = _Box(view, (222, 214, 192), (166, 130, 96), half=4.6)
    canvas = view.canvas
    with view.distant(2):
        canvas.fill(box.on_back(-2.6, 0.9, 2.6, 2.6), (128, 92, 64))
        canvas.fill(box.on_back(-2.48, 1.0, 2.48, 2.5), (52, 88, 74))
        for _ in range(5):
            x, y = view.rng.uniform(-2, 1.6), view.rng.uniform(1.3, 2.3)
            line = [view.at(x + d, y + 0.1 * view.rng.uniform(-1, 1), box.deep) for d in (0, 0.2, 0.45, 0.7)]
            canvas.stroke(smooth(line, 5, closed=False), view.scale(box.deep) * 0.02, (226, 232, 224), 0.5)
    for z in (1.2, 2.9, 4.6):
        shape = view.quad([(-4.6, 1.1, z), (-4.6, 2.6, z), (-4.6, 2.6, z + 1.2), (-4.6, 1.1, z + 1.2)])
        with view.distant(2):
            canvas.outline(shape, (128, 92, 64), view.line * 4)
        with view.shining():
            canvas.fill(shape, view.light.sky[1][1])
            if not view.light.is_dark:
                canvas.fill(
                    view.quad([(-3.6, 0.01, z), (-1.4, 0.01, z - 0.5), (-1.4, 0.01, z + 0.6), (-3.6, 0.01, z + 1.1)]),
                    view.light.sunlight,
                    0.25,
                )
    for z in (5.0, 3.6):
        for x in (-2.6, -0.9, 0.9, 2.6):
            _chair(view, x, z)
            _table(view, x, z + 0.2, wide=1.0, deep=0.5, tall=0.7, colour=(176, 130, 88))
    arch = bezier(view.at(-0.4, 2.8, box.deep), view.at(0, 2.9, box.deep), view.at(0.4, 2.8, box.deep), 6)
    with view.distant(2):
        canvas.stroke(arch, view.line, (120, 100, 90))
