"""Which colour a text gives to a thing."""

import re

import pytest

from media.drawing.people.looks.near import colour_near

COAT = re.compile("coat|外套")


@pytest.mark.parametrize(
    ("text", "strongest"),
    [
        ("a red coat", 0),
        ("blue eyes, a red coat", 0),
        ("a red hat and a blue coat", 2),
        ("红色外套", 0),
        ("a red coat, now a blue coat", 2),
    ],
)
def test_the_colour_that_leads_into_the_last_of_the_words_counts(text: str, strongest: int) -> None:
    colour = colour_near(text, COAT)
    assert colour is not None
    assert max(range(3), key=lambda channel: colour[channel]) == strongest


def test_no_colour_is_found_far_away_or_where_there_is_none() -> None:
    assert colour_near("a coat", COAT) is None
    assert colour_near("red lips, and over all of it she wears her coat", COAT) is None
