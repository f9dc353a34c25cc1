"""Waits that double up to a cap, with their jitter."""

import pytest

from services.platform.backoff import Backoff, jitter_around, jitter_up

PLAIN = Backoff(base=2.0, cap=120.0)


@pytest.mark.parametrize(
    ("failures", "wait"), [(0, 2), (1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (8, 120), (10_000, 120)]
)
def test_waits_double_up_to_the_cap(failures: int, wait: float) -> None:
    assert PLAIN.wait(failures) == wait
    assert PLAIN.wait(failures, roll=1.0) == wait  # without jitter


@pytest.mark.parametrize(("failures", "roll", "wait"), [(1, 0.0, 10), (1, 0.5, 11), (1, 1.0, 12), (9, 1.0, 48)])
def test_jitter_lengthens_a_wait_beyond_its_cap_too(failures: int, roll: float, wait: float) -> None:
    assert Backoff(base=10, cap=40, jitter=0.2).wait(failures, roll=roll) == pytest.approx(wait)


@pytest.mark.parametrize(("roll", "longer", "either"), [(0.0, 100, 80), (0.5, 110, 100), (1.0, 120, 120)])
def test_a_wait_is_lengthened_or_spread(roll: float, longer: float, either: float) -> None:
    assert jitter_up(100, 0.2, roll) == pytest.approx(longer)
    assert jitter_around(100, 0.2, roll) == pytest.approx(either)
