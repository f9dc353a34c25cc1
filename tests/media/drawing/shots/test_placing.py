"""Figures and things in their places."""

from dataclasses import replace

import pytest

from media.drawing.reading.actors import Actor
from media.drawing.shots.framing import SEAT_METRES
from media.drawing.shots.ground import Ground, Slot
from media.drawing.shots.placing import cart_behind, cart_under, place_all, place_beside, place_cart, place_figure
from media.drawing.shots.roles import Roles, roles_of
from tests.media.drawing.shots.compositions import BOAT, LETTER, RICKSHAW, STONES, UMBRELLA, actor, composition

TOM, ANNA = actor("Tom"), actor("Anna", "SIT")
PULLER = actor("车夫", "PULL")


def ground(*actors: Actor, **how: object) -> Ground:
    shot = composition("FULL", *actors, **how)  # type: ignore[arg-type]
    return Ground(shot, roles_of(shot), 40.0, 6.0, 0.5, 0.8, (0.01,) * len(actors))


@pytest.mark.parametrize("is_mirrored", [False, True])
def test_a_cart_is_behind_the_one_who_pulls_and_its_rider_in_it(is_mirrored: bool) -> None:
    puller = replace(place_figure(ground(PULLER), Slot(0, 0)), x=0.0, is_mirrored=is_mirrored)
    rider = place_figure(ground(ANNA), Slot(0, 0))
    cart = cart_behind(RICKSHAW, puller, rider)
    behind = 1 if is_mirrored else -1
    assert cart.placed.x * behind > 1
    assert cart.rider is not None
    assert abs(cart.rider.x - cart.placed.x) < 0.3
    assert (cart.rider.lifted, cart.rider.is_mirrored) == (SEAT_METRES, is_mirrored)
    assert cart_behind(RICKSHAW, puller, None).rider is None


def test_a_cart_that_nobody_pulls_is_under_its_rider_and_one_that_nobody_uses_stands_aside() -> None:
    shot = ground(ANNA, things=(RICKSHAW,))
    rider = place_figure(shot, Slot(0, 0))
    assert place_cart(shot, {0: rider}) == cart_under(RICKSHAW, rider)
    assert abs(cart_under(RICKSHAW, rider).placed.x - rider.x) < 0.3
    assert place_cart(ground(TOM, things=(RICKSHAW,)), {0: rider}) is None


def test_things_stand_beside_the_figures_by_turns_on_either_side() -> None:
    shot = ground(TOM, things=(STONES, BOAT))
    first, second = place_beside(shot, STONES, 0), place_beside(shot, STONES, 1)
    assert first.x > 0.5 > second.x
    assert first.z > shot.z


def test_a_boat_is_out_on_the_water() -> None:
    on_river, on_street = ground(TOM, place="RIVER"), ground(TOM)
    assert place_beside(on_river, BOAT, 0).z == 2 * place_beside(on_street, BOAT, 0).z
    assert place_beside(on_river, STONES, 0).z == place_beside(on_street, STONES, 0).z


def test_the_holder_has_the_thing_in_a_raised_hand() -> None:
    shot = ground(TOM, things=(UMBRELLA,))
    figure = place_figure(shot, Slot(0, 0))
    assert figure.held == UMBRELLA
    assert figure.pose.far_arm != shot.shot.members[0].pose.far_arm
    assert place_figure(replace(shot, roles=Roles()), Slot(0, 0)).held is None


def test_a_back_seen_from_below_is_dark() -> None:
    low, behind = ground(TOM, camera="LOW"), ground(TOM, camera="BEHIND")
    assert (place_figure(low, Slot(0, 0)).shade, place_figure(behind, Slot(0, 0)).shade) == (0.5, 0.0)
    assert place_figure(behind, Slot(0, 0)).is_from_behind


def test_held_things_lie_side_by_side_where_nobody_is_there() -> None:
    figures, things = place_all(ground(things=(LETTER, UMBRELLA)))
    assert figures == ()
    assert things[1].x - things[0].x == pytest.approx(0.5)
    assert things[0].metres > LETTER.metres


def test_figures_and_things_are_ordered_from_far_to_near() -> None:
    figures, things = place_all(ground(TOM, ANNA, PULLER, things=(RICKSHAW, STONES)))
    assert [figure.z for figure in figures] == sorted((figure.z for figure in figures), reverse=True)
    assert [thing.z for thing in things] == sorted((thing.z for thing in things), reverse=True)
    assert {thing.prop for thing in things} == {RICKSHAW, STONES}
