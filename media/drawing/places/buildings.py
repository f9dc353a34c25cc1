"""Houses in perspective along a street and facing us: Chinese, European and modern ones."""

import random

import numpy as np

from media.drawing.canvas import bezier, points, smooth
from media.drawing.colour import Colour, darker, lighter, mix
from media.drawing.places.elements import SNOW, is_snowy, lit_window
from media.drawing.places.view import View

WALLS: dict[str, tuple[Colour, ...]] = {
    "CHINESE": ((150, 148, 150), (168, 160, 152), (188, 178, 164), (136, 134, 140), (196, 186, 172)),
    "EUROPEAN": ((224, 206, 178), (206, 172, 142), (214, 214, 206), (186, 150, 132), (232, 220, 196), (176, 186, 190)),
    "MODERN": ((176, 186, 200), (206, 208, 212), (150, 164, 184), (190, 180, 172), (132, 146, 168)),
}
ROOFS: dict[str, tuple[Colour, ...]] = {
    "CHINESE": ((84, 86, 98), (96, 92, 98)),
    "EUROPEAN": ((160, 88, 68), (124, 82, 76), (96, 98, 116), (176, 106, 72)),
    "MODERN": ((110, 116, 130),),
}


def _is_lit(view: View, rng: random.Random) -> bool:
    chance = {"NIGHT": 0.55, "EVENING": 0.4, "DAWN": 0.2}.get(view.light.time, 0.0)
    return rng.random() < chance


def paint_row(view: View, side: int, half: float, *, nearest: float, farthest: float) -> None:
    """A street's row of houses along x = side * half metres, far ones first."""
    rng = random.Random(view.scene_rng.random())
    plots = []
    z = nearest - rng.uniform(0, 4)
    while z < farthest:
        length = rng.uniform(5, 9) if view.era != "MODERN" else rng.uniform(7, 12)
        plots.append((z, z + length, random.Random(rng.random())))
        z += length + (0.0 if rng.random() < 0.75 else rng.uniform(0.8, 2.2))
    for start, end, house_rng in reversed(plots):
        _street_house(view, side, half, start, end, house_rng)


def _street_house(view: View, side: int, half: float, start: float, end: float, rng: random.Random) -> None:
    era, x = view.era, side * half
    wall, roof = rng.choice(WALLS[era]), rng.choice(ROOFS[era])
    if is_snowy(view):
        roof = mix(roof, SNOW, 0.8)
    floors = {"CHINESE": rng.choice((1, 1, 2)), "EUROPEAN": rng.choice((2, 3)), "MODERN": rng.choice((3, 5, 7))}[era]
    height = floors * 3.1 + 0.5
    near = max(start, 1.3)
    if end <= near + 0.2:
        return
    canvas = view.canvas
    deep = x + side * 5
    with view.distant((near + end) / 2):
        front = view.quad([(x, 0, near), (x, height, near), (x, height, end), (x, 0, end)])
        lit = darker(wall, 0.06) if side < 0 else darker(wall, 0.2)
        if era == "EUROPEAN":
            gable = view.quad(
                [
                    (x, height, start if start > 1.3 else near),
                    (deep, height, near),
                    ((x + deep) / 2, height + 2.4, near),
                ]
            )
            canvas.fill(gable, darker(wall, 0.22))
        if start > 1.3:
            canvas.fill(
                view.quad([(x, 0, start), (x, height, start), (deep, height, start), (deep, 0, start)]),
                darker(wall, 0.26),
            )
        canvas.outlined(front, lit, darker(wall, 0.5), view.line * 0.7)
        canvas.fill(view.quad([(x, 0, near), (x, 0.5, near), (x, 0.5, end), (x, 0, end)]), darker(lit, 0.22))
    _street_openings(view, x, side, near, start, end, floors, lit, rng)
    with view.distant((near + end) / 2):
        if era == "CHINESE":
            eave = x - side * 0.75
            canvas.outlined(
                view.quad(
                    [
                        (eave, height - 0.35, near),
                        (x + side * 1.5, height + 1.2, near),
                        (x + side * 1.5, height + 1.2, end),
                        (eave, height - 0.35, end),
                    ]
                ),
                roof,
                darker(roof, 0.5),
                view.line,
            )
            canvas.fill(
                view.quad(
                    [
                        (eave, height - 0.35, near),
                        (eave, height - 0.6, near),
                        (eave, height - 0.6, end),
                        (eave, height - 0.35, end),
                    ]
                ),
                darker(roof, 0.35),
            )
            tile = near
            while tile < end:
                canvas.stroke(
                    [view.at(eave, height - 0.35, tile), view.at(x + side * 1.5, height + 1.2, tile)],
                    view.line,
                    darker(roof, 0.3),
                    0.6,
                    taper=(1, 1),
                )
                tile += 0.5 + (tile - near) * 0.08
        elif era == "EUROPEAN":
            eave = x - side * 0.35
            canvas.outlined(
                view.quad(
                    [
                        (eave, height - 0.1, near),
                        (x + side * 2.5, height + 2.4, near),
                        (x + side * 2.5, height + 2.4, end),
                        (eave, height - 0.1, end),
                    ]
                ),
                roof,
                darker(roof, 0.5),
                view.line,
            )
            if rng.random() < 0.7:
                middle = (near + end) / 2
                canvas.fill(
                    view.quad(
                        [
                            (x + side * 1.4, height + 1.2, middle),
                            (x + side * 1.4, height + 3, middle),
                            (x + side * 2.1, height + 3, middle),
                            (x + side * 2.1, height + 1.6, middle),
                        ]
                    ),
                    (150, 104, 92),
                )
        else:
            canvas.fill(
                view.quad([(x, height, near), (x, height + 0.5, near), (x, height + 0.5, end), (x, height, end)]),
                darker(wall, 0.3),
            )
    if rng.random() < (0.5 if era != "EUROPEAN" else 0.3) and start > 3:
        _sign(view, x, side, start + 0.8, rng)


