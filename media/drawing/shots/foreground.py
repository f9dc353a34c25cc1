"""Draws the foreground: a single thing, a hand, a shoulder, the viewer's own hands and field of view."""

import random
from dataclasses import replace

import numpy as np
from PIL import Image

from media.drawing.canvas import limb, oval, points, smooth
from media.drawing.colour import darker, mix
from media.drawing.pen import Pen
from media.drawing.people.figure import draw_hand
from media.drawing.people.hair import draw_head_from_behind
from media.drawing.people.look import Look
from media.drawing.props.drawing import draw_prop
from media.drawing.props.kinds import Prop
from media.drawing.shots.ink import Ink


def draw_insert(ink: Ink, prop: Prop | None, hand: Look | None, chance: random.Random) -> None:
    """A thing by itself, large, in a hand where somebody holds it."""
    canvas, light = ink.canvas, ink.light
    unit = min(canvas.width, canvas.height)
    x = canvas.width * (0.5 + chance.uniform(-0.06, 0.06))
    y = canvas.height * (0.7 + chance.uniform(-0.03, 0.03))
    size = unit * (0.46 if prop is None or prop.wide < 1 else 0.36) * chance.uniform(0.95, 1.06)
    is_mirrored = chance.random() < 0.5
    with canvas.toned(light.tone(softened=0.45)):
        if hand is None:
            canvas.fill(oval(x, y, size * 0.8, size * 0.09, steps=40), (30, 26, 44), 0.3)
        else:
            _draw_palm(ink.large_pen(x, y + size * 0.12, size * 1.25, mirror=is_mirrored), hand)
        if prop is not None:
            draw_prop(ink.large_pen(x, y, size, mirror=is_mirrored, angle=chance.uniform(-0.06, 0.06)), prop)


def _draw_palm(pen: Pen, look: Look) -> None:
    """An open hand that comes in from below, its palm upwards."""
    sleeve = limb([(-0.9, 1.35), (-0.5, 0.62)], [0.86, 0.62])
    wrist = limb([(-0.6, 0.8), (-0.3, 0.4)], [0.44, 0.46])
    palm = smooth(
        [(-0.52, 0.2), (-0.3, 0.02), (0.1, -0.04), (0.42, 0.02), (0.5, 0.18), (0.3, 0.36), (-0.1, 0.5), (-0.42, 0.44)],
        6,
    )
    fingers = [
        limb([(0.34, y), (0.62, y - 0.07), (0.82 + reach, y - 0.2)], [0.15, 0.14, 0.09])
        for y, reach in ((0.04, 0.0), (0.14, 0.06), (0.24, 0.04), (0.33, -0.04))
    ]
    thumb = limb([(-0.3, 0.08), (-0.34, -0.14), (-0.18, -0.3)], [0.2, 0.17, 0.11])
    pen.group([wrist, thumb, palm, *fingers], look.skin, depth=0.05)
    line = pen.line_for(look.skin)
    for y in (0.09, 0.19, 0.285):
        pen.stroke(points([(0.32, y), (0.6, y - 0.07), (0.74, y - 0.13)]), 0.012, line, 0.8)
    pen.stroke(smooth([(-0.3, 0.3), (-0.05, 0.2), (0.2, 0.24)], 6, closed=False), 0.012, mix(look.skin, line, 0.5))
    pen.body(sleeve, look.top, depth=0.08)


def draw_shoulder(ink: Ink, look: Look, side: int, chance: random.Random) -> None:
    """The figure in an over-the-shoulder shot: large, dark, at the edge of the picture."""
    canvas = ink.canvas
    unit = min(canvas.height, canvas.width * 1.12)
    head = min(unit * chance.uniform(0.5, 0.56), canvas.width * 0.42)
    x = canvas.width * 0.5 + side * canvas.width * chance.uniform(0.33, 0.38)
    y = canvas.height * chance.uniform(0.5, 0.56)
    shaded = ink.light.tone(softened=0.25)
    with canvas.toned(lambda colour: shaded(darker(colour, 0.42))):
        pen = ink.large_pen(x, y, head)
        wide = 1.15 if not look.is_female else 0.98
        draw_head_from_behind(pen, look)
        trunk = smooth(
            [
                (-0.24, 0.58),
                (-0.62 * wide, 0.72),
                (-1.02 * wide, 0.98),
                (-1.12 * wide, 1.7),
                (-1.1 * wide, 2.6),
                (1.1 * wide, 2.6),
                (1.12 * wide, 1.7),
                (1.02 * wide, 0.98),
                (0.62 * wide, 0.72),
                (0.24, 0.58),
            ],
        )
        pen.body(trunk, look.top, depth=0.12)
        pen.stroke(
            smooth([(-0.3, 0.62), (0, 0.7), (0.3, 0.62)], 6, closed=False), 0.05, darker(look.top, 0.3), taper=(1, 1)
        )
        if look.hair_style in ("LONG", "PONY", "BRAID", "TOPKNOT") and look.hat is None:
            draw_head_from_behind(pen, look)


def draw_eyes_frame(ink: Ink, chance: random.Random) -> None:
    """The soft dark frame of a point-of-view shot."""
    canvas = ink.canvas
    width, height = canvas.image.size
    across = np.linspace(-1, 1, 160)[None, :]
    down = np.linspace(-1, 1, 90)[:, None] + chance.uniform(-0.03, 0.03)
    reach = np.abs(across) ** 2.6 * 0.9 + np.abs(down) ** 2.6
    mask = Image.fromarray((np.clip((reach - 0.8) / 0.9, 0, 1) * 170).astype(np.uint8))
    canvas.image.paste(ink.light.raw()((22, 16, 26)), (0, 0), mask.resize((width, height), Image.Resampling.BICUBIC))


def draw_own_hands(ink: Ink, look: Look) -> None:
    """The viewer's own two hands at the lower edge."""
    canvas = ink.canvas
    unit = min(canvas.width, canvas.height)
    for side in (-1, 1):
        x = canvas.width * 0.5 + side * unit * 0.34
        pen = replace(ink.large_pen(x, canvas.height * 1.04, unit, mirror=side > 0), line_colour=None)
        draw_hand(pen, look, (0.06, -0.16), np.pi - 0.45, 0.2)
        pen.body(limb([(-0.14, 0.2), (0.055, -0.14)], [0.2, 0.15]), look.top, depth=0.03)
