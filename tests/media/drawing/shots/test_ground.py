"""Where each figure stands on the ground of a shot."""

import random

import pytest

from media.drawing.reading.actors import Actor
from media.drawing.shots.framing import SEAT_METRES
from media.drawing.shots.ground import (
    Ground,
    Slot,
    lay_ground,
    lift_of,
    room_for_cart,
    spot_behind,
    spot_in_front,
    spot_in_row,
    spot_of,
    usual_gap,
)
from media.drawing.shots.roles import Roles
from tests.media.drawing.shots.compositions import RICKSHAW, actor, composition

TOM, ANNA, CHILD = actor("Tom"), actor("Anna"), actor("Nell", words="a girl")


def ground(shot_type: str, *actors: Actor, roles: Roles | None = None, **how: object) -> Ground:
    shot = composition(shot_type, *actors, **how)  # type: ignore[arg-type]
    return Ground(shot, roles or Roles(), 40.0, 6.0, 0.5, 0.8, (0.01,) * len(actors))


@pytest.mark.parametrize(
    ("actions", "gap"),
    [(("STAND", "TALK"), 0.78), (("SUPPORT", "STAND"), 0.56), (("FIGHT", "FIGHT"), 0.56), (("SUPPORT", "LIE"), 1.0)],
)
def test_those_who_touch_stand_near_and_one_who_lies_needs_room(actions: tuple[str, ...], gap: float) -> None:
    assert usual_gap(composition("FULL", *[actor("Tom", action) for action in actions])) == gap


def test_those_in_a_row_stand_a_gap_apart_and_look_at_each_other() -> None:
    row = ground("FULL", TOM, ANNA)
    left, right = spot_in_row(row, Slot(0, 0)), spot_in_row(row, Slot(1, 1))
    assert right.x - left.x == pytest.approx(0.8)
    assert (left.x + right.x) / 2 == pytest.approx(0.5)
    assert (left.is_mirrored, right.is_mirrored) == (False, True)
    assert right.z > left.z


@pytest.mark.parametrize("side", [-1, 1])
def test_one_alone_looks_as_chance_has_it(side: int) -> None:
    assert spot_in_row(ground("FULL", TOM, side=side), Slot(0, 0)).is_mirrored == (side < 0)


@pytest.mark.parametrize("side", [-1, 1])
def test_the_main_head_is_beside_the_middle_and_the_other_behind_it_on_the_other_side(side: int) -> None:
    near = ground("CLOSE_UP", TOM, ANNA, side=side)
    front, behind = spot_in_front(near), spot_behind(near, Slot(1, 1))
    assert (front.x - 0.5) * side > 0 > (behind.x - 0.5) * side
    assert behind.z > front.z == 6.0
    assert front.is_mirrored != behind.is_mirrored


def test_the_closest_head_alone_is_in_the_middle() -> None:
    assert spot_in_front(ground("EXTREME_CLOSE_UP", TOM)).x == 0.5


def test_over_a_shoulder_one_is_away_from_it_and_looks_towards_it() -> None:
    spot = spot_in_front(ground("OVER_THE_SHOULDER", TOM, side=1))
    assert spot.x < 0.5
    assert not spot.is_mirrored


def test_who_pulls_faces_the_side_and_stands_off_the_middle() -> None:
    roles = Roles(wheels=RICKSHAW, puller=0)
    shot = ground("FULL", actor("Tom", "PULL"), ANNA, roles=roles, things=(RICKSHAW,), side=-1)
    assert spot_of(shot, Slot(0, 0)).is_mirrored
    assert room_for_cart(shot) < 0
    assert room_for_cart(ground("CLOSE_UP", TOM, roles=roles, side=-1)) == 0
    assert room_for_cart(ground("FULL", TOM)) == 0


def test_heads_of_unlike_height_are_brought_nearer_and_a_rider_sits() -> None:
    near = ground("CLOSE_UP", TOM, CHILD)
    assert lift_of(near, Slot(0, 0)) == 0
    assert 0 < lift_of(near, Slot(1, 1)) < near.shot.members[0].head_metres - near.shot.members[1].head_metres
    assert lift_of(ground("FULL", TOM, CHILD), Slot(1, 1)) == 0
    assert lift_of(ground("FULL", TOM, roles=Roles(rider=0)), Slot(0, 0)) == SEAT_METRES


def test_the_same_chance_lays_the_same_ground() -> None:
    shot = composition("FULL", TOM, ANNA)
    first, second, other = (lay_ground(shot, Roles(), 40.0, 6.0, 160.0, random.Random(seed)) for seed in (1, 1, 2))
    assert first == second != other
    assert len(first.offsets) == 2
