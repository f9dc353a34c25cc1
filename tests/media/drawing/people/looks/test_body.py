"""Skin, eyes, build and height by the words and by chance."""

import random

import pytest

from media.drawing.people.looks.body import build_of, eyes_of, height_of, skin_of
from tests.media.drawing.people.looks.people import person, told


@pytest.mark.parametrize("words", ["dark skin", "黝黑", "a farmer"])
def test_work_under_the_sun_makes_brown(words: str) -> None:
    assert skin_of(told(words), random.Random(1)) == (214, 168, 132)
    assert skin_of(told("a clerk"), random.Random(1)) != (214, 168, 132)


def test_eyes_have_the_colour_told_and_are_brown_under_a_chinese_name() -> None:
    blue = eyes_of(told("blue eyes"), random.Random(1))
    assert blue[2] > blue[0]
    assert all(eyes[0] > eyes[2] for eyes in (eyes_of(told("", "林雪"), random.Random(seed)) for seed in range(20)))


def test_build_is_told_by_words_and_leaves_what_chance_draws_next_as_it_was() -> None:
    assert build_of(told("stout"), random.Random(1)) == 1.22
    assert build_of(told("a thin man"), random.Random(1)) == 0.88
    assert 0.95 <= build_of(told(""), random.Random(1)) <= 1.06
    one, other = random.Random(1), random.Random(1)
    build_of(told("stout"), one)
    build_of(told(""), other)
    assert one.random() == other.random()


def test_height_goes_by_age_and_gender() -> None:
    heights = [height_of(person("", "MALE", age), random.Random(1)) for age in ("CHILD", "OLD", "TEEN", "ADULT")]
    assert heights == sorted(heights)
    assert height_of(person("", "FEMALE"), random.Random(1)) < heights[-1]
