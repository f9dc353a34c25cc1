"""When upstream is asked, and how long accounts are left alone."""

from collections.abc import Callable

import pytest

from models.enums import MediaKind
from services.accounts.pool.cooling import cooldown_seconds, present_limit, risk_seconds
from services.accounts.pool.matching import nearest_duration, nearest_ratio
from services.accounts.pool.timing import (
    DETACHED_INTERVAL_MS,
    failed_poll_ms,
    first_poll_ms,
    jittered_ms,
    missing_poll_ms,
    next_poll_ms,
    usual_ms,
    with_sample,
)

IMAGE, VIDEO = MediaKind.IMAGE, MediaKind.VIDEO
MIDDLE = 0.5
"The roll with which a wait is neither shorter nor longer."


def test_an_unknown_model_is_asked_about_after_five_and_ten_seconds() -> None:
    assert first_poll_ms(IMAGE, [], roll=0) == 5_000
    assert first_poll_ms(VIDEO, [1, 2], roll=0) == 10_000


def test_a_known_model_is_asked_about_when_a_result_is_likely() -> None:
    assert 20_000 <= first_poll_ms(IMAGE, [20_000] * 5, roll=0) <= 20_500


def test_no_poll_comes_within_the_first_second() -> None:
    assert first_poll_ms(IMAGE, [10, 10, 10], roll=0) == 1_000


@pytest.mark.parametrize(("kind", "shortest", "longest"), [(IMAGE, 3_000, 5_000), (VIDEO, 5_000, 10_000)])
def test_later_polls_come_within_the_bounds_of_their_kind(kind: MediaKind, shortest: int, longest: int) -> None:
    for age_ms in range(10_000, 200_000, 7_000):
        assert shortest <= next_poll_ms(kind, [], age_ms=age_ms, queue_position=None, roll=MIDDLE) <= longest


def test_a_poll_that_came_too_early_waits_until_a_result_is_likely() -> None:
    assert next_poll_ms(IMAGE, [60_000] * 4, age_ms=10_000, queue_position=None, roll=0) == 50_150


def test_a_place_in_upstreams_queue_stretches_the_interval() -> None:
    near = next_poll_ms(IMAGE, [], age_ms=0, queue_position=3, roll=MIDDLE)
    far = next_poll_ms(IMAGE, [], age_ms=0, queue_position=500, roll=MIDDLE)
    assert 5_000 < near < far == 30_000


@pytest.mark.parametrize(
    ("wait", "shortest", "longest"),
    [
        (lambda roll: first_poll_ms(IMAGE, [], roll=roll), 5_000, 5_500),
        (lambda roll: first_poll_ms(IMAGE, [20_000] * 5, roll=roll), 20_150, 22_165),
        (lambda roll: next_poll_ms(IMAGE, [], age_ms=6_000, queue_position=None, roll=roll), 2_400, 3_600),
        (lambda roll: next_poll_ms(VIDEO, [], age_ms=99_000, queue_position=None, roll=roll), 8_000, 12_000),
        (lambda roll: next_poll_ms(IMAGE, [60_000] * 4, age_ms=10_000, queue_position=None, roll=roll), 50_150, 55_165),
        (lambda roll: next_poll_ms(IMAGE, [], age_ms=0, queue_position=500, roll=roll), 24_000, 36_000),
        (lambda roll: jittered_ms(DETACHED_INTERVAL_MS, roll), 48_000, 72_000),
        (lambda roll: missing_poll_ms(missing_ms=1_000, is_detached=False, roll=roll), 4_000, 6_000),
        (lambda roll: missing_poll_ms(missing_ms=1_000, is_detached=True, roll=roll), 48_000, 72_000),
        (lambda roll: missing_poll_ms(missing_ms=61_000, is_detached=False, roll=roll), 24_000, 36_000),
        (lambda roll: failed_poll_ms(is_deactivated=True, retry_after_ms=None, roll=roll), 48_000, 72_000),
        (lambda roll: failed_poll_ms(is_deactivated=False, retry_after_ms=None, roll=roll), 4_000, 6_000),
        (lambda roll: failed_poll_ms(is_deactivated=False, retry_after_ms=7_000, roll=roll), 7_000, 8_400),
        (lambda roll: failed_poll_ms(is_deactivated=False, retry_after_ms=999_000, roll=roll), 999_000, 1_198_800),
    ],
)
def test_every_wait_has_its_jitter(wait: Callable[[float], int], shortest: int, longest: int) -> None:
    assert (wait(0.0), wait(1.0)) == (shortest, longest)
    assert shortest < wait(0.3) < wait(0.7) < longest


def test_only_the_newest_samples_are_kept() -> None:
    samples: list[int] = []
    for number in range(100):
        samples = with_sample(samples, number)
    assert samples == list(range(68, 100))
    assert usual_ms(IMAGE, samples) == 96


@pytest.mark.parametrize(("step", "seconds"), [(1, 2), (2, 4), (3, 8), (10, 1024), (11, 1800), (99, 1800)])
def test_cooldowns_double_up_to_half_an_hour(step: int, seconds: float) -> None:
    assert cooldown_seconds(step, random=0) == seconds
    assert seconds <= cooldown_seconds(step, random=1) <= min(1800, seconds * 1.2)


def test_retry_after_counts_if_it_is_longer() -> None:
    assert cooldown_seconds(1, random=0.5, retry_after_seconds=60) == 60
    assert cooldown_seconds(8, random=0.5, retry_after_seconds=60) == 256


def test_risk_control_cools_for_long() -> None:
    assert risk_seconds(1, random=0) == 600
    assert risk_seconds(9, random=0) == 1800


def test_a_learned_limit_recovers_step_by_step_and_not_above_the_accounts_own() -> None:
    assert [present_limit(1, 3, seconds_since=seconds) for seconds in (0, 59, 60, 120, 99_999)] == [1, 1, 2, 3, 3]
    assert present_limit(None, 3, seconds_since=0) == 3


def test_the_nearest_ratio_and_length_of_a_model_are_found() -> None:
    assert nearest_ratio(["1:1", "16:9", "9:16"], 1280, 720) == "16:9"
    assert nearest_ratio(["1:1", "16:9", "9:16"], 720, 1280) == "9:16"
    assert nearest_ratio([], 1, 1) is None
    assert [nearest_duration([5, 10], seconds) for seconds in (2, 5, 5.2, 30)] == [5, 5, 10, 10]
    assert nearest_duration([], 3) is None


def test_no_wait_that_upstream_asks_for_is_longer_than_half_an_hour() -> None:
    assert failed_poll_ms(is_deactivated=False, retry_after_ms=1_800_000, roll=1.0) == 1_800_000
    assert failed_poll_ms(is_deactivated=False, retry_after_ms=1, roll=0.0) == 4_000
