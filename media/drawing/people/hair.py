"""Hair about a head, in the head's unit: what lies behind it, and what lies in front."""

import random

import numpy as np

from media.drawing.animals.beast_drawing import draw_beast_from_behind
from media.drawing.canvas import Points, bezier, limb, oval, points, smooth
from media.drawing.colour import Colour, darker, lighter, mix
from media.drawing.pen import Pen
from media.drawing.people.hats import draw_hat
from media.drawing.people.look import Look

_CROPPED = ("SHORT", "BUN", "TOPKNOT", "PARTED", "SPIKY")
_COVERING_HATS = ("POLICE_CAP", "HELMET", "STRAW_HAT", "FELT_CAP", "HAT", "NIGHTCAP", "BONNET", "HUNTING_HAT")


def draw_back_hair(pen: Pen, look: Look, turn: float, sway: float = 0.0) -> None:
    """Everything behind face and neck; sway: how far the wind carries loose ends, in head heights."""
    style, hair = look.hair_style, darker(look.hair, 0.16)
    lag = -turn * 0.08
    if style == "LONG":
        pen.body(_curtain(0.5, 1.28, lag + sway), hair, depth=0.06)
    elif style == "BOB":
        pen.body(_curtain(0.53, 0.52, lag + sway * 0.3), hair, depth=0.05)
    elif style == "CURLY":
        pen.body(_cloud(look, 0.6, 0.66, lag), hair, depth=0.06)
    elif style == "PONY":
        side = -1 if turn >= 0 else 1
        tail = limb(
            [
                (side * 0.3, -0.34),
                (side * (0.62 + abs(sway) * 0.3), -0.1),
                (side * 0.56 + sway, 0.45),
                (side * 0.66 + sway * 1.6, 0.95),
            ],
            [0.16, 0.3, 0.26, 0.03],
        )
        pen.body(tail, look.hair, depth=0.05)
    elif style == "TWIN":
        for side in (-1, 1):
            tail = limb(
                [(side * 0.36, -0.24), (side * 0.64, 0.05), (side * 0.6 + sway, 0.5), (side * 0.7 + sway * 1.5, 0.98)],
                [0.14, 0.28, 0.24, 0.03],
            )
            pen.body(tail, look.hair, depth=0.05)
    elif style == "BRAID":
        side = -1 if turn >= 0 else 1
        for step in range(6):
            pen.body(
                oval(
                    side * (0.34 + 0.02 * step) + sway * step * 0.15,
                    0.34 + 0.15 * step,
                    0.115 - 0.007 * step,
                    0.1,
                    side * 0.5,
                    14,
                ),
                look.hair,
                depth=0.03,
            )
        pen.fill(oval(side * 0.45 + sway * 0.9, 1.22, 0.05, 0.04), (196, 60, 64))
    elif style == "BUN" and look.hat not in _COVERING_HATS:
        x = -turn * 0.32
        pen.body(oval(x, -0.6, 0.19, 0.17), look.hair, depth=0.05)
        pen.stroke(bezier((x - 0.11, -0.62), (x, -0.54), (x + 0.12, -0.64)), 0.014, darker(look.hair, 0.4))
    elif style == "TOPKNOT":
        pen.body(
            smooth([(-0.09, -0.5), (-0.15, -0.68), (0, -0.78), (0.15, -0.68), (0.09, -0.5)]), look.hair, depth=0.04
        )
        pen.body(_curtain(0.46, 0.95, lag + sway), hair, depth=0.05)
    if style != "BALD":
        # Cropped hair ends above the nape; longer hair closes behind the jaw.
        low, nape = (0.06, 0.2) if style in _CROPPED else (0.2, 0.34)
        pen.body(
            smooth(
                [
                    (-0.44, low),
                    (-0.49, -0.15),
                    (-0.34, -0.5),
                    (0, -0.6),
                    (0.34, -0.5),
                    (0.49, -0.15),
                    (0.44, low),
                    (0.2, nape),
                    (-0.2, nape),
                ]
            ),
            hair,
            depth=0.0,
        )


def _curtain(half: float, length: float, sway: float) -> Points:
    """Loose hair that falls to `length` with a pointed hem."""
    left = [(-0.36, -0.46), (-half, -0.1), (-half - 0.02 + sway * 0.2, 0.3), (-half + 0.02 + sway * 0.6, length * 0.75)]
    hem = []
    count = 5
    for step in range(count + 1):
        x = -half + 0.05 + (2 * half - 0.1) * step / count
        hem.append((x * 0.92 + sway, length + 0.05 - 0.05 * abs(step - count / 2) + 0.02 * (step % 2)))
        if step < count:
            hem.append((x * 0.92 + (2 * half - 0.1) / count / 2 + sway, length - 0.03))
    right = [
        (half - 0.02 + sway * 0.6, length * 0.75),
        (half + 0.02 + sway * 0.2, 0.3),
        (half, -0.1),
        (0.36, -0.46),
        (0, -0.58),
    ]
    return np.vstack([smooth(left, 6, closed=False), points(hem), smooth(right, 6, closed=False)])