def _street_openings(
    view: View,
    x: float,
    side: int,
    near: float,
    start: float,
    end: float,
    floors: int,
    wall: Colour,
    rng: random.Random,
) -> None:
    canvas = view.canvas
    frame = (112, 72, 56) if view.era == "CHINESE" else lighter(wall, 0.5)
    bays = max(2, round((end - start) / (1.9 if view.era != "MODERN" else 1.6)))
    door = rng.randrange(bays)
    for floor in range(floors):
        for bay in range(bays):
            z0 = start + (end - start) * (bay + 0.2) / bays
            z1 = start + (end - start) * (bay + 0.8) / bays
            is_lit = _is_lit(view, rng)
            if z0 < near:
                continue
            low, high = floor * 3.1 + 1.0, floor * 3.1 + 2.5
            if floor == 0 and bay == door:
                low, high = 0.0, 2.4
            with view.distant((z0 + z1) / 2):
                outer = view.quad(
                    [
                        (x, low - 0.1, z0 - 0.1),
                        (x, high + 0.12, z0 - 0.1),
                        (x, high + 0.12, z1 + 0.1),
                        (x, low - 0.1, z1 + 0.1),
                    ]
                )
                canvas.fill(outer, frame)
                pane = view.quad([(x, low, z0), (x, high, z0), (x, high, z1), (x, low, z1)])
                if floor == 0 and bay == door:
                    canvas.fill(pane, rng.choice(((106, 62, 48), (74, 84, 96), (92, 54, 50))))
                    continue
                lit_window(
                    view, pane, is_lit=is_lit, glass=(112, 136, 158) if view.era != "CHINESE" else (206, 198, 176)
                )
                middle = (z0 + z1) / 2
                canvas.stroke(
                    [view.at(x, low, middle), view.at(x, high, middle)], view.scale(middle) * 0.05, frame, taper=(1, 1)
                )
                canvas.stroke(
                    [view.at(x, (low + high) / 2, z0), view.at(x, (low + high) / 2, z1)],
                    view.scale(middle) * 0.05,
                    frame,
                    taper=(1, 1),
                )


