"""The ground of a shot and the position of each figure on it."""

import math
import random
from dataclasses import dataclass, replace

from media.drawing.shots.composition import Composition
from media.drawing.shots.framing import FLAT_REACH, GROWN_METRES, SEAT_METRES
from media.drawing.shots.roles import Roles

_GAP, _TOUCHING_GAP, _LYING_GAP = 0.78, 0.56, 1.0


@dataclass(frozen=True)
class Ground:
    """Lengths in metres: x to the right of the vanishing point, z away from us.

    metre: pixels of a metre at the figures' distance z. centre: their middle; gap: between neighbours; offsets: for
    each slot of the row, from the left, how much farther away (as a share of z) it is.
    """

    shot: Composition
    roles: Roles
    metre: float
    z: float
    centre: float
    gap: float
    offsets: tuple[float, ...]

    @property
    def order(self) -> tuple[int, ...]:
        """The members from left to right."""
        indices = tuple(range(len(self.shot.members)))
        return indices[::-1] if self.shot.side < 0 else indices


@dataclass(frozen=True)
class Slot:
    """A place in the row: the number-th from the left, for the member of that index."""

    number: int
    index: int


@dataclass(frozen=True)
class Spot:
    """Where one stands, facing right unless is_mirrored."""

    x: float
    z: float
    is_mirrored: bool


def lay_ground(shot: Composition, roles: Roles, metre: float, z: float, vanish: float, chance: random.Random) -> Ground:
    """The ground of a shot. vanish: the vanishing point's x in pixels. Middle, gap and offsets are random."""
    centre = (shot.width * (0.5 + chance.uniform(-0.05, 0.05)) - vanish) / metre
    gap = usual_gap(shot) * chance.uniform(0.94, 1.08)
    offsets = tuple(chance.uniform(0, 0.03) for _ in shot.members)
    ground = Ground(shot, roles, metre, z, centre, gap, offsets)
    return replace(ground, centre=centre + room_for_cart(ground))


def usual_gap(shot: Composition) -> float:
    """The metres between two figures: few where they touch, many where one lies."""
    actions = {member.actor.action for member in shot.members}
    if "LIE" in actions:
        return _LYING_GAP
    return _TOUCHING_GAP if actions & {"SUPPORT", "FIGHT"} else _GAP


def room_for_cart(ground: Ground) -> float:
    """A cart trails behind: how far off the middle the one who pulls it stands, so that both are seen."""
    shot, wheels = ground.shot, ground.roles.wheels
    if wheels is None or ground.roles.puller is None or shot.is_near:
        return 0.0
    return shot.side * min(wheels.wide * wheels.metres * 0.55, shot.width / ground.metre * 0.3)


def spot_of(ground: Ground, slot: Slot) -> Spot:
    """Where the member stands: in the row, or in a near shot before or behind the others."""
    shot = ground.shot
    if not shot.is_near:
        spot = spot_in_row(ground, slot)
    elif slot.index == shot.main:
        spot = spot_in_front(ground)
    else:
        spot = spot_behind(ground, slot)
    if slot.index == ground.roles.puller:
        spot = replace(spot, is_mirrored=shot.side < 0)
    member = shot.members[slot.index]
    if member.pose.flat and shot.is_near and slot.index == shot.main:
        # The head of one who lies is off to the side of the figure's middle.
        reach = FLAT_REACH * member.look.height * GROWN_METRES * (-1 if spot.is_mirrored else 1)
        spot = replace(spot, x=spot.x + reach)
    return spot


def spot_in_row(ground: Ground, slot: Slot) -> Spot:
    """Side by side, facing each other; a single figure faces a random side."""
    count = len(ground.shot.members)
    return Spot(
        x=ground.centre + (slot.number - (count - 1) / 2) * ground.gap,
        z=ground.z * (1 + (0.07 if slot.number % 2 else 0.0) + ground.offsets[slot.number]),
        is_mirrored=slot.number >= count / 2 if count > 1 else ground.shot.side < 0,
    )


def spot_in_front(ground: Ground) -> Spot:
    """Beside the middle, looking across it: away from the shoulder that is in the way."""
    shot = ground.shot
    aside = -0.13 * shot.side if shot.is_over_shoulder else 0.07 * shot.side
    if len(shot.members) == 1 and shot.reading.shot_type == "EXTREME_CLOSE_UP":
        aside = 0.0
    is_mirrored = shot.side < 0 if shot.is_over_shoulder else shot.side > 0
    return Spot(ground.centre + aside * shot.width / ground.metre, ground.z, is_mirrored)


def spot_behind(ground: Ground, slot: Slot) -> Spot:
    """On the other side of the main one, farther away."""
    shot = ground.shot
    x = ground.centre - 0.24 * shot.side * shot.width / ground.metre * 1.4 * (1 + 0.3 * slot.number)
    return Spot(x, ground.z * (1.45 + 0.15 * slot.number), shot.side < 0)


def lift_of(ground: Ground, slot: Slot) -> float:
    """How many metres above the ground one is: on a seat, or nearer to the main head."""
    if slot.index == ground.roles.rider:
        return SEAT_METRES
    if not ground.shot.is_near or slot.index == ground.shot.main:
        return 0.0
    # Heads of very unlike height are brought nearer to each other, as on a film set, so that none is cut off.
    members = ground.shot.members
    apart = members[slot.index].head_metres - members[ground.shot.main].head_metres
    return -math.copysign(max(0.0, abs(apart) - 0.1), apart)
