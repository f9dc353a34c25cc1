"""Elements shared by many places: sky, clouds, sun and moon, hills, ground, trees, lamps."""

import math
import random

import numpy as np

from media.drawing.canvas import Points, bezier, limb, oval, points, smooth
from media.drawing.colour import Colour, darker, lighter, mix, multiply
from media.drawing.places.view import View

FOLIAGE: dict[str, tuple[Colour, ...]] = {
    "SPRING": ((138, 186, 104), (240, 178, 196), (120, 172, 96)),
    "SUMMER": ((84, 142, 84), (66, 124, 78), (104, 158, 86)),
    "AUTUMN": ((206, 132, 62), (186, 92, 54), (214, 168, 74)),
    "WINTER": ((142, 136, 126), (120, 120, 118), (158, 150, 138)),
}
GRASS: dict[str, Colour] = {
    "SPRING": (132, 178, 96),
    "SUMMER": (104, 158, 84),
    "AUTUMN": (186, 162, 92),
    "WINTER": (172, 164, 142),
}
SNOW: Colour = (236, 242, 250)


def is_snowy(view: View) -> bool:
    return view.light.weather == "SNOW"


def grass_colour(view: View) -> Colour:
    return mix(GRASS[view.light.season], SNOW, 0.85 if is_snowy(view) else 0.0)


def paint_sky(view: View, *, clouds: int = 4) -> None:
    """From the top to a little below the horizon."""
    canvas, light = view.canvas, view.light
    low = max(view.horizon, view.height * 0.12) + 2
    with view.shining():
        canvas.gradient(0, 0, view.width, low, light.sky)
    if light.time == "NIGHT":
        _stars(view, low)
    _sun_or_moon(view, low)
    if light.weather in ("FOG",):
        return
    count = clouds + (3 if light.weather in ("RAIN", "SNOW") else 0)
    for _ in range(count):
        share = view.rng.random()
        _cloud(
            view,
            view.rng.uniform(-0.05, 1.05) * view.width,
            low * (0.12 + 0.72 * share),
            low * view.rng.uniform(0.16, 0.34) * (1.15 - share),
            share,
        )


def _stars(view: View, low: float) -> None:
    if view.light.weather in ("RAIN", "SNOW", "FOG"):
        return
    with view.shining():
        for _ in range(70):
            x, y = view.rng.random() * view.width, view.rng.random() ** 1.4 * low * 0.9
            size = view.rng.uniform(0.5, 1.5) * view.height / 720
            view.canvas.fill(oval(x, y, size, size, steps=8), (236, 240, 255), view.rng.uniform(0.35, 0.95))


def _sun_or_moon(view: View, low: float) -> None:
    canvas, light = view.canvas, view.light
    if light.weather in ("RAIN", "SNOW", "FOG"):
        return
    side = view.rng.choice((0.18, 0.3, 0.7, 0.84))
    x = view.width * (side + view.rng.uniform(-0.06, 0.06))
    unit = min(view.width, view.height)
    height = {"DAWN": 0.8, "EVENING": 0.76, "MORNING": 0.5, "NOON": 0.16, "NIGHT": 0.3}[light.time]
    y = low * height
    if light.time == "NIGHT":
        canvas.glow(x, y, unit * 0.3, (90, 110, 170), 0.8)
        with view.shining():
            canvas.fill(oval(x, y, unit * 0.045, unit * 0.045, steps=40), (250, 246, 224))
            canvas.fill(oval(x + unit * 0.012, y - unit * 0.008, unit * 0.012, unit * 0.01), (226, 220, 196), 0.8)
            canvas.fill(oval(x - unit * 0.016, y + unit * 0.014, unit * 0.008, unit * 0.007), (226, 220, 196), 0.8)
        return
    canvas.glow(x, y, unit * 0.55, light.sunlight, 0.65)
    if light.time in ("DAWN", "EVENING"):
        with view.shining():
            canvas.fill(oval(x, y, unit * 0.05, unit * 0.05, steps=40), (255, 244, 214))


