"""Hats by the words, and what a cap is on whose head."""

import pytest

from media.drawing.people.hats import HATS
from media.drawing.people.looks.hats import hat_colour, hat_of
from tests.media.drawing.people.looks.people import person, told

TOP, TRIM = (50, 60, 70), (200, 100, 50)


@pytest.mark.parametrize(
    ("words", "gender", "age", "hat"),
    [
        ("in a coat", "MALE", "ADULT", None),
        ("with a cap", "MALE", "ADULT", "FELT_CAP"),
        ("with a cap", "FEMALE", "ADULT", "FELT_CAP"),
        ("with a cap", "FEMALE", "OLD", "NIGHTCAP"),
        ("with a cap", "FEMALE", "CHILD", "BONNET"),
        ("with a cap", "FEMALE", "TEEN", "BONNET"),
        ("with a cap", "MALE", "CHILD", "FELT_CAP"),
        ("pulls a rickshaw", "MALE", "ADULT", "FELT_CAP"),
        ("pulls a rickshaw", "FEMALE", "ADULT", None),
        ("a constable", "FEMALE", "ADULT", "POLICE_CAP"),
        ("戴草帽", "MALE", "OLD", "STRAW_HAT"),
    ],
)
def test_a_hat_is_told_by_words_and_suits_who_wears_it(words: str, gender: str, age: str, hat: str | None) -> None:
    found = hat_of(person(words, gender, age))
    assert found == hat
    assert found is None or found in HATS


def test_the_colour_is_the_caps_own_word_then_the_kinds_then_the_trims() -> None:
    red = hat_colour(told("a red cap"), "FELT_CAP", TOP, TRIM)
    assert red[0] > 2 * max(red[1:])
    assert hat_colour(told("tall"), "FELT_CAP", TOP, TRIM) == (118, 96, 74)
    assert hat_colour(told("a red cap"), "POLICE_CAP", TOP, TRIM) == TOP
    assert sum(hat_colour(told("tall"), "HAT", TOP, TRIM)) < sum(TRIM)