def _cloud(look: Look, rx: float, ry: float, shift: float) -> Points:
    angle = np.linspace(0, 2 * np.pi, 72, endpoint=False)
    bumps = 1 + 0.06 * np.abs(np.sin(angle * 6 + look.fringe % 7))
    return np.stack([np.cos(angle) * rx * bumps + shift, np.sin(angle) * ry * bumps - 0.02], axis=1)


def draw_front_hair(pen: Pen, look: Look, turn: float, sway: float = 0.0) -> None:
    """Fringe, side locks, sheen; then the hat."""
    if look.hair_style != "BALD":
        _fringe(pen, look, turn, sway)
    if look.hat:
        draw_hat(pen, look, turn)
    if "BOW" in look.extras:
        at = pen.at(0.3, -0.42)
        for side in (-1, 1):
            at.body(smooth([(0, 0), (side * 0.2, -0.13), (side * 0.22, 0.1)]), look.trim, depth=0.03)
        at.fill(oval(0, 0, 0.045, 0.05), darker(look.trim, 0.2))


def _fringe(pen: Pen, look: Look, turn: float, sway: float) -> None:
    rng = random.Random(look.fringe)
    hair = look.hair
    is_receding = look.age == "OLD" or look.hair_style in ("BUN", "TOPKNOT", "SHORT")
    hairline = -0.24 if is_receding else -0.06
    if look.hair_style == "PARTED":
        hairline = -0.16
    # Over the crown from left to right, then back along the tips of the fringe.
    puff = 0.03 if look.hair_style in ("SHORT", "BUN", "TOPKNOT", "BALD") else 0.075
    left_side, right_side = -0.43 - turn * 0.02, 0.43 - turn * 0.02
    drop = 0.05 if look.hair_style in _CROPPED else 0.3
    crown = smooth(
        [
            (left_side - 0.02, drop * 0.5),
            (-0.45 - puff * 0.3, -0.14),
            (-0.36, -0.43 - puff * 0.5),
            (-0.12, -0.54 - puff),
            (0.14, -0.54 - puff),
            (0.37, -0.42 - puff * 0.5),
            (0.45 + puff * 0.3, -0.14),
            (right_side + 0.02, drop * 0.5),
        ],
        8,
        closed=False,
    )
    if look.hair_style in ("SPIKY",):
        crown = _spiked(crown, rng)
    tips: list[tuple[float, float]] = [(right_side, drop + 0.06)]
    part = rng.uniform(-0.12, 0.12) + turn * 0.1
    count = 6 if look.hair_style != "PARTED" else 4
    notches: list[tuple[float, float]] = []
    for step in range(count):
        x = 0.36 - 0.72 * (step + 0.5) / count + turn * 0.05 + rng.uniform(-0.025, 0.025)
        reach = hairline + rng.uniform(-0.02, 0.05)
        if look.hair_style == "PARTED" or is_receding:
            reach -= 0.16 * max(0.0, 1 - abs(x - part) / 0.3)
        lean = (x - part) * 0.12
        tips.append((x + lean, reach))
        notches.append((0.36 - 0.72 * step / count + turn * 0.05, reach - (0.05 if is_receding else 0.13)))
    tips.append((left_side, drop + 0.06))
    notches.append((-0.36 + turn * 0.05, hairline - (0.05 if is_receding else 0.13)))
    edge = []
    for index, tip in enumerate(tips):
        edge.append(points([tip]))
        if index < len(notches):
            notch, following = notches[index], tips[index + 1]
            inner = 0.05 if index == 0 else 0.0
            edge.append(bezier(tip, (tip[0] - 0.015 - inner, (tip[1] + notch[1]) / 2 - 0.02), notch, 5)[1:])
            edge.append(bezier(notch, (following[0] + 0.05, (notch[1] + following[1]) / 2 - 0.01), following, 5))
    shape = np.vstack([crown, *edge])
    pen.body(shape, hair, shade=darker(hair, 0.28), depth=0.035)
    if pen.unit > 30:
        _sheen(pen, look, shape, part, rng)
    if look.hair_style in ("LONG", "BOB", "TWIN", "CURLY", "TOPKNOT") or (
        look.is_female and look.hair_style in ("PONY", "BRAID")
    ):
        length = {"LONG": 0.74, "BOB": 0.46, "CURLY": 0.5}.get(look.hair_style, 0.44)
        for side in (-1, 1):
            x = side * 0.415 - turn * 0.03
            lock = np.vstack(
                [
                    bezier((x - side * 0.09, -0.22), (x - side * 0.03, 0.1), (x - side * 0.06 + sway * 0.4, length), 9),
                    bezier(
                        (x - side * 0.06 + sway * 0.4, length),
                        (x + side * 0.1, length * 0.5),
                        (x + side * 0.06, -0.2),
                        9,
                    ),
                ]
            )
            pen.body(lock, hair, depth=0.025)