def _cloud(view: View, x: float, y: float, size: float, low_share: float) -> None:
    """A cumulus with a flat base: puffs in light, then the same puffs lower in shade."""
    light = view.light
    base = light.sky[1][1] if len(light.sky) > 1 else light.haze
    top = mix(light.haze, light.sunlight, 0.7)
    if light.time == "NIGHT":
        top, base = mix(light.sky[1][1], (120, 136, 190), 0.4), light.sky[1][1]
    elif light.weather in ("RAIN", "SNOW"):
        top, base = mix(top, base, 0.6), darker(base, 0.12)
    elif light.weather == "WIND":
        top = mix(top, base, 0.35)
    shade = mix(base, top, 0.55)
    rng = view.rng
    wide = size * rng.uniform(1.6, 2.8)
    flat = 0.55 + 0.35 * (1 - low_share)
    puffs = []
    for step in range(7):
        share = (step + 0.5) / 7
        radius = size * (0.22 + 0.34 * math.sin(share * math.pi)) * rng.uniform(0.75, 1.2)
        puffs.append((x + (share - 0.5) * wide, y - radius * 0.5 * flat, radius, radius * flat))
    canvas = view.canvas
    with view.shining():
        # One silhouette with a flat base, shade first, then the lit upper parts.
        clip = points(
            [
                (x - wide, y - size * 3),
                (x + wide, y - size * 3),
                (x + wide, y + size * 0.06),
                (x - wide, y + size * 0.06),
            ]
        )
        with canvas.clipped(clip):
            for px, py, rx, ry in puffs:
                canvas.fill(oval(px, py, rx, ry, steps=30), shade)
            for px, py, rx, ry in puffs:
                canvas.fill(oval(px - rx * 0.08, py - ry * 0.2, rx * 0.86, ry * 0.8, steps=30), top)


def ridge(view: View, base: float, height: float, roughness: float, rng: random.Random, steps: int = 7) -> Points:
    """A mountain skyline by midpoint displacement, closed below `base` (pixels)."""
    heights = np.array([rng.random(), rng.random(), rng.random()])
    spread = 0.6
    for _ in range(steps - 1):
        middle = (heights[:-1] + heights[1:]) / 2 + np.array(
            [rng.uniform(-spread, spread) for _ in range(len(heights) - 1)]
        )
        woven = np.empty(len(heights) + len(middle))
        woven[0::2], woven[1::2] = heights, middle
        heights, spread = woven, spread * roughness
    heights = (heights - heights.min()) / max(float(np.ptp(heights)), 1e-6)
    xs = np.linspace(-0.02 * view.width, 1.02 * view.width, len(heights))
    line = np.stack([xs, base - heights * height], axis=1)
    return np.vstack([line, [[xs[-1], base + 4], [xs[0], base + 4]]])


def paint_hills(
    view: View, colours: tuple[Colour, ...], heights: tuple[float, ...], *, roughness: float = 0.48, snow: float = 0.0
) -> None:
    """Ranges from far to near; heights in shares of the picture; snow: share of each that is white."""
    for index, (colour, height) in enumerate(zip(colours, heights, strict=True)):
        rng = random.Random(view.scene_rng.random() + index)
        shape = ridge(view, view.horizon + 2, height * view.height, roughness, rng)
        lowered = np.array([view.width * 0.02, height * view.height * 0.16])
        with view.distant(150 - 45 * index):
            view.canvas.fill(shape, colour)
            with view.canvas.clipped(shape):
                view.canvas.fill(shape + lowered, darker(colour, 0.13))
                if snow > 0:
                    cap = shape.copy()
                    top = view.horizon - height * view.height
                    limit = top + height * view.height * snow
                    teeth = np.array([rng.uniform(0, 0.14) for _ in range(len(cap) - 2)]) * height * view.height
                    floor = np.maximum(limit + teeth, cap[:-2, 1])
                    view.canvas.fill(np.vstack([cap[:-2] - [0, 2], np.stack([cap[:-2, 0], floor], axis=1)[::-1]]), SNOW)
                    view.canvas.fill(
                        shape + lowered,
                        multiply(colour, (0.8, 0.85, 0.98)),
                        0.5,
                    )
        with view.shining():
            view.canvas.fade(
                0, view.horizon - height * view.height * 0.5, view.width, view.horizon + 4, view.light.haze, 0.0, 0.5
            )