def _sign(view: View, x: float, side: int, z: float, rng: random.Random) -> None:
    """A hanging sign, lantern or neon bar without any writing."""
    out = x - side * 0.9
    with view.distant(z):
        if view.era == "CHINESE":
            colour = rng.choice(((176, 44, 40), (62, 52, 48), (182, 142, 64)))
            if rng.random() < 0.5:
                pen = view.pen(out, z, y=2.6, size=0.9)
                pen.stroke([(0, -0.7), (0, -0.35)], 0.03, (60, 44, 40), taper=(1, 1))
                pen.body(
                    smooth([(-0.2, -0.36), (0.2, -0.36), (0.3, 0.0), (0.2, 0.3), (-0.2, 0.3), (-0.3, 0.0)]),
                    (206, 56, 44),
                    depth=0.06,
                )
                pen.stroke([(0, 0.3), (0, 0.55)], 0.05, (222, 176, 74), taper=(1, 0.4))
                if view.light.is_dark:
                    px, py = pen.placed([(0, 0)])[0].tolist()
                    view.canvas.glow(px, py, pen.unit * 1.5, (230, 90, 50), 0.7)
            else:
                shape = view.quad([(out - 0.3, 1.9, z), (out + 0.3, 1.9, z), (out + 0.3, 3.4, z), (out - 0.3, 3.4, z)])
                view.canvas.outlined(shape, colour, darker(colour, 0.6), view.line)
                view.canvas.stroke(
                    [shape[0] * 0.5 + shape[1] * 0.5 + [0, -4], shape[2] * 0.5 + shape[3] * 0.5 + [0, 4]],
                    view.scale(z) * 0.14,
                    lighter(colour, 0.4),
                    0.6,
                    taper=(0.8, 0.8),
                )
        else:
            colour = rng.choice(((222, 84, 110), (70, 170, 200), (240, 180, 70), (120, 90, 200)))
            shape = view.quad([(out - 0.35, 3.0, z), (out + 0.35, 3.0, z), (out + 0.35, 4.6, z), (out - 0.35, 4.6, z)])
            view.canvas.outlined(shape, colour, darker(colour, 0.6), view.line)
            if view.light.is_dark:
                with view.shining():
                    view.canvas.fill(shape, lighter(colour, 0.3))
                px, py = shape.mean(axis=0).tolist()
                view.canvas.glow(px, py, view.scale(z) * 1.8, colour, 0.7)


def paint_facing_house(
    view: View,
    x: float,
    z: float,
    width: float,
    rng: random.Random,
    *,
    floors: int = 1,
    wall: Colour | None = None,
    roof: Colour | None = None,
) -> None:
    """A house that shows us its front, x at its middle."""
    era = view.era if view.era != "MODERN" else "EUROPEAN"
    wall, roof = wall or rng.choice(WALLS[era]), roof or rng.choice(ROOFS[era])
    if is_snowy(view):
        roof = mix(roof, SNOW, 0.85)
    height = floors * 2.8
    half = width / 2
    pen = view.pen(x, z)
    with view.distant(z):
        pen.fill(
            points([(-half - 0.3, 0.08), (half + 0.5, 0.08), (half + 0.2, -0.1), (-half, -0.1)]), (50, 46, 60), 0.25
        )
        pen.body(points([(-half, 0), (half, 0), (half, -height), (-half, -height)]), wall, depth=width * 0.1)
        pen.fill(points([(-half, 0), (half, 0), (half, -0.4), (-half, -0.4)]), darker(wall, 0.24))
        rise = 1.5 if era == "CHINESE" else 2.0
        eave = 0.7
        if era == "CHINESE":
            shape = np.vstack(
                [
                    bezier(
                        (-half - eave - 0.2, -height - 0.25),
                        (-half * 0.7, -height - 0.35),
                        (-half * 0.8, -height - rise),
                        8,
                    ),
                    points([(half * 0.8, -height - rise)]),
                    bezier(
                        (half * 0.8, -height - rise),
                        (half * 0.7, -height - 0.35),
                        (half + eave + 0.2, -height - 0.25),
                        8,
                    ),
                    points([(half + eave, -height + 0.1), (-half - eave, -height + 0.1)]),
                ]
            )
        else:
            shape = points(
                [
                    (-half - 0.4, -height + 0.1),
                    (half + 0.4, -height + 0.1),
                    (half * 0.72, -height - rise),
                    (-half * 0.72, -height - rise),
                ]
            )
        pen.body(shape, roof, depth=0.25)
        for step in np.linspace(-0.9, 0.9, max(6, int(width * 2))):
            pen.stroke(
                [(half * 0.82 * step, -height - rise + 0.08), ((half + eave * 0.7) * step, -height)],
                0.025,
                darker(roof, 0.3),
                0.6,
                taper=(1, 1),
            )
        if era != "CHINESE":
            pen.body(
                points(
                    [
                        (half * 0.35, -height - rise - 0.6),
                        (half * 0.35 + 0.55, -height - rise - 0.6),
                        (half * 0.35 + 0.55, -height - rise * 0.7),
                        (half * 0.35, -height - rise * 0.7),
                    ]
                ),
                (150, 104, 92),
                depth=0.1,
            )
    bays = max(3, round(width / 1.7)) | 1
    for floor in range(floors):
        for bay in range(bays):
            bx = -half + width * (bay + 0.5) / bays
            is_door = floor == 0 and bay == bays // 2
            low, high, wide = (0.0, 2.1, 0.55) if is_door else (0.9 + floor * 2.8, 2.1 + floor * 2.8, 0.45)
            with view.distant(z):
                pen.fill(
                    points(
                        [
                            (bx - wide - 0.1, -low + 0.06),
                            (bx + wide + 0.1, -low + 0.06),
                            (bx + wide + 0.1, -high - 0.12),
                            (bx - wide - 0.1, -high - 0.12),
                        ]
                    ),
                    (104, 68, 54),
                )
                pane = pen.placed([(bx - wide, -low), (bx + wide, -low), (bx + wide, -high), (bx - wide, -high)])
                if is_door:
                    view.canvas.fill(pane, (134, 78, 58))
                    pen.stroke([(bx, -low), (bx, -high)], 0.04, (76, 46, 40), taper=(1, 1))
                else:
                    lit_window(
                        view,
                        pane,
                        is_lit=_is_lit(view, rng),
                        glass=(198, 194, 178) if era == "CHINESE" else (126, 152, 172),
                    )
                    pen.stroke([(bx, -low), (bx, -high)], 0.05, (104, 68, 54), taper=(1, 1))
                    pen.stroke(
                        [(bx - wide, -(low + high) / 2), (bx + wide, -(low + high) / 2)],
                        0.05,
                        (104, 68, 54),
                        taper=(1, 1),
                    )


