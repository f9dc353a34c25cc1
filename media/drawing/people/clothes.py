"""Clothes over a figure's bones: trousers and skirts, trunks with collars and buttons, scarves and belts."""

import itertools
import math

from media.drawing.animals.beast_drawing import draw_belly
from media.drawing.canvas import Points, limb, points, smooth
from media.drawing.colour import Colour, darker, lighter
from media.drawing.pen import Pen
from media.drawing.people.bones import Bones
from media.drawing.people.fronts import Front, draw_front
from media.drawing.people.look import Look

_SKIRTS = {"GOWN": 0.94, "DRESS": 0.58, "COAT": 0.42, "SCHOOL": 0.42}


def sleeve_colour(look: Look) -> Colour:
    return lighter(look.top, 0.1) if look.outfit == "ARMOUR" else look.top


def has_skirt(look: Look) -> bool:
    return look.outfit in ("GOWN", "DRESS", "COAT") or (look.outfit == "SCHOOL" and look.is_female)


def draw_legs(pen: Pen, look: Look, bones: Bones) -> None:
    girth = 0.45 + 0.55 * look.build
    slim = 0.86 if look.is_female or look.age == "CHILD" else 1.0
    bare = look.outfit == "DRESS" or (look.outfit == "SCHOOL" and look.is_female)
    colour = look.skin if bare else look.bottom
    widths = [0.092 * girth * slim, 0.068 * girth * slim, 0.05 * girth * slim]
    if bare:
        widths = [0.08 * slim, 0.056 * slim, 0.036 * slim]
    elif look.outfit in ("JACKET", "SUIT", "SHIRT"):
        widths[2] *= 1.25
    elif look.outfit == "FUR":
        widths = [widths[0] * 1.25, widths[1] * 1.2, widths[2] * 1.3]
    for leg, shade in ((bones.far_leg, 0.14), (bones.near_leg, 0.0)):
        _shoe(pen, look, leg)
        pen.body(limb(leg, widths), darker(colour, shade) if shade else colour, depth=0.016)
        if bare and look.outfit == "SCHOOL":
            pen.body(limb([leg[1], leg[2]], [widths[1] * 1.02, widths[2] * 1.15]), (52, 52, 66), depth=0.01)
        if look.outfit == "UNIFORM":
            wrap = limb(
                [((leg[1][0] + leg[2][0]) / 2, (leg[1][1] + leg[2][1]) / 2), leg[2]],
                [widths[1] * 0.95, widths[2] * 1.02],
            )
            pen.body(wrap, darker(colour, 0.3), depth=0.012)
    wide = bones.shoulder * 0.62 * girth
    hips = points(
        [bones.trunk(-wide, 0.12), bones.trunk(wide, 0.12), bones.trunk(wide, -0.1), bones.trunk(-wide, -0.1)]
    )
    pen.body(hips, colour if not bare else look.top, depth=0.0)


def _shoe(pen: Pen, look: Look, leg: tuple[tuple[float, float], ...]) -> None:
    knee, ankle = leg[1], leg[2]
    angle = math.atan2(ankle[0] - knee[0], ankle[1] - knee[1])
    shoe = pen.at(*ankle, angle=-angle * 0.9)
    shape = smooth([(-0.026, -0.022), (0.02, -0.024), (0.034, -0.004), (0.078, 0.008), (0.08, 0.024), (-0.028, 0.024)])
    shoe.body(shape, look.shoes, depth=0.01)


