"""Who and what a shot shows."""

import pytest

from media.drawing.order import DrawnSubject
from media.drawing.reading.actors import Actor
from media.drawing.shots.company import (
    Company,
    about_who_acts,
    company_of,
    look_of,
    over_a_shoulder,
    through_somebodys_eyes,
    with_hands_alone,
    with_insert,
)
from tests.media.drawing.shots.compositions import LETTER, STONES, actor, reading

TOM, ANNA, BEN = actor("Tom", "RUN"), actor("Anna", words="a girl in a red coat"), actor("Ben", "GIVE")
TELLER = actor("I", "LOOK")


@pytest.mark.parametrize(
    ("actors", "seen", "has_hands"),
    [
        ((TOM,), (TOM,), False),
        ((TOM, ANNA), (ANNA,), False),
        ((TOM, TELLER, ANNA), (TOM, ANNA), False),
        ((BEN, ANNA), (ANNA,), True),
    ],
)
def test_we_look_through_the_eyes_of_the_narrator_or_of_the_first_named(
    actors: tuple[Actor, ...], seen: tuple[Actor, ...], has_hands: bool
) -> None:
    company = through_somebodys_eyes(Company(actors))
    assert company.actors == seen
    assert (company.own_hands is not None) == has_hands


@pytest.mark.parametrize(("actors", "main"), [((ANNA, TOM), 1), ((TELLER, ANNA), 0), ((TOM, BEN), 0), ((), 0)])
def test_the_shot_is_about_the_first_who_acts(actors: tuple[Actor, ...], main: int) -> None:
    assert about_who_acts(Company(actors)).main == main


def test_a_thing_fills_a_close_shot_that_nobody_is_in() -> None:
    assert with_insert(Company((), things=(STONES,)), is_extreme=False).insert == STONES
    assert with_insert(Company(()), is_extreme=True).insert is None


def test_a_thing_in_a_hand_fills_the_closest_shot_alone() -> None:
    company = Company((ANNA,), things=(STONES, LETTER))
    assert with_insert(company, is_extreme=False) == company
    near = with_insert(company, is_extreme=True)
    assert (near.insert, near.insert_hand) == (LETTER, look_of(ANNA))


def test_hands_alone_are_those_of_the_first() -> None:
    company = with_hands_alone(Company((ANNA, TOM), main=1))
    assert (company.actors, company.insert_hand) == ((), look_of(ANNA))


@pytest.mark.parametrize(
    ("actors", "main", "shoulder", "seen"),
    [((TOM, ANNA), 0, ANNA, (TOM,)), ((ANNA, TOM), 1, ANNA, (TOM,)), ((ANNA,), 0, ANNA, ())],
)
def test_we_look_over_the_shoulder_of_the_other(
    actors: tuple[Actor, ...], main: int, shoulder: Actor, seen: tuple[Actor, ...]
) -> None:
    company = over_a_shoulder(Company(actors, main=main))
    assert company.shoulder == look_of(shoulder)
    assert (company.actors, company.main) == (seen, 0)


def test_nobody_is_beside_a_thing_that_fills_the_shot() -> None:
    letter = DrawnSubject("PROP", "letter")
    company = company_of(reading("EXTREME_CLOSE_UP", ANNA, props=(letter,), action="anna holds a letter"))
    assert company.insert is not None
    assert company.actors == ()