def _spiked(crown: Points, rng: random.Random) -> Points:
    """The crown with tufts that stand off it."""
    pieces = [crown[:1]]
    stride = 6
    for start in range(0, len(crown) - stride, stride):
        first, last = crown[start], crown[start + stride]
        middle = (first + last) / 2
        away = middle / max(float(np.linalg.norm(middle)), 1e-6)
        tip = middle + away * rng.uniform(0.1, 0.18) + np.array([0.05, 0.0])
        pieces += [
            bezier(first, middle + away * 0.05, tip, 4)[1:],
            points([tuple(tip.tolist())]),
            bezier(tip, middle + away * 0.03, last, 4)[1:],
        ]
    pieces.append(crown[-1:])
    return np.vstack(pieces)


def _sheen(pen: Pen, look: Look, shape: Points, part: float, rng: random.Random) -> None:
    """The band of light about the head, and a few strands."""
    light = lighter(look.hair, 0.3 if sum(look.hair) < 300 else 0.45)
    with pen.canvas.clipped(pen.placed(shape)):
        upper, lower = [], []
        for step in range(15):
            x = -0.4 + 0.8 * step / 14
            y = -0.335 + 0.16 * (x / 0.4) ** 2
            upper.append((x, y - 0.028))
            lower.append((x, y + (0.045 if step % 2 else -0.004) + rng.uniform(-0.01, 0.01)))
        pen.fill(points([*upper, *lower[::-1]]), light, 0.62)
        for _ in range(5):
            x = rng.uniform(-0.34, 0.34)
            pen.stroke(
                bezier((part * 0.5 + x * 0.25, -0.57), (x * 0.9, -0.4), (x, -0.12)), 0.01, darker(look.hair, 0.4), 0.7
            )


def draw_head_from_behind(pen: Pen, look: Look) -> None:
    """A head that looks away from us, for shots over a shoulder."""
    if look.species is not None:
        draw_beast_from_behind(pen, look)
        if look.hat:
            draw_hat(pen.at(0, -0.06), look, 0.0)
        return
    pen.body(smooth([(-0.17, 0.3), (0.17, 0.3), (0.21, 0.75), (-0.21, 0.75)]), darker(look.skin, 0.2), depth=0.06)
    for side in (-1, 1):
        pen.body(oval(side * 0.44, 0.08, 0.06, 0.11), darker(look.skin, 0.15), depth=0.02)
    hair: Colour = look.skin if look.hair_style == "BALD" else look.hair
    length = 1.2 if look.hair_style in ("LONG", "TOPKNOT") else 0.62 if look.hair_style in ("BOB", "CURLY") else 0.36
    cropped = [
        (-0.3, 0.3),
        (-0.44, 0.0),
        (-0.47, -0.25),
        (-0.3, -0.55),
        (0, -0.63),
        (0.3, -0.55),
        (0.47, -0.25),
        (0.44, 0.0),
    ]
    nape = [(0.3, 0.3), (0.16, 0.36), (0, 0.33), (-0.16, 0.36)]
    shape = _curtain(0.5, length, 0.0) if length > 0.5 else smooth([*cropped, *nape])
    pen.body(shape, hair, depth=0.09)
    for x in (-0.25, -0.08, 0.12, 0.28):
        pen.stroke(
            bezier((x * 0.4, -0.5), (x * 1.1, -0.1), (x, min(length, 0.5) - 0.1)),
            0.016,
            mix(hair, darker(hair, 0.5), 0.7),
        )
    if look.hair_style in ("BUN",):
        pen.body(oval(0, -0.3, 0.22, 0.2), hair, depth=0.06)
    if look.hair_style in ("PONY", "BRAID"):
        pen.body(limb([(0, -0.2), (0.1, 0.3), (0.02, 1.0)], [0.16, 0.3, 0.05]), hair, depth=0.05)
    if look.hat:
        draw_hat(pen, look, 0.0)
