"""How large a shot's figures are."""

import pytest

from media.drawing.shots.framing import FRAMINGS, GROWN_METRES
from media.drawing.shots.scale import scale_by_body, scale_by_head, scale_of
from tests.media.drawing.shots.compositions import HEIGHT, RICKSHAW, WIDTH, actor, composition

TOM, ANNA, CHILD = actor("Tom"), actor("Anna", words="a woman"), actor("Nell", words="a girl")


@pytest.mark.parametrize("shot_type", ["MEDIUM", "CLOSE_UP", "EXTREME_CLOSE_UP"])
def test_the_head_has_the_height_of_the_framing(shot_type: str) -> None:
    shot = composition(shot_type, TOM)
    look = shot.members[0].look
    head = look.head_share * look.height * GROWN_METRES * scale_by_head(shot).metre
    assert head == pytest.approx(FRAMINGS[shot_type].head * shot.unit)


def test_the_middle_of_the_head_lies_where_the_framing_has_it() -> None:
    shot = composition("CLOSE_UP", TOM)
    scale = scale_by_head(shot)
    head = scale.feet - shot.members[0].head_metres * scale.metre
    assert head == pytest.approx(FRAMINGS["CLOSE_UP"].at * HEIGHT)


def test_a_group_is_smaller_so_that_nobody_is_cut_off() -> None:
    group = composition("MEDIUM", *[actor(f"Tom {number}") for number in range(6)])
    assert scale_by_head(group).metre * 6 * 0.62 <= WIDTH * 0.94 + 1e-6


def test_a_child_beside_a_grown_person_keeps_its_head_in_the_picture() -> None:
    shot = composition("CLOSE_UP", TOM, CHILD)
    apart = shot.members[0].head_metres - shot.members[1].head_metres
    assert apart > 0.3
    assert scale_by_head(shot).metre * apart <= HEIGHT * 0.5 + 1e-6


def test_a_body_has_the_height_of_the_framing_and_one_alone_fills_it() -> None:
    assert scale_by_body(composition("LONG", TOM)).metre * GROWN_METRES == pytest.approx(0.4 * HEIGHT)
    full = composition("FULL", CHILD)
    assert scale_by_body(full).metre > scale_by_body(composition("FULL", TOM)).metre


def test_a_cart_makes_figures_smaller_but_not_tiny() -> None:
    alone, beside = composition("FULL", TOM, ANNA), composition("FULL", TOM, ANNA, things=(RICKSHAW,))
    assert scale_by_body(alone).metre * 0.5 <= scale_by_body(beside).metre < scale_by_body(alone).metre


def test_shots_of_heads_without_anybody_are_measured_by_a_body() -> None:
    empty = composition("MEDIUM")
    assert scale_of(empty) == scale_by_body(empty)
    assert scale_of(composition("MEDIUM", TOM)) == scale_by_head(composition("MEDIUM", TOM))
