"""How old somebody is by the words."""

import pytest

from media.drawing.people.looks.age import age_of
from tests.media.drawing.people.looks.people import told


@pytest.mark.parametrize(
    ("name", "words", "age"),
    [
        ("Anna", "a girl", "CHILD"),
        ("Anna", "a teen student", "TEEN"),
        ("Anna", "a woman", "ADULT"),
        ("Anna", "", "ADULT"),
        ("Anna", "an old woman", "OLD"),
        ("Anna", "six years old", "CHILD"),
        ("Anna", "sixteen years old", "TEEN"),
        ("Anna", "seventy years old", "OLD"),
        ("阿明", "十二岁", "CHILD"),
        ("阿明", "十八岁", "TEEN"),
        ("阿明", "六十五岁", "OLD"),
        ("老女人", "", "OLD"),
        ("小红帽", "", "CHILD"),
        ("Little Red-Cap", "a teen", "CHILD"),
        ("Little Dorrit", "an old woman", "OLD"),
    ],
)
def test_age_is_told_by_words_years_and_names(name: str, words: str, age: str) -> None:
    assert age_of(told(words, name)) == age


def test_an_age_holds_for_the_person_of_its_phrase_alone() -> None:
    assert age_of(told("old and very tall man")) == "OLD"
    assert age_of(told("elderly female, a man")) == "ADULT"
