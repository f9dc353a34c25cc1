"""A whole figure: bones from a pose, clothes over them, hands, and the head on top.

Unit: the figure's own height, feet at (0, 0), y down, so that the crown lies at about y = -1; it faces +x.
"""

import math

from media.drawing.animals.beast_drawing import draw_beast_head, draw_tail
from media.drawing.canvas import Points, limb, oval, points
from media.drawing.colour import darker, mix
from media.drawing.pen import Pen
from media.drawing.people import clothes
from media.drawing.people.bones import Joint, bones_of
from media.drawing.people.face import Expression, draw_face
from media.drawing.people.hair import draw_back_hair, draw_front_hair, draw_head_from_behind
from media.drawing.people.hats import draw_hat
from media.drawing.people.look import Look
from media.drawing.people.poses import Pose


def draw_figure(
    pen: Pen,
    look: Look,
    pose: Pose,
    expression: Expression,
    *,
    sway: float = 0.0,
    turn: float | None = None,
    is_from_behind: bool = False,
) -> tuple[Pen, Pen]:
    """Draws the figure and returns pens at its near and far hands, for what they hold; unit stays the figure's height.

    is_from_behind: the same figure seen from its back.
    sway: how far wind carries hair and hems towards +x, about 0 to 0.4.
    """
    if pose.flat:
        pen = pen.at(0.5, -0.09, angle=-math.pi / 2)
    bones = bones_of(look, pose)
    head_turn = pose.turn if turn is None else turn
    head = pen.at(*bones.head, unit=look.head_share, angle=pose.tilt + bones.lean * 0.5)
    if look.species is None and not is_from_behind:
        draw_back_hair(head, look, head_turn, sway)
    elif look.species is not None and not is_from_behind and not pose.flat:
        draw_tail(pen, look, bones.hip, sway)
    _arm(pen, look, bones.far_arm, is_near=False)
    clothes.draw_legs(pen, look, bones)
    neck_base = bones.trunk(0.004, 0.97)
    neck_width = 0.05 if look.is_female or look.age == "CHILD" else 0.064
    neck = limb(
        [neck_base, (bones.head[0] * 0.75 + bones.neck[0] * 0.25, bones.head[1] + look.head_share * 0.2)],
        [neck_width * 1.15, neck_width * 0.9],
    )
    pen.body(neck, mix(look.skin, (206, 120, 118), 0.3), depth=0.0)
    clothes.draw_trunk(pen, look, bones, sway, is_from_behind=is_from_behind)
    if not pose.hands_before_face:
        _arm(pen, look, bones.near_arm, is_near=True)
    if is_from_behind:
        if look.species is not None:
            draw_tail(pen, look, bones.hip, sway)
        draw_head_from_behind(head, look)
    elif look.species is not None:
        draw_beast_head(head, look, expression, max(head_turn, 0.25))
        clothes.draw_neckwear(pen, look, bones, sway)
        if look.hat is not None:
            draw_hat(head.at(0, -0.06), look, head_turn)
    else:
        draw_face(head, look, expression, head_turn)
        draw_front_hair(head, look, head_turn, sway)
        clothes.draw_neckwear(pen, look, bones, sway)
    if pose.hands_before_face:
        _arm(pen, look, bones.near_arm, is_near=True)
    near, far = bones.near_arm[2], bones.far_arm[2]
    return pen.at(*near), pen.at(*far)


def _arm(pen: Pen, look: Look, joints: tuple[Joint, Joint, Joint], *, is_near: bool) -> None:
    shoulder, elbow, wrist = joints
    girth = 0.5 + 0.5 * look.build
    slim = 0.82 if look.is_female or look.age == "CHILD" else 1.0
    colour = clothes.sleeve_colour(look)
    if not is_near:
        colour = darker(colour, 0.12)
    angle = math.atan2(wrist[0] - elbow[0], wrist[1] - elbow[1])
    draw_hand(pen, look, wrist, angle, 0.072 * (0.9 if look.is_female else 1.0))
    widths = [0.062 * girth * slim, 0.056 * girth * slim, 0.046 * girth * slim]
    flare = {"GOWN": 1.75, "COAT": 1.25, "JACKET": 1.28}.get(look.outfit, 1.0)
    sleeve = limb([shoulder, elbow, wrist], [widths[0], widths[1] * (1 + (flare - 1) * 0.5), widths[2] * flare])
    if look.outfit == "DRESS":
        pen.body(limb([shoulder, elbow, wrist], [w * 0.82 for w in widths]), look.skin, depth=0.012)
        half = ((shoulder[0] + elbow[0]) / 2, (shoulder[1] + elbow[1]) / 2)
        sleeve = limb([shoulder, half], [widths[0] * 1.25, widths[0] * 1.35])
    pen.body(sleeve, colour, depth=0.014)
    if pen.unit > 200 and look.outfit != "DRESS":
        line = pen.line_for(colour)
        bend = (angle - math.atan2(elbow[0] - shoulder[0], elbow[1] - shoulder[1])) * 0.5
        for offset in (-0.012, 0.012):
            start = (elbow[0] - 0.018 * math.cos(bend), elbow[1] + offset)
            pen.stroke([start, (elbow[0] + 0.012, elbow[1] + offset * 0.2)], 0.004, line, 0.8)
        cuff = [
            (wrist[0] - 0.024 * flare * math.cos(angle), wrist[1] - 0.012 + 0.024 * flare * math.sin(angle)),
            (wrist[0] + 0.024 * flare * math.cos(angle), wrist[1] - 0.012 - 0.024 * flare * math.sin(angle)),
        ]
        pen.stroke(cuff, 0.005, line, 0.7, taper=(1, 1))


def draw_hand(pen: Pen, look: Look, wrist: Joint, angle: float, size: float) -> None:
    """A hand that goes on from the wrist in the forearm's direction, with fingers where it is large enough."""
    hand = pen.at(*wrist, unit=size, angle=-angle)
    thumb = limb([(0.08, 0.12), (0.36, 0.36), (0.32, 0.62)], [0.24, 0.2, 0.12])
    palm: Points = limb([(0, -0.12), (0.0, 0.4), (-0.04, 0.98)], [0.46, 0.58, 0.34])
    shapes = [palm, thumb]
    if hand.unit > 26:
        palm = limb([(0, -0.12), (0, 0.48)], [0.44, 0.56])
        fingers = [
            limb([(x * 0.8, 0.5), (x * 0.95 - 0.02, 0.78), (x * 0.8 - 0.05, end)], [0.17, 0.16, 0.1])
            for x, end in ((-0.21, 0.96), (-0.07, 1.1), (0.08, 1.14), (0.22, 1.02))
        ]
        shapes = [thumb, palm, *fingers]
    hand.group(shapes, look.skin, depth=0.05)
    if hand.unit > 26:
        for x in (-0.14, 0.005, 0.15):
            hand.stroke(points([(x, 0.56), (x * 0.9 - 0.02, 0.8)]), 0.03, hand.line_for(look.skin), 0.75)


def ground_shadow(pen: Pen, pose: Pose, alpha: float = 0.25) -> None:
    """The soft patch on the ground under a figure."""
    wide = 0.34 if pose.on_ground or pose.flat else 0.2
    x = 0.12 if pose.on_ground else 0.0
    for share in (1.0, 0.7):
        pen.fill(oval(x, 0.0, wide * share, wide * 0.16 * share), (30, 26, 50), alpha * 0.6)
