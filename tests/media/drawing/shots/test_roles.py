"""Who does what with the things of a shot."""

import pytest

from media.drawing.reading.actors import Actor
from media.drawing.shots.roles import Roles, backs_of, holder_of, puller_of, pulls, rider_of, roles_of
from tests.media.drawing.shots.compositions import LETTER, RICKSHAW, actor, composition


@pytest.mark.parametrize(
    ("who", "does"),
    [
        (actor("Tom", "PULL"), True),
        (actor("车夫", "RUN"), True),
        (actor("the driver", "WALK"), True),
        (actor("车夫", "STAND"), False),
        (actor("Tom", "WALK"), False),
    ],
)
def test_who_pulls_does_so_or_has_it_for_a_trade_and_moves(who: Actor, does: bool) -> None:
    assert pulls(who) == does


def test_the_first_who_pulls_and_the_first_other_who_sits_have_the_cart() -> None:
    actors = [actor("Ben", "SIT"), actor("Tom", "PULL"), actor("Anna", "SIT")]
    assert puller_of(actors) == 1
    assert rider_of(actors, 1) == 0
    assert rider_of(actors, 0) == 2
    assert puller_of(actors[:1]) is None


@pytest.mark.parametrize(
    ("actors", "main", "holder"),
    [
        ((actor("Tom"), actor("Anna")), 1, 1),
        ((actor("Tom", told="tom has a letter"), actor("Anna")), 1, 0),
        ((actor("Tom", "CRY"), actor("Anna")), 0, None),
        ((), 0, None),
    ],
)
def test_the_one_told_of_holds_a_thing_else_the_main_one_with_a_free_hand(
    actors: tuple[Actor, ...], main: int, holder: int | None
) -> None:
    assert holder_of(actors, LETTER, main) == holder


@pytest.mark.parametrize(
    ("shot_type", "camera", "actors", "backs"),
    [
        ("FULL", "BEHIND", (actor("Tom"),), {0}),
        ("FULL", None, (actor("Tom"),), set()),
        ("CLOSE_UP", "BEHIND", (actor("Tom"),), set()),
        ("FULL", "LOW", (actor("Tom"), actor("Anna", told="anna's back turned")), {1}),
        ("FULL", "BEHIND", (actor("Tom"), actor("Anna")), set()),
    ],
)
def test_a_back_is_shown_of_one_alone_or_of_whom_it_is_told(
    shot_type: str, camera: str | None, actors: tuple[Actor, ...], backs: set[int]
) -> None:
    assert backs_of(composition(shot_type, *actors, camera=camera)) == backs


def test_nobody_pulls_or_rides_where_there_is_no_cart() -> None:
    actors = (actor("Tom", "PULL"), actor("Anna", "SIT"))
    assert roles_of(composition("FULL", *actors)) == Roles()
    with_cart = roles_of(composition("FULL", *actors, things=(RICKSHAW,)))
    assert (with_cart.wheels, with_cart.puller, with_cart.rider) == (RICKSHAW, 0, 1)
