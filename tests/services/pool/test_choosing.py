"""Who takes which job."""

from dataclasses import replace

import pytest

from models.enums import AccountStatus, LoadBalance, MediaKind
from services.pool.choosing import Candidate, Cooldown, Demand, choose, judge, waiting_reason

NOW = 1_000_000
FREE = Candidate(id=1, site="CN", resets_at_ms=NOW + 9_000)
WANTED = Demand(job_id=10, kind=MediaKind.IMAGE, model="jimeng-4.5", sites=("CN", "US"), cost=4)


def demands(count: int, **changes: object) -> list[Demand]:
    return [replace(WANTED, job_id=number, **changes) for number in range(count)]  # type: ignore[arg-type]


def placed(accounts: list[Candidate], wanted: list[Demand]) -> list[tuple[int, int]]:
    return [(placement.job_id, placement.account_id) for placement in choose(wanted, accounts, NOW).placements]


@pytest.mark.parametrize(
    ("changes", "reason", "until_ms"),
    [
        ({}, None, None),
        (
            {"status": AccountStatus.INACTIVE, "status_reason": "Its session has expired."},
            "INACTIVE: Its session",
            None,
        ),
        ({"status": AccountStatus.BANNED}, "BANNED", None),
        ({"site": "JP"}, "not on its site JP", None),
        ({"exhausted_until_ms": NOW + 5}, "used up", NOW + 5),
        ({"exhausted_until_ms": NOW}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "", NOW + 7, "Too fast."),)}, "cooling: Too fast.", NOW + 7),
        ({"cooldowns": (Cooldown("", "", NOW + 7, "Too fast."),)}, "cooling", NOW + 7),
        ({"cooldowns": (Cooldown("VIDEO", "", NOW + 7, "Too fast."),)}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "jimeng-3.0", NOW + 7, "Risk."),)}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "", NOW, "Too fast."),)}, None, None),
        ({"cooldowns": (Cooldown("IMAGE", "", NOW, "Too fast.", is_probing=True),)}, "first try", None),
        ({"daily_limit": 3, "used_today": 3}, "daily limit of 3", NOW + 9_000),
        ({"credit_balance": 3}, "3 credits", NOW + 9_000),
        ({"credit_balance": 4}, None, None),
        ({"in_flight": 3}, "slots are taken", None),
        ({"kind_limit": 1, "in_flight": 1, "kind_in_flight": 1}, "slots are taken", None),
        ({"kind_limit": 1, "in_flight": 1, "kind_in_flight": 0}, None, None),
    ],
)
def test_an_account_is_judged(changes: dict[str, object], reason: str | None, until_ms: int | None) -> None:
    verdict = judge(replace(FREE, **changes), WANTED, NOW)  # type: ignore[arg-type]
    assert (verdict.reason is None) == (reason is None)
    assert reason is None or reason in str(verdict.reason)
    assert verdict.until_ms == until_ms


def test_only_accounts_that_the_strategy_names_are_taken() -> None:
    wanted = [replace(WANTED, account_ids=frozenset({2}))]
    assert placed([FREE, replace(FREE, id=2)], wanted) == [(10, 2)]


def test_the_strategy_lowers_an_accounts_slots_and_never_raises_them() -> None:
    assert len(placed([FREE], demands(5, max_concurrent_per_account=1))) == 1
    assert len(placed([FREE], demands(5, max_concurrent_per_account=9))) == 3


def test_the_least_used_goes_first_and_the_load_is_spread() -> None:
    accounts = [replace(FREE, id=number) for number in range(1, 5)]
    assert [account for _, account in placed(accounts, demands(8))] == [1, 2, 3, 4, 1, 2, 3, 4]


def test_of_equally_loaded_ones_the_one_that_did_least_today_goes_first() -> None:
    accounts = [replace(FREE, id=1, used_today=7), replace(FREE, id=2, used_today=2)]
    assert placed(accounts, [WANTED]) == [(10, 2)]


def test_load_is_measured_by_the_accounts_own_limit() -> None:
    accounts = [replace(FREE, id=1, slot_limit=10, in_flight=2), replace(FREE, id=2, slot_limit=2, in_flight=1)]
    assert placed(accounts, [WANTED]) == [(10, 1)]