def draw_trunk(pen: Pen, look: Look, bones: Bones, sway: float, *, is_from_behind: bool = False) -> None:
    girth = 0.35 + 0.65 * look.build
    shoulder = bones.shoulder
    waist = shoulder * (0.66 if look.is_female else 0.76) * girth
    hip = shoulder * (0.94 if look.is_female else 0.8) * girth
    loose = {"GOWN": 1.16, "COAT": 1.14, "JACKET": 1.16, "UNIFORM": 1.06, "SHIRT": 1.05}.get(look.outfit, 1.0)
    waist, hip = waist * loose, hip * loose
    t = bones.trunk
    below = -0.16 if look.outfit in ("JACKET", "UNIFORM", "SHIRT", "SUIT") else 0.0
    shape = smooth(
        [
            t(-shoulder * 0.34, 1.02),
            t(-shoulder * 0.82, 0.965),
            t(-shoulder * 1.02, 0.86),
            t(-shoulder * 0.9 * loose, 0.66),
            t(-waist, 0.34),
            t(-hip, below),
            t(hip, below),
            t(waist, 0.34),
            t(shoulder * 0.86 * loose, 0.66),
            t(shoulder * 0.96, 0.86),
            t(shoulder * 0.78, 0.965),
            t(shoulder * 0.34, 1.02),
        ],
        5,
    )
    shapes = [shape]
    if has_skirt(look):
        shapes += _skirt(look, bones, hip, sway)
    pen.group(shapes, look.top, depth=0.03)
    if is_from_behind:
        # A seam down the back and folds over the shoulder blades.
        for across in (-0.4, 0.0, 0.4):
            fold = [t(shoulder * across, 0.86), t(shoulder * across * 0.7, 0.3 if across else 0.1)]
            pen.stroke(fold, 0.005, pen.line_for(look.top), 0.6)
        return
    if look.outfit == "FUR":
        draw_belly(pen, look, shape)
        return
    if pen.unit > 90:
        with pen.canvas.clipped(pen.placed(shape)):
            draw_front(pen, Front(look, bones, shoulder, waist))
    if pen.unit > 90:
        if has_skirt(look):
            _skirt_folds(pen, look, bones)
        if "PATCHES" in look.extras:
            _patches(pen, look, bones, shoulder)
        if "APRON" in look.extras:
            apron = smooth([t(-waist * 0.6, 0.55), t(waist * 0.6, 0.55), t(hip * 0.9, -0.5), t(-hip * 0.9, -0.5)])
            pen.body(apron, (238, 234, 226), depth=0.02)


def _skirt(look: Look, bones: Bones, hip: float, sway: float) -> list[Points]:
    """Cloth about the legs down to a share of their length, as shapes of one piece with the trunk."""
    length = _SKIRTS[look.outfit]
    t = bones.trunk
    flare = {"GOWN": 0.075, "DRESS": 0.075, "COAT": 0.07, "SCHOOL": 0.06}[look.outfit]

    def down(leg: tuple[tuple[float, float], ...]) -> list[tuple[float, float]]:
        """Hip, knee and hem along a leg."""
        upper, knee, ankle = leg
        if length <= 0.5:
            share = length / 0.5
            return [upper, (upper[0] + (knee[0] - upper[0]) * share, upper[1] + (knee[1] - upper[1]) * share)]
        share = (length - 0.5) / 0.5
        return [upper, knee, (knee[0] + (ankle[0] - knee[0]) * share, knee[1] + (ankle[1] - knee[1]) * share)]

    near, far = down(bones.near_leg), down(bones.far_leg)
    wide = hip * 0.42 + 0.012
    rings = []
    for index in range(len(near)):
        spread = wide + flare * 0.62 * index / (len(near) - 1)
        ring = []
        for line in (near, far):
            before, here = line[max(0, index - 1)], line[index]
            if index == 0:
                before, here = line[0], line[0]
                across = (1.0, 0.0)
            else:
                length_here = max(math.dist(before, here), 1e-6)
                across = ((here[1] - before[1]) / length_here, -(here[0] - before[0]) / length_here)
            drift = sway * 0.08 * index
            ring += [
                (here[0] + across[0] * spread * side + drift, here[1] + across[1] * spread * side) for side in (-1, 1)
            ]
        rings.append(ring)
    rings[0] += [t(-hip, 0.02), t(hip, 0.02)]
    return [_hull([*upper, *lower]) for upper, lower in itertools.pairwise(rings)]


