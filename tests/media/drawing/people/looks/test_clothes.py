"""Clothes by the words, and by chance where they say nothing."""

import random

import pytest

from media.drawing.people.looks.clothes import clothes_of, drawn_cloth, extras_of, outfit_of, top_colour, trim_colour
from tests.media.drawing.people.looks.people import person, told

CLOTH = (90, 140, 60)


def outfits(words: str, gender: str, age: str, name: str = "Anna") -> set[str]:
    return {outfit_of(person(words, gender, age, name), random.Random(seed)) for seed in range(30)}


@pytest.mark.parametrize(
    ("words", "outfit"),
    [
        ("a policeman's uniform", "UNIFORM"),
        ("a knight", "ARMOUR"),
        ("长衫", "GOWN"),
        ("a grey coat", "COAT"),
        ("校服", "SCHOOL"),
    ],
)
def test_an_outfit_is_the_one_told(words: str, outfit: str) -> None:
    assert outfits(words, "MALE", "ADULT") == {outfit}


def test_an_outfit_by_chance_suits_the_person() -> None:
    assert outfits("", "MALE", "ADULT") == {"COAT", "SHIRT", "SUIT", "JACKET"}
    assert outfits("", "MALE", "CHILD") == {"COAT", "SHIRT", "JACKET"}
    assert outfits("", "FEMALE", "OLD") == {"DRESS"}
    assert outfits("", "FEMALE", "OLD", "奶奶") == {"DRESS", "COAT", "SHIRT", "JACKET"}


def test_a_top_has_the_colour_told_then_the_outfits_own_then_that_of_the_cloth() -> None:
    red = top_colour(told("a red coat"), "COAT", CLOTH, is_patched=False)
    assert red[0] > 2 * max(red[1:])
    assert top_colour(told("tall"), "UNIFORM", CLOTH, is_patched=False) == (52, 62, 92)
    assert top_colour(told("tall"), "COAT", CLOTH, is_patched=False) == CLOTH


def test_working_clothes_and_rags_have_lost_some_of_their_colour() -> None:
    def fullness(outfit: str, *, is_patched: bool) -> int:
        top = top_colour(told("tall"), outfit, CLOTH, is_patched=is_patched)
        return max(top) - min(top)

    plain = fullness("COAT", is_patched=False)
    assert fullness("JACKET", is_patched=False) < plain
    assert fullness("COAT", is_patched=True) < plain


def test_a_mans_gown_is_sober_and_a_womans_may_be_of_any_hue() -> None:
    men = {drawn_cloth(person(""), "GOWN", 0.3, random.Random(seed)) for seed in range(30)}
    women = {drawn_cloth(person("", "FEMALE"), "GOWN", 0.3, random.Random(seed)) for seed in range(30)}
    assert len(men) == 5
    assert len(women) == 30


def test_a_trim_stands_out_from_the_top_unless_a_scarf_is_told_of() -> None:
    assert sum(trim_colour(told("tall"), (40, 40, 60))) > sum((40, 40, 60))
    assert sum(trim_colour(told("tall"), (220, 220, 200))) < sum((220, 220, 200))
    blue = trim_colour(told("a blue scarf"), (40, 40, 60))
    assert blue[2] > blue[0]


def test_a_woman_has_no_beard_and_many_old_men_have() -> None:
    assert extras_of(person("a beard and glasses", "FEMALE"), random.Random(1)) == {"GLASSES"}
    assert "BEARD" in extras_of(person("a beard"), random.Random(1))
    bearded = [bool(extras_of(person("", age="OLD"), random.Random(seed))) for seed in range(100)]
    assert 40 < sum(bearded) < 80
    assert not extras_of(person(""), random.Random(1))


def test_a_uniform_is_of_one_cloth_and_a_hunter_in_green() -> None:
    uniform = clothes_of(person("a uniform"), random.Random(1))
    assert uniform.bottom == uniform.top
    hunter = clothes_of(person("a hunter"), random.Random(1))
    assert (hunter.hat, hunter.top) == ("HUNTING_HAT", (72, 98, 66))
    assert clothes_of(person("a hunter in a red coat"), random.Random(1)).top != hunter.top