def test_round_robin_takes_the_one_that_was_used_longest_ago() -> None:
    accounts = [replace(FREE, id=1, last_used_ms=50), replace(FREE, id=2, last_used_ms=20, in_flight=2)]
    wanted = demands(3, load_balance=LoadBalance.ROUND_ROBIN)
    assert [account for _, account in placed(accounts, wanted)] == [2, 1, 1]


def test_priority_fills_the_first_account_before_the_next() -> None:
    accounts = [replace(FREE, id=1, priority=200), replace(FREE, id=2, priority=1)]
    wanted = demands(4, load_balance=LoadBalance.PRIORITY)
    assert [account for _, account in placed(accounts, wanted)] == [2, 2, 2, 1]


def test_the_last_slot_is_given_once() -> None:
    assert placed([replace(FREE, in_flight=2)], demands(5)) == [(0, 1)]


def test_a_half_open_account_gets_one_probe() -> None:
    half_open = replace(FREE, cooldowns=(Cooldown("IMAGE", "", NOW - 1, "Too fast."),))
    assert placed([half_open], demands(3)) == [(0, 1)]


def test_credits_are_not_promised_twice() -> None:
    assert len(placed([replace(FREE, credit_balance=9)], demands(3))) == 2


def test_the_daily_limit_is_not_passed_by_jobs_placed_together() -> None:
    assert len(placed([replace(FREE, daily_limit=10, used_today=8)], demands(3))) == 2


def test_an_account_that_failed_the_job_waits_for_those_that_did_not() -> None:
    busy = replace(FREE, id=2, in_flight=3)
    tried = replace(WANTED, tried=frozenset({1}))
    assert placed([FREE, busy], [tried]) == []
    assert placed([FREE, replace(busy, in_flight=2)], [tried]) == [(10, 2)]


def test_an_account_that_failed_the_job_is_taken_where_no_other_will_do_soon() -> None:
    cooling = replace(FREE, id=2, cooldowns=(Cooldown("", "", NOW + 9, "Risk."),))
    assert placed([FREE, cooling], [replace(WANTED, tried=frozenset({1}))]) == [(10, 1)]


def test_jobs_that_no_account_can_make_are_set_aside_and_the_others_go_on() -> None:
    elsewhere = replace(WANTED, job_id=1, sites=("SG",))
    choice = choose([elsewhere, WANTED], [FREE], NOW)
    assert choice.stuck == (1,)
    assert [placement.job_id for placement in choice.placements] == [10]


def test_a_job_that_only_waits_for_a_slot_is_not_set_aside() -> None:
    assert choose([WANTED], [replace(FREE, in_flight=3)], NOW).stuck == ()


def test_an_empty_account_that_can_receive_credits_is_told_to() -> None:
    choice = choose([WANTED], [replace(FREE, credit_balance=0, can_receive=True)], NOW)
    assert choice.placements == ()
    assert choice.wants_credits == {1}
    assert choose([WANTED], [replace(FREE, credit_balance=0)], NOW).wants_credits == frozenset()


def test_the_route_names_every_candidate_and_what_spoke_against_it() -> None:
    accounts = [
        replace(FREE, id=1, in_flight=1),
        replace(FREE, id=2),
        replace(FREE, id=3, status=AccountStatus.BANNED),
        replace(FREE, id=4, cooldowns=(Cooldown("", "", NOW + 9, "Risk."),)),
    ]
    (placement,) = choose([WANTED], accounts, NOW).placements
    assert [(entry.account_id, entry.reason is None) for entry in placement.route[:2]] == [(2, True), (1, True)]
    assert {(entry.account_id, entry.until_ms) for entry in placement.route[2:]} == {(3, None), (4, NOW + 9)}


def test_what_a_job_waits_for_is_said_with_its_time() -> None:
    cooling = judge(replace(FREE, cooldowns=(Cooldown("", "", NOW + 9, "Too fast."),)), WANTED, NOW)
    later = judge(replace(FREE, exhausted_until_ms=NOW + 50), WANTED, NOW)
    assert waiting_reason([later, cooling]) == (
        "It waits for an account. The first that comes back: It is cooling: Too fast.",
        NOW + 9,
    )
    assert "free slot" in waiting_reason([judge(replace(FREE, in_flight=3), WANTED, NOW), cooling])[0]
    assert "createAccounts" in waiting_reason([])[0]