def paint_ground(view: View, colour: Colour, *, specks: int = 60, speck: Colour | None = None) -> None:
    """The plane from the horizon to the lower edge, paler far away, with dashes that show its perspective."""
    with view.distant(130):
        far = view.canvas.tone(colour) if view.canvas.tone else colour
    with view.distant(2):
        near = view.canvas.tone(darker(colour, 0.1)) if view.canvas.tone else colour
        middle = view.canvas.tone(colour) if view.canvas.tone else colour
    with view.canvas.toned(None):
        view.canvas.gradient(0, view.horizon, view.width, view.height, ((0, far), (0.35, middle), (1, near)))
    mark = speck or darker(colour, 0.16)
    with view.distant(6):
        for _ in range(specks):
            y = view.horizon + (view.height - view.horizon) * view.rng.random() ** 0.6 + 2
            size = (y - view.horizon) * 0.05 + 1
            x = view.rng.random() * view.width
            view.canvas.stroke([(x - size, y), (x + size, y + size * 0.06)], size * 0.16 + 0.4, mark, 0.35)


def paint_grass(view: View, colour: Colour, count: int, *, flowers: bool = False) -> None:
    """Tufts that grow larger towards us."""
    rng = view.rng
    # Far ones first, so that near ones stand before them.
    for depth in sorted(rng.random() for _ in range(count)):
        y = view.horizon + (view.height - view.horizon) * (0.06 + 0.98 * depth**1.2)
        x = rng.random() * view.width
        size = (4 + 26 * depth) * view.height / 720
        tint = mix(colour, darker(colour, 0.3), rng.random())
        with view.distant(40 * (1 - depth)):
            for _ in range(3):
                lean = rng.uniform(-0.5, 0.5)
                blade = bezier((x, y), (x + lean * size * 0.3, y - size * 0.6), (x + lean * size, y - size), 5)
                view.canvas.stroke(blade, size * 0.12, tint, taper=(1, 0.1))
                x += rng.uniform(-0.2, 0.2) * size
            if flowers and rng.random() < 0.3:
                petal = rng.choice(((250, 236, 150), (244, 160, 180), (250, 250, 250), (196, 160, 230)))
                view.canvas.fill(oval(x, y - size, size * 0.16, size * 0.14, steps=10), petal)


def paint_tree(view: View, x: float, z: float, height: float, rng: random.Random, *, kind: str | None = None) -> None:
    """A tree at (x, z) metres. kind: BROAD, BARE, PINE or BAMBOO; by season where none is named."""
    season = view.light.season
    kind = kind or ("BARE" if season == "WINTER" else "BROAD")
    pen = view.pen(x, z, size=height)
    if pen.unit < 4:
        return
    bark = (96, 74, 62)
    with view.distant(z):
        pen.fill(oval(0, 0, 0.22, 0.025), (40, 36, 50), 0.28)
        if kind == "PINE":
            pen.fill([(-0.025, 0), (0.025, 0), (0.015, -0.5), (-0.015, -0.5)], bark)
            green = mix((52, 92, 76), SNOW, 0.45 if is_snowy(view) else 0)
            for level in range(5):
                y, wide = -0.12 - 0.17 * level, 0.26 * (1 - level / 5.6)
                tier = points(
                    [
                        (-wide, y),
                        (-wide * 0.45, y - 0.02),
                        (-wide * 0.2, y + 0.015),
                        (wide * 0.2, y + 0.015),
                        (wide * 0.5, y - 0.02),
                        (wide, y),
                        (0, y - 0.3),
                    ]
                )
                pen.fill(tier, darker(green, 0.18))
                pen.fill(tier * [0.72, 1] + [-wide * 0.22, -0.008], green)
        elif kind == "BAMBOO":
            for stem in range(3):
                sx = (stem - 1) * 0.04
                lean = rng.uniform(-0.06, 0.06)
                pen.stroke([(sx, 0), (sx + lean, -1)], 0.014, (112, 150, 84), taper=(1, 0.6))
                for _ in range(9):
                    ly = rng.uniform(-1, -0.35)
                    lx = sx - lean * ly
                    side = rng.choice((-1, 1))
                    pen.stroke([(lx, ly), (lx + side * 0.1, ly + 0.05)], 0.016, (98, 152, 88), taper=(0.6, 0.1))
        elif kind == "BARE":
            _branch(
                view,
                pen.placed([(0, 0)])[0],
                -math.pi / 2 + rng.uniform(-0.08, 0.08),
                pen.unit * 0.34,
                pen.unit * 0.05,
                5,
                rng,
                bark,
            )
        else:
            pen.body(limb([(0, 0.01), (0.01, -0.25), (-0.01, -0.5)], [0.075, 0.05, 0.04]), bark, depth=0.015)
            palette = FOLIAGE[season]
            leaf = palette[rng.randrange(len(palette))]
            blobs = [(rng.uniform(-0.22, 0.22), rng.uniform(-0.85, -0.45), rng.uniform(0.13, 0.2)) for _ in range(7)]
            for bx, by, radius in blobs:
                pen.fill(_leafy(bx, by + 0.03, radius * 1.08, rng), darker(leaf, 0.26))
            for bx, by, radius in blobs:
                pen.fill(_leafy(bx - 0.015, by - 0.02, radius * 0.9, rng), leaf)
            for bx, by, radius in blobs[:5]:
                pen.fill(_leafy(bx - 0.05, by - 0.07, radius * 0.45, rng), lighter(leaf, 0.16))