def paint_skyline(view: View, z: float, low: float, high: float, colour: Colour, *, windows: bool = True) -> None:
    """Tower blocks or a town's roofs, far away."""
    rng = random.Random(view.scene_rng.random())
    left, right = view.visible_x(z)
    x = left - 5
    while x < right + 5:
        wide, tall = rng.uniform(0.5, 1.1) * (high - low) * 0.55 + 4, rng.uniform(low, high)
        with view.distant(z):
            block = view.quad([(x, -2, z), (x + wide, -2, z), (x + wide, tall, z), (x, tall, z)])
            view.canvas.fill(block, colour)
            view.canvas.fill(
                view.quad(
                    [(x + wide * 0.62, -2, z), (x + wide, -2, z), (x + wide, tall, z), (x + wide * 0.62, tall, z)]
                ),
                darker(colour, 0.16),
            )
            if view.era == "MODERN":
                if rng.random() < 0.3:
                    view.canvas.stroke(
                        [view.at(x + wide / 2, tall, z), view.at(x + wide / 2, tall * 1.16, z)], view.line * 1.4, colour
                    )
            else:
                view.canvas.fill(
                    view.quad([(x - 0.6, tall, z), (x + wide + 0.6, tall, z), (x + wide * 0.5, tall + wide * 0.4, z)]),
                    darker(colour, 0.25),
                )
        if windows:
            step = max(2.6, (high - low) / 14)
            for row in np.arange(3, tall - 1.5, step):
                for column in np.arange(x + 1, x + wide - 1.6, step * 0.9):
                    chance = rng.random()
                    pane = view.quad(
                        [
                            (column, row, z),
                            (column + step * 0.4, row, z),
                            (column + step * 0.4, row + step * 0.5, z),
                            (column, row + step * 0.5, z),
                        ]
                    )
                    if view.light.time in ("NIGHT", "EVENING") and chance < 0.5:
                        with view.shining():
                            view.canvas.fill(pane, view.window_light(), 0.9)
                    elif chance < 0.8:
                        with view.distant(z):
                            view.canvas.fill(pane, darker(colour, 0.3), 0.6)
        x += wide + rng.uniform(-0.5, 3)