def _hull(corners: list[tuple[float, float]]) -> Points:
    """The convex hull, by Andrew's monotone chain."""

    def chain(ordered: list[tuple[float, float]]) -> list[tuple[float, float]]:
        kept: list[tuple[float, float]] = []
        for x, y in ordered:
            while len(kept) > 1 and (kept[-1][0] - kept[-2][0]) * (y - kept[-2][1]) <= (kept[-1][1] - kept[-2][1]) * (
                x - kept[-2][0]
            ):
                kept.pop()
            kept.append((x, y))
        return kept[:-1]

    ordered = sorted(set(corners))
    return points(chain(ordered) + chain(ordered[::-1]))


def _skirt_folds(pen: Pen, look: Look, bones: Bones) -> None:
    line = pen.line_for(look.top)
    knees = ((bones.near_leg[1][0] + bones.far_leg[1][0]) / 2, (bones.near_leg[1][1] + bones.far_leg[1][1]) / 2)
    if abs(knees[0] - bones.hip[0]) > 0.12:
        return  # seated: the cloth lies over the thighs
    reach = {"GOWN": 1.5, "DRESS": 1.05, "COAT": 0.8, "SCHOOL": 0.8}[look.outfit]
    for offset, start in ((-0.02, 0.3), (0.012, 0.15), (0.03, 0.45)):
        top = (
            bones.hip[0] + offset + (knees[0] - bones.hip[0]) * start,
            bones.hip[1] + (knees[1] - bones.hip[1]) * start,
        )
        end = (
            bones.hip[0] + offset * 1.6 + (knees[0] - bones.hip[0]) * reach * 0.96,
            bones.hip[1] + (knees[1] - bones.hip[1]) * reach * 0.96,
        )
        pen.stroke([top, end], 0.004, line, 0.7, taper=(0.1, 0.8))
    if look.outfit in ("COAT",):
        pen.stroke(
            [bones.hip, (knees[0] * 0.8, bones.hip[1] + (knees[1] - bones.hip[1]) * 0.8)], 0.006, line, taper=(1, 1)
        )


def _patches(pen: Pen, look: Look, bones: Bones, shoulder: float) -> None:
    line = pen.line_for(look.top)
    for across, along, colour in ((-0.55, 0.3, darker(look.top, 0.2)), (0.45, 0.62, lighter(look.top, 0.25))):
        x, y = bones.trunk(shoulder * across, along)
        patch = points([(x - 0.025, y - 0.02), (x + 0.022, y - 0.026), (x + 0.028, y + 0.022), (x - 0.02, y + 0.026)])
        pen.fill(patch, colour)
        for index in range(4):
            start, end = patch[index], patch[(index + 1) % 4]
            for share in (0.2, 0.5, 0.8):
                spot = start + (end - start) * share
                pen.stroke(
                    [(spot[0] - 0.005, spot[1] - 0.004), (spot[0] + 0.005, spot[1] + 0.004)], 0.003, line, taper=(1, 1)
                )


def draw_neckwear(pen: Pen, look: Look, bones: Bones, sway: float) -> None:
    t, shoulder = bones.trunk, bones.shoulder
    if "SCARF" in look.extras:
        tail = limb(
            [t(-shoulder * 0.3, 0.96), t(-shoulder * 0.5 + sway * 0.3, 0.7), t(-shoulder * 0.42 + sway * 0.8, 0.36)],
            [0.05, 0.055, 0.06],
        )
        pen.body(tail, look.trim, depth=0.012)
        pen.body(
            limb([t(-shoulder * 0.62, 1.0), t(0, 0.94), t(shoulder * 0.6, 1.0)], [0.05, 0.07, 0.05]),
            look.trim,
            depth=0.014,
        )
    elif "TOWEL" in look.extras:
        pen.body(
            limb(
                [t(-shoulder * 0.55, 1.02), t(-shoulder * 0.48, 0.8), t(-shoulder * 0.42, 0.56)], [0.034, 0.04, 0.044]
            ),
            (232, 230, 220),
            depth=0.01,
        )
        pen.body(
            limb([t(-shoulder * 0.5, 1.02), t(0, 0.95), t(shoulder * 0.5, 1.02)], [0.03, 0.04, 0.03]),
            (232, 230, 220),
            depth=0.008,
        )
