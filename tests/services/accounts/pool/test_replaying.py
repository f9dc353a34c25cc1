"""Replays: the recorded strategy comes to what happened, and others to what the pool's rules make of them."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from models.enums import AccountStatus, LoadBalance, MediaKind, RateLimitHandling
from models.generation_requests import AccountStrategy
from providers.pooled import FaultKind
from services.accounts.pool.choosing import Candidate, Demand
from services.accounts.pool.replay_records import RecordedTry, ReplayedJob
from services.accounts.pool.replaying import PASS_DELAY_MS, Replay, Rules, Tally, recorded_tally

BEGIN_MS = 1_800_000_000_000
DAY_MS = 86_400_000
RULES = Rules(0, 900_000, lambda at_ms: (at_ms // DAY_MS + 1) * DAY_MS)
HELD_MS = 1_000


def accounts(count: int, slots: int = 1, **values: object) -> list[Candidate]:
    return [
        Candidate(id=number, site="CN", slot_limit=slots, priority=number, **values)  # type: ignore[arg-type]
        for number in range(1, count + 1)
    ]


def job(number: int, *tries: RecordedTry, arrived_ms: int = 0, **strategy: object) -> ReplayedJob:
    chosen = AccountStrategy(**strategy)  # type: ignore[arg-type]
    demand = Demand(
        MediaKind.IMAGE,
        "model",
        ("CN",),
        cost=4,
        load_balance=chosen.load_balance,
        max_concurrent_per_account=chosen.max_concurrent_per_account,
        account_ids=frozenset(chosen.account_ids),
    )
    key = f"{chosen.load_balance}{chosen.account_ids}{chosen.max_concurrent_per_account}"
    return ReplayedJob(number, BEGIN_MS + arrived_ms, "jimeng", 2, 0, key, demand, chosen, tries)


def tried(account_id: int, at_ms: int = PASS_DELAY_MS, fault: FaultKind | None = None, **values: object) -> RecordedTry:
    accepted = None if fault is not None else 100
    given_values = {"held_ms": HELD_MS, "accepted_ms": accepted, "credits": 4, **values}
    return RecordedTry(account_id, "model", BEGIN_MS + at_ms, fault=fault, **given_values)  # type: ignore[arg-type]


def replayed(jobs: list[ReplayedJob], pool: list[Candidate], rules: Rules = RULES) -> Tally:
    replay = Replay(jobs, {"jimeng": pool}, {}, rules)
    for _ in replay.steps():
        pass
    return replay.tally


def with_strategy(jobs: list[ReplayedJob], **strategy: object) -> list[ReplayedJob]:
    return [job(each.number, *each.tries, arrived_ms=each.arrived_at_ms - BEGIN_MS, **strategy) for each in jobs]


def even_load(count: int = 6, pool: int = 3) -> list[ReplayedJob]:
    """Jobs that came at once and were spread over accounts of one slot each, one second apiece."""
    return [
        job(number, tried(number % pool + 1, PASS_DELAY_MS + number // pool * (HELD_MS + PASS_DELAY_MS)))
        for number in range(count)
    ]


def test_the_recorded_strategy_comes_to_exactly_what_happened() -> None:
    jobs = even_load()
    found, happened = replayed(jobs, accounts(3)), recorded_tally(jobs)
    assert found == happened
    assert found.by_account == {1: 2, 2: 2, 3: 2}
    assert (found.succeeded, found.credits, found.unpriced) == (6, 24, 0)


def test_fewer_accounts_make_jobs_wait_longer() -> None:
    found = replayed(with_strategy(even_load(), account_ids=(2,)), accounts(3))
    assert found.by_account == {2: 6}
    assert found.waits_ms == [PASS_DELAY_MS + number * (HELD_MS + PASS_DELAY_MS) for number in range(6)]
    assert found.last_end_ms == BEGIN_MS + 6 * (HELD_MS + PASS_DELAY_MS)


def test_priority_fills_the_first_account_first() -> None:
    jobs = [job(number, tried(number % 2 + 1)) for number in range(4)]
    found = replayed(with_strategy(jobs, load_balance=LoadBalance.PRIORITY), accounts(2, slots=3))
    assert found.by_account == {1: 3, 2: 1}
    capped = with_strategy(jobs, load_balance=LoadBalance.PRIORITY, max_concurrent_per_account=1)
    assert replayed(capped, accounts(2, slots=3)).by_account == {1: 2, 2: 2}


def test_a_fault_is_met_once_and_the_job_goes_on_elsewhere() -> None:
    limited = tried(1, fault=FaultKind.RATE_LIMIT, held_ms=50)
    jobs = [job(0, limited, tried(2, 2 * PASS_DELAY_MS + 50))]
    found = replayed(jobs, accounts(2))
    assert found.by_account == {1: 1, 2: 1}
    assert (found.faults, found.switches, found.succeeded, found.credits) == (1, 1, 1, 4)


def test_rate_limit_handling_decides_what_a_fault_does() -> None:
    limited = tried(1, fault=FaultKind.RATE_LIMIT, held_ms=50)
    jobs = [job(0, limited, tried(2, 2 * PASS_DELAY_MS + 50))]
    skipped = replayed(with_strategy(jobs, rate_limit_handling=RateLimitHandling.SKIP), accounts(2))
    assert (skipped.failed, skipped.succeeded, skipped.by_account) == (1, 0, {1: 1})
    waited = replayed(with_strategy(jobs, rate_limit_handling=RateLimitHandling.WAIT), accounts(2))
    assert (waited.succeeded, waited.by_account) == (1, {1: 1})
    assert waited.last_end_ms == BEGIN_MS + PASS_DELAY_MS + 50 + 2_000 + HELD_MS, "a first cooldown takes two seconds"


def test_without_switching_a_failure_ends_the_job() -> None:
    failed = tried(1, fault=FaultKind.UPSTREAM_FAULT)
    jobs = [job(0, failed, tried(2, 5_000))]
    assert replayed(jobs, accounts(2)).succeeded == 1
    found = replayed(with_strategy(jobs, auto_switch_on_failure=False), accounts(2))
    assert (found.failed, found.tries) == (1, 1)
    assert replayed(with_strategy(jobs, max_attempts=1), accounts(2)).failed == 1


def test_a_rejected_job_is_rejected_on_any_account() -> None:
    jobs = [job(0, tried(1, fault=FaultKind.CONTENT_REJECTED))]
    found = replayed(with_strategy(jobs, account_ids=(2,)), accounts(2))
    assert (found.failed, found.faults, found.by_account) == (1, 1, {2: 1})


def test_an_account_that_a_fault_takes_out_gets_nothing_more_until_it_worked_again() -> None:
    ended = tried(1, fault=FaultKind.SESSION_EXPIRED, held_ms=50)
    jobs = [
        job(0, ended, tried(2, 150)),
        job(1, tried(2, 30_000), arrived_ms=29_950),
        job(2, tried(1, 60_000), arrived_ms=59_950),
    ]
    inactive = [replace(account, status=AccountStatus.INACTIVE) for account in accounts(1)] + accounts(2)[1:]
    found = replayed(jobs, inactive)
    assert found.by_account == {1: 2, 2: 2}, "it worked again at the end, so somebody had renewed it"


def test_an_account_without_records_takes_the_mean_time_of_all() -> None:
    jobs = [job(0, tried(1, held_ms=1_000)), job(1, tried(1, 1_100, held_ms=3_000))]
    found = replayed(with_strategy(jobs, account_ids=(2,)), accounts(2, slots=2))
    assert found.last_end_ms == BEGIN_MS + PASS_DELAY_MS + 2_000


def test_jobs_that_no_account_takes_are_told() -> None:
    found = replayed(with_strategy(even_load(2, 2), account_ids=(9,)), accounts(2))
    assert (found.never_placed, found.tries, found.last_end_ms) == (2, 0, None)


def test_a_price_that_is_unknown_is_no_sum() -> None:
    jobs = [job(0, tried(1, credits=None))]
    assert (replayed(jobs, accounts(1)).unpriced, replayed(jobs, accounts(1)).credits) == (1, 0)


def test_a_daily_limit_holds_until_its_reset() -> None:
    jobs = [job(number, tried(1, number * 2_000)) for number in range(3)]
    found = replayed(jobs, accounts(1, daily_limit=2))
    assert found.succeeded == 3
    assert found.waits_ms[-1] > 60_000


shapes_of_tries = st.tuples(
    st.integers(1, 3), st.sampled_from([None, None, None, *FaultKind]), st.integers(0, 5_000), st.integers(0, 3_000)
)


@given(
    st.lists(shapes_of_tries, min_size=1, max_size=15),
    st.sampled_from(list(LoadBalance)),
    st.sampled_from(list(RateLimitHandling)),
    st.integers(1, 3),
)
def test_every_job_has_one_end_and_no_account_more_than_its_slots(
    shapes: list[tuple[int, FaultKind | None, int, int]],
    balance: LoadBalance,
    handling: RateLimitHandling,
    slots: int,
) -> None:
    jobs = [
        job(
            number,
            tried(account_id, arrived + PASS_DELAY_MS, fault, held_ms=held),
            arrived_ms=arrived,
            load_balance=balance,
            rate_limit_handling=handling,
        )
        for number, (account_id, fault, arrived, held) in enumerate(shapes)
    ]
    replay = Replay(jobs, {"jimeng": accounts(3, slots)}, {}, RULES)
    for _ in replay.steps():
        assert all(0 <= account.in_flight <= slots for account in replay._accounts.values())
    tally = replay.tally
    assert tally.succeeded + tally.failed + tally.never_placed == len(jobs)
    assert tally.tries == sum(tally.by_account.values())
    assert tally == replayed(jobs, accounts(3, slots)), "the same again"
