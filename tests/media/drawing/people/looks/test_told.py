"""What the words for a character say of its gender, and which of several words count."""

import pytest

from media.drawing.people.looks.told import told_gender
from tests.media.drawing.people.looks.people import told

COLOURS = (("RED", "red 红"), ("BLUE", "blue 蓝"))


@pytest.mark.parametrize(
    ("name", "words", "gender"),
    [
        ("Anna", "a woman in a coat", "FEMALE"),
        ("Anna", "a boy", "MALE"),
        ("Alex", "her coat is grey", "FEMALE"),
        ("Mr. Fox", "in a coat", "MALE"),
        ("Alex", "in a coat", None),
        ("车夫", "", "MALE"),
        ("老女人", "衣服破烂", "FEMALE"),
        ("我", "", "MALE"),
        ("我", "第一人称叙述者，年轻女性", "FEMALE"),
        ("Alex", "the first-person narrator", "MALE"),
        ("Alex", "the first-person narrator, in her best dress", "FEMALE"),
    ],
)
def test_gender_is_told_by_words_then_by_the_name_then_by_pronouns(name: str, words: str, gender: str | None) -> None:
    assert told_gender(told(words, name)) == gender


def test_what_is_told_last_counts() -> None:
    assert told("in red, now in blue").pick(COLOURS) == "BLUE"


def test_an_order_that_only_repeats_the_words_leaves_the_first_of_the_table() -> None:
    repeated = "blue and red"
    words = f"{repeated} character design: Anna, {repeated}, full figure, front view, plain background"
    assert told(words).pick(COLOURS) == "RED"
    assert told(words.replace("blue and red, full", "red and blue, full")).pick(COLOURS) == "BLUE"


def test_a_proper_name_says_nothing_and_a_word_for_a_name_does() -> None:
    assert told("", "Rose").name == ""
    assert told("", "Princess Rose").name == "princess"
    assert told("", "beggar").name == "beggar"
