"""What became of the wishes for length and shots."""

from typing import Any

import pytest

from services.queries.film_length import ScriptLength, length_warnings


@pytest.mark.parametrize(
    ("options", "shots", "seconds", "film", "words"),
    [
        (
            {"duration_hint_seconds": 60.0, "shot_seconds_max": 5.0},
            5,
            25.0,
            None,
            ["is 60,", "script has 25 s", "5 shots of at most 5 s"],
        ),
        ({"duration_hint_seconds": 60.0}, 5, 25.0, 26.0, ["the film has 26 s", "shotSecondsMax"]),
        ({"duration_hint_seconds": 10.0}, 9, 40.0, None, ["has 40 s", "targetShots"]),
        ({"target_shots": 40}, 12, 40.0, None, ["targetShots is 40", "12 shots", "no more to show"]),
        ({"target_shots": 2}, 12, 40.0, None, ["targetShots is 2", "at least one shot"]),
    ],
)
def test_a_wish_that_is_missed_is_told(
    options: dict[str, Any], shots: int, seconds: float, film: float | None, words: list[str]
) -> None:
    (warning,) = length_warnings(options, ScriptLength(shots, seconds), film)
    assert all(word in warning for word in words), warning
    assert warning.endswith(".")


@pytest.mark.parametrize(
    ("options", "shots", "seconds"),
    [
        ({}, 5, 25.0),
        ({"duration_hint_seconds": None, "target_shots": None}, 5, 25.0),
        ({"duration_hint_seconds": 60.0}, 0, 0.0),
        ({"duration_hint_seconds": 60.0}, 12, 66.0),
        ({"duration_hint_seconds": 60.0}, 12, 52.0),
        ({"target_shots": 5}, 6, 20.0),
    ],
)
def test_what_is_about_right_or_not_written_yet_is_no_warning(
    options: dict[str, Any], shots: int, seconds: float
) -> None:
    assert length_warnings(options, ScriptLength(shots, seconds)) == []