def _leafy(x: float, y: float, radius: float, rng: random.Random) -> Points:
    angle = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    wave = 1 + 0.07 * np.sin(angle * 7 + rng.random() * 6) + 0.05 * np.sin(angle * 13 + rng.random() * 6)
    return np.stack([x + np.cos(angle) * radius * wave * 1.1, y + np.sin(angle) * radius * wave * 0.86], axis=1)


def _branch(
    view: View, start: Points, angle: float, length: float, width: float, level: int, rng: random.Random, colour: Colour
) -> None:
    end = start + np.array([math.cos(angle), math.sin(angle)]) * length
    middle = (start + end) / 2 + np.array([math.sin(angle), -math.cos(angle)]) * length * rng.uniform(-0.1, 0.1)
    view.canvas.stroke(np.vstack([bezier(start, middle, end, 5), end]), max(0.7, width), colour, taper=(1.15, 0.7))
    if is_snowy(view) and width > 1.5:
        view.canvas.stroke(
            np.vstack([bezier(start, middle, end, 5), end]) - [0, width * 0.35], width * 0.3, SNOW, taper=(0.6, 0.6)
        )
    if level == 0 or length < 3:
        return
    for _ in range(2 if level < 4 else 3):
        _branch(
            view,
            end,
            angle + rng.uniform(-0.75, 0.75),
            length * rng.uniform(0.58, 0.8),
            width * 0.6,
            level - 1,
            rng,
            colour,
        )


def paint_bush(view: View, x: float, z: float, size: float, rng: random.Random, colour: Colour | None = None) -> None:
    pen = view.pen(x, z, size=size)
    leaf = colour or mix(FOLIAGE[view.light.season][rng.randrange(3)], SNOW, 0.5 if is_snowy(view) else 0)
    with view.distant(z):
        for shade, dx, dy, share in ((darker(leaf, 0.28), 0, 0, 1.0), (leaf, -0.06, -0.09, 0.8)):
            for bx in (-0.4, 0.0, 0.38):
                pen.fill(_leafy(bx + dx, -0.3 + dy, 0.36 * share, rng), shade)


def paint_lamp_post(view: View, x: float, z: float, height: float = 3.6) -> None:
    pen = view.pen(x, z, size=height)
    dark = (58, 56, 66)
    with view.distant(z):
        pen.stroke([(0, 0), (0, -0.92)], 0.028, dark, taper=(1.4, 0.8))
        pen.body(
            smooth([(-0.05, -0.9), (0.05, -0.9), (0.075, -1.02), (0, -1.08), (-0.075, -1.02)]),
            (226, 214, 180),
            depth=0.0,
        )
        pen.stroke([(-0.09, -1.03), (0, -1.1), (0.09, -1.03)], 0.02, dark, taper=(1, 1))
    if view.light.time in ("NIGHT", "EVENING"):
        with view.shining():
            pen.fill(oval(0, -0.97, 0.05, 0.06, steps=14), (255, 236, 180))
        px, py = pen.placed([(0, -0.97)])[0].tolist()
        view.canvas.glow(px, py, pen.unit * 0.75, (255, 190, 96), 0.75)


def lit_window(view: View, shape: Points, *, is_lit: bool, glass: Colour = (120, 146, 168)) -> None:
    """A window pane, lit where somebody is inside."""
    if not is_lit:
        view.canvas.fill(shape, glass)
        return
    with view.shining():
        view.canvas.fill(shape, view.window_light())
    centre, size = shape.mean(axis=0), np.ptp(shape, axis=0)
    view.canvas.glow(float(centre[0]), float(centre[1]), float(max(size)) * 1.3, (210, 140, 60), 0.4)
