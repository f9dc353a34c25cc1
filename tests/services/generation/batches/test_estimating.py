"""Estimates of durations from free slots and measured times."""

import pytest

from models.enums import MediaKind
from models.generation_requests import GenerationRequest
from services.generation.batches.estimating import AccountCapacity, Work, time_left
from services.generation.batches.forecasting import ForecastDemand, Sort, _Waiting, others_before

REQUEST = GenerationRequest(kind=MediaKind.IMAGE, provider="fake", model="fake-picture", prompt="a street")


def places(count: int, slots: int = 1, first_id: int = 1, **values: int) -> list[AccountCapacity]:
    return [AccountCapacity(account_id, slots, **values) for account_id in range(first_id, first_id + count)]


@pytest.mark.parametrize(
    ("count", "slots", "milliseconds"),
    [(0, 4, 0), (1, 4, 1000), (4, 4, 1000), (5, 4, 2000), (8, 4, 2000), (1000, 60, 17_000)],
)
def test_equal_jobs_go_in_rounds(count: int, slots: int, milliseconds: int) -> None:
    assert time_left([Work(count, [1000], places(slots))]) == milliseconds


def test_times_that_differ_are_spread_over_the_slots() -> None:
    found = time_left([Work(100, [500, 1500], places(10))])
    assert found is not None
    assert 10_000 <= found <= 11_500


def test_slots_of_an_account_are_taken_together() -> None:
    assert time_left([Work(6, [1000], places(2, slots=3))]) == 1000


def test_slots_kept_for_others_are_not_taken() -> None:
    assert time_left([Work(4, [1000], places(4))], kept_slots=2) == 2000
    assert time_left([Work(2, [1000], places(1))], kept_slots=1) == 2000


def test_no_more_run_at_once_than_the_batch_allows() -> None:
    assert time_left([Work(6, [1000], places(10))], max_parallel=2) == 3000


def test_what_goes_first_is_done_first() -> None:
    assert time_left([Work(2, [1000], places(2), before=4)]) == 3000
    assert time_left([Work(1, [1000], places(2)), Work(0, [3000], places(2), before=2)]) == 4000


def test_a_great_deal_that_goes_first_is_spread_evenly() -> None:
    found = time_left([Work(10, [1000], places(10), before=10_000)])
    assert found is not None
    assert abs(found - 1_001_000) < 10_000


def test_slots_in_use_are_free_half_a_job_later() -> None:
    assert time_left([Work(1, [1000], places(1, busy=1))]) == 1500


def test_an_account_that_cools_comes_later() -> None:
    assert time_left([Work(1, [1000], places(1, opens_in=5000))]) == 6000
    assert time_left([Work(2, [1000], [*places(1), *places(1, first_id=2, opens_in=5000)])]) == 2000


def test_an_account_that_has_made_its_share_goes_on_after_its_reset() -> None:
    assert time_left([Work(3, [1000], places(1, max_jobs=2, resets_in=9000))]) == 10_000
    limited = [*places(1, max_jobs=1, resets_in=90_000), *places(1, first_id=2)]
    assert time_left([Work(5, [1000], limited)]) == 4000


def test_without_an_account_nobody_knows() -> None:
    assert time_left([Work(1, [1000], [])]) is None
    assert time_left([Work(1, [1000], places(1)), Work(1, [1000], [])]) is None


def test_the_accounts_that_have_the_most_to_do_decide() -> None:
    few, many = places(1), places(4)
    assert time_left([Work(5, [1000], few), Work(3, [1000], many)]) == 5000
    assert time_left([Work(1, [1000], few), Work(11, [1000], many)]) == 3000


def test_more_urgent_jobs_go_first_and_equal_groups_take_turns() -> None:
    wanted = ForecastDemand({"k": Sort(REQUEST, 10)}, priority_rank=2, batch_id=7)
    waiting = [
        _Waiting("k", 0, 0, 3),
        _Waiting("k", 2, 5, 400),
        _Waiting("other", 2, 5, 400),
        _Waiting("other", 2, 6, 4),
        _Waiting("k", 3, 8, 100),
        _Waiting("k", 2, 7, 10),
    ]
    assert others_before(wanted, waiting) == {"k": 13, "other": 4}
