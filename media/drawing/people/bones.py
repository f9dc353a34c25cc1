"""The bones of a figure: its joints, from a look's proportions and a pose's angles.

Unit: the figure's own height, feet at (0, 0), y down, so that the crown lies at about y = -1; it faces +x.
"""

import math
from dataclasses import dataclass

from media.drawing.people.look import Look
from media.drawing.people.poses import Pose, step

Joint = tuple[float, float]


@dataclass(frozen=True)
class Bones:
    """Joints in figure units; near: the side towards us."""

    hip: Joint
    neck: Joint
    head: Joint
    lean: float
    near_arm: tuple[Joint, Joint, Joint]
    far_arm: tuple[Joint, Joint, Joint]
    near_leg: tuple[Joint, Joint, Joint]
    far_leg: tuple[Joint, Joint, Joint]
    shoulder: float

    def trunk(self, across: float, along: float) -> Joint:
        """A point of the trunk: across in figure units (+ forwards), along from hip (0) to neck (1)."""
        dx, dy = self.neck[0] - self.hip[0], self.neck[1] - self.hip[1]
        cos, sin = math.cos(self.lean), math.sin(self.lean)
        return self.hip[0] + dx * along + across * cos, self.hip[1] + dy * along + across * sin


def bones_of(look: Look, pose: Pose) -> Bones:
    """Where the joints of somebody who looks so are in the pose."""
    head = look.head_share
    body = (1 - head) / 0.842
    neck_length, trunk_length = 0.026 * body, 0.3 * body
    leg_length = 1 - head - neck_length - trunk_length - 0.02
    thigh, shin = leg_length * 0.51, leg_length * 0.49
    upper, fore = 0.15 * body, 0.135 * body
    shoulder = {"CHILD": 0.088}.get(look.age, 0.083 if look.is_female else 0.104) * (0.6 + 0.4 * look.build)
    pelvis = shoulder * (0.5 if look.is_female else 0.42)
    # The hips stand so high that the lower foot touches the ground.
    reach = [thigh * math.cos(a) + shin * math.cos(b) for a, b in (pose.near_leg, pose.far_leg)]
    hip_height = max(reach) + 0.02 + pose.lift
    if pose.on_ground:
        hip_height = 0.07
    hip = (0.0, -hip_height)
    lean = pose.lean + (0.1 if look.age == "OLD" and not pose.on_ground else 0.0)
    neck = (hip[0] + trunk_length * math.sin(lean), hip[1] - trunk_length * math.cos(lean))
    up = lean * 0.55 + pose.tilt
    head_at = (
        neck[0] + (neck_length + head * 0.5) * math.sin(lean * 0.8),
        neck[1] - (neck_length + head * 0.47) * math.cos(up),
    )

    def chain(start: Joint, angles: tuple[float, float], lengths: tuple[float, float]) -> tuple[Joint, Joint, Joint]:
        middle = step(start, angles[0], lengths[0])
        return start, middle, step(middle, angles[1], lengths[1])

    cos, sin = math.cos(lean), math.sin(lean)
    drop = 0.028 * body
    near_shoulder = (neck[0] - shoulder * 0.8 * cos - drop * sin, neck[1] - shoulder * 0.8 * sin + drop * cos)
    far_shoulder = (neck[0] + shoulder * 0.8 * cos - drop * sin, neck[1] + shoulder * 0.8 * sin + drop * cos)
    return Bones(
        hip,
        neck,
        head_at,
        lean,
        chain(near_shoulder, pose.near_arm, (upper, fore)),
        chain(far_shoulder, pose.far_arm, (upper, fore)),
        chain((hip[0] - pelvis, hip[1]), pose.near_leg, (thigh, shin)),
        chain((hip[0] + pelvis, hip[1]), pose.far_leg, (thigh, shin)),
        shoulder,
    )
