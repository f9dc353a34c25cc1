"""Poses as joint angles: what an action looks like.

Angles are radians from straight down, positive towards the side that the figure faces; lean tips the trunk forwards.
"""

import math
import random
from dataclasses import dataclass, replace

Arm = tuple[float, float]  # upper arm, forearm
Leg = tuple[float, float]  # thigh, shin


@dataclass(frozen=True)
class Pose:
    """turn: of the head, 0 (to us) to 1; on_ground: the hips rest on the ground; flat: the whole figure lies."""

    near_arm: Arm = (-0.14, -0.02)
    far_arm: Arm = (0.14, 0.1)
    near_leg: Leg = (-0.05, -0.03)
    far_leg: Leg = (0.06, 0.03)
    lean: float = 0.0
    tilt: float = 0.0
    turn: float = 0.38
    lift: float = 0.0  # feet above the ground, in body heights
    on_ground: bool = False
    seat: float = 0.0  # height of what is sat on, in body heights
    flat: bool = False
    hands_before_face: bool = False


_POSES: dict[str, Pose] = {
    "STAND": Pose(),
    "WALK": Pose(
        near_arm=(-0.42, -0.12), far_arm=(0.36, 0.8), near_leg=(-0.36, -0.56), far_leg=(0.4, 0.2), lean=0.05, turn=0.6
    ),
    "RUN": Pose(
        near_arm=(-0.85, 0.55),
        far_arm=(0.75, 2.0),
        near_leg=(0.95, -0.25),
        far_leg=(-0.6, -1.5),
        lean=0.3,
        turn=0.65,
        lift=0.04,
    ),
    "SIT": Pose(near_arm=(0.12, 0.85), far_arm=(0.2, 0.9), near_leg=(1.25, 0.03), far_leg=(1.05, -0.06), seat=0.27),
    "LIE": Pose(
        near_arm=(-0.75, -0.25),
        far_arm=(0.5, 1.0),
        near_leg=(1.5, 1.2),
        far_leg=(1.85, 0.85),
        lean=-0.5,
        tilt=-0.12,
        on_ground=True,
    ),
    "ASLEEP": Pose(near_arm=(-0.12, 0.1), far_arm=(0.12, -0.1), flat=True, turn=0.0),
    "GIVE": Pose(
        near_arm=(0.62, 1.35), far_arm=(0.4, 1.25), lean=0.08, turn=0.6, near_leg=(-0.16, -0.18), far_leg=(0.16, 0.06)
    ),
    "SUPPORT": Pose(
        near_arm=(0.75, 1.3),
        far_arm=(0.95, 1.2),
        lean=0.16,
        tilt=0.08,
        turn=0.66,
        near_leg=(-0.26, -0.34),
        far_leg=(0.3, 0.1),
    ),
    "PULL": Pose(
        near_arm=(-0.32, 0.3), far_arm=(-0.2, 0.4), near_leg=(0.62, -0.1), far_leg=(-0.42, -1.0), lean=0.3, turn=0.62
    ),
    "POINT": Pose(near_arm=(-0.2, 0.1), far_arm=(1.5, 1.56), turn=0.65),
    "TALK": Pose(near_arm=(-0.16, 0.1), far_arm=(0.42, 1.7), turn=0.5),
    "FIGHT": Pose(
        near_arm=(0.9, 2.0), far_arm=(1.5, 1.75), near_leg=(-0.62, -0.7), far_leg=(0.7, 0.12), lean=0.18, turn=0.62
    ),
    "CRY": Pose(near_arm=(0.2, 2.62), far_arm=(0.1, 2.78), tilt=0.16, lean=0.08, turn=0.3, hands_before_face=True),
    "LAUGH": Pose(near_arm=(-0.35, 0.55), far_arm=(0.5, 1.9), tilt=-0.12, lean=-0.06, turn=0.35),
    "BOW": Pose(near_arm=(0.35, 0.75), far_arm=(0.45, 0.8), lean=0.62, tilt=0.25, turn=0.6),
    "THINK": Pose(near_arm=(0.34, 2.5), far_arm=(0.16, 0.5), tilt=0.1, turn=0.45, hands_before_face=True),
    "READ": Pose(near_arm=(0.3, 1.5), far_arm=(0.35, 1.45), tilt=0.16, turn=0.4),
    "LOOK": Pose(near_arm=(-0.12, 0.02), far_arm=(0.16, 0.2), tilt=-0.06, turn=0.72),
}


def pose_for(action: str, rng: random.Random, *, is_asleep: bool = False) -> Pose:
    """The pose of an action, varied a little by `rng`, so that no two figures look alike."""
    pose = _POSES["ASLEEP" if is_asleep else action]

    def near(angles: tuple[float, float], reach: float) -> tuple[float, float]:
        return angles[0] + rng.uniform(-reach, reach), angles[1] + rng.uniform(-reach, reach)

    reach = 0.05
    return replace(
        pose,
        near_arm=near(pose.near_arm, reach),
        far_arm=near(pose.far_arm, reach),
        tilt=pose.tilt + rng.uniform(-0.04, 0.04),
        turn=min(0.8, max(0.0, pose.turn + rng.uniform(-0.1, 0.1))),
    )


def step(start: tuple[float, float], angle: float, length: float) -> tuple[float, float]:
    """The end of a bone, y down."""
    return start[0] + length * math.sin(angle), start[1] + length * math.cos(angle)


def holding(pose: Pose, action: str, *, is_overhead: bool) -> Pose:
    """The same pose with the far hand brought up to hold something, unless the action already holds it out."""
    if is_overhead:
        return replace(pose, far_arm=(0.42, 2.35))
    if action in ("GIVE", "READ", "FIGHT", "POINT", "SUPPORT"):
        return pose
    return replace(pose, far_arm=(0.3, 1.75))
