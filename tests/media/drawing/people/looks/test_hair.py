"""Hair by the words, and by chance where they say nothing."""

import random

import pytest

from media.drawing.people.looks.hair import drawn_hair, hair_of, told_hair_colour
from tests.media.drawing.people.looks.people import person, told

BLONDE, BROWN, WHITE = (226, 190, 106), (104, 70, 48), (222, 224, 230)


@pytest.mark.parametrize(
    ("words", "style"),
    [
        ("光头", "BALD"),
        ("long black hair", "LONG"),
        ("with a ponytail", "PONY"),
        ("梳着发髻", "BUN"),
        ("卷发", "CURLY"),
    ],
)
def test_the_style_is_the_one_told(words: str, style: str) -> None:
    assert {hair_of(person(words), random.Random(seed)).style for seed in range(8)} == {style}


@pytest.mark.parametrize(
    ("words", "colour"),
    [
        ("blonde hair", BLONDE),
        ("brown hair", BROWN),
        ("白发", WHITE),
        ("blonde, later white hair", WHITE),
        ("tall", None),
    ],
)
def test_the_colour_is_the_one_named_last(words: str, colour: tuple[int, int, int] | None) -> None:
    assert told_hair_colour(told(words)) == colour


def test_the_old_have_grey_hair_in_one_style() -> None:
    for seed in range(8):
        hair = drawn_hair(person("", "FEMALE", "OLD"), random.Random(seed))
        assert hair.style == "BUN"
        assert max(hair.colour) - min(hair.colour) <= 8
        assert drawn_hair(person("", "MALE", "OLD"), random.Random(seed)).style == "SHORT"


def test_hair_by_chance_differs_and_is_dark_under_a_chinese_name() -> None:
    chinese = {drawn_hair(person("", name="林雪"), random.Random(seed)).colour for seed in range(30)}
    others = {drawn_hair(person(""), random.Random(seed)).colour for seed in range(30)}
    assert len(chinese) == 3
    assert all(max(colour) < 70 for colour in chinese)
    assert len(others) > 5
