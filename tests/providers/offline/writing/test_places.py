"""Which place a narration puts its people in."""

import pytest

from providers.offline.writing.places import Place, find_place, is_same, settled

WOOD, HOUSE = Place("dark wood", "wood", False), Place("grandmother's house", "home", True)


@pytest.mark.parametrize(
    ("text", "name", "is_strong"),
    [
        ("She went into the dark wood.", "dark wood", True),
        ("He told them of a wood.", "wood", False),
        ("They came to Grandmother's house.", "Grandmother's house", True),
        ("If she came into the wood, they waited.", None, False),
        ("The rain fell.", None, False),
        ("他走进茶馆。", "茶馆", True),
        ("他从茶馆走来。", "茶馆", False),
        ("他走了。", None, False),
    ],
)
def test_a_place_is_where_words_lead_somebody(text: str, name: str | None, is_strong: bool) -> None:
    place, strong = find_place(text, "en" if text.isascii() else "zh")
    assert (place.name if place else None, strong) == (name, is_strong)


def test_one_who_knocks_is_before_the_house() -> None:
    inside, _ = find_place("She went into the house.", "en")
    before, _ = find_place("She came to the house and knocked at the door.", "en")
    assert inside is not None
    assert before is not None
    assert (inside.is_inside, before.is_inside) == (True, False)


def test_a_bare_word_is_the_place_that_the_story_has() -> None:
    assert settled(Place("wood", "wood", False), {"wood": WOOD}) == WOOD
    assert settled(Place("old wood", "wood", False), {"wood": WOOD}) == Place("old wood", "wood", False)
    assert settled(Place("wood", "wood", False), {}) == Place("wood", "wood", False)


def test_open_ground_is_one_place_and_a_house_is_another() -> None:
    assert is_same(Place("wood", "wood", False), WOOD)
    assert not is_same(Place("inn", "inn", True), Place("tavern", "inn", True))
    assert not is_same(HOUSE, Place("grandmother's house", "home", False))
    assert not is_same(WOOD, None)
