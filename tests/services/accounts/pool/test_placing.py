"""Who takes which job."""

import random
from collections.abc import Mapping
from dataclasses import replace

import pytest

from models.enums import AccountStatus, LoadBalance, MediaKind
from services.accounts.pool.choosing import Candidate, Cooldown, Demand, check_eligibility
from services.accounts.pool.fairness import Group, WaitingJob
from services.accounts.pool.placing import Choice, is_kept, place

NOW = 1_000_000
FREE = Candidate(id=1, site="CN", resets_at_ms=NOW + 9_000)
WANTED = Demand(kind=MediaKind.IMAGE, model="jimeng-4.5", sites=("CN", "US"), cost=4)
NORMAL, URGENT = 2, 0


def jobs(count: int, **changes: object) -> list[WaitingJob]:
    return [WaitingJob(number, NORMAL, **changes) for number in range(count)]  # type: ignore[arg-type]


def choose(
    wanted: list[WaitingJob],
    accounts: list[Candidate],
    demands: Mapping[str, Demand] | None = None,
    groups: Mapping[int, Group] | None = None,
    percent: float = 0,
) -> Choice:
    known = {job.group: Group() for job in wanted} | dict(groups or {})
    return place(wanted, demands or {"": WANTED}, accounts, known, now_ms=NOW, urgent_percent=percent)


def placed(accounts: list[Candidate], wanted: list[WaitingJob], **demand: object) -> list[tuple[int, int]]:
    choice = choose(wanted, accounts, {"": replace(WANTED, **demand)})  # type: ignore[arg-type]
    return [(placement.job.job_id, placement.account_id) for placement in choice.placements]


def test_only_accounts_that_the_strategy_names_are_taken() -> None:
    assert placed([FREE, replace(FREE, id=2)], jobs(1), account_ids=frozenset({2})) == [(0, 2)]


def test_the_strategy_lowers_an_accounts_slots_and_never_raises_them() -> None:
    assert len(placed([FREE], jobs(5), max_concurrent_per_account=1)) == 1
    assert len(placed([FREE], jobs(5), max_concurrent_per_account=9)) == 3


def test_the_least_used_goes_first_and_the_load_is_spread() -> None:
    accounts = [replace(FREE, id=number) for number in range(1, 5)]
    assert [account for _, account in placed(accounts, jobs(8))] == [1, 2, 3, 4, 1, 2, 3, 4]


def test_of_equally_loaded_ones_the_one_that_did_least_today_goes_first() -> None:
    accounts = [replace(FREE, id=1, used_today=7), replace(FREE, id=2, used_today=2)]
    assert placed(accounts, jobs(1)) == [(0, 2)]


def test_load_is_measured_by_the_accounts_own_limit() -> None:
    accounts = [replace(FREE, id=1, slot_limit=10, in_flight=2), replace(FREE, id=2, slot_limit=2, in_flight=1)]
    assert placed(accounts, jobs(1)) == [(0, 1)]


def test_round_robin_takes_the_one_that_was_used_longest_ago() -> None:
    accounts = [replace(FREE, id=1, last_used_ms=50), replace(FREE, id=2, last_used_ms=20, in_flight=2)]
    assert [account for _, account in placed(accounts, jobs(3), load_balance=LoadBalance.ROUND_ROBIN)] == [2, 1, 1]


def test_priority_fills_the_first_account_before_the_next() -> None:
    accounts = [replace(FREE, id=1, priority=200), replace(FREE, id=2, priority=1)]
    assert [account for _, account in placed(accounts, jobs(4), load_balance=LoadBalance.PRIORITY)] == [2, 2, 2, 1]


def test_the_last_slot_is_given_once() -> None:
    assert placed([replace(FREE, in_flight=2)], jobs(5)) == [(0, 1)]


def test_a_half_open_account_gets_one_probe() -> None:
    half_open = replace(FREE, cooldowns=(Cooldown("IMAGE", "", NOW - 1, "Too fast."),))
    assert placed([half_open], jobs(3)) == [(0, 1)]


def test_credits_are_not_promised_twice() -> None:
    assert len(placed([replace(FREE, credit_balance=9)], jobs(3))) == 2


def test_the_daily_limit_is_not_passed_by_jobs_placed_together() -> None:
    assert len(placed([replace(FREE, daily_limit=10, used_today=8)], jobs(3))) == 2


def test_an_account_that_failed_the_job_waits_for_those_that_did_not() -> None:
    busy = replace(FREE, id=2, in_flight=3)
    tried = jobs(1, tried=frozenset({1}))
    assert placed([FREE, busy], tried) == []
    assert placed([FREE, replace(busy, in_flight=2)], tried) == [(0, 2)]


def test_an_account_that_failed_the_job_is_taken_where_no_other_will_do_soon() -> None:
    cooling = replace(FREE, id=2, cooldowns=(Cooldown("", "", NOW + 9, "Risk."),))
    assert placed([FREE, cooling], jobs(1, tried=frozenset({1}))) == [(0, 1)]


def test_a_job_that_waits_for_another_account_lets_the_next_ones_pass() -> None:
    busy = replace(FREE, id=2, in_flight=3)
    wanted = [WaitingJob(1, NORMAL, tried=frozenset({1})), WaitingJob(2, NORMAL)]
    assert placed([FREE, busy], wanted) == [(2, 1)]


def test_jobs_that_no_account_can_make_do_not_stand_in_the_way() -> None:
    wanted = [*jobs(3, key="elsewhere"), WaitingJob(10, NORMAL)]
    choice = choose(wanted, [FREE], {"elsewhere": replace(WANTED, sites=("SG",)), "": WANTED})
    assert set(choice.stuck) == {"elsewhere"}
    assert [placement.job.job_id for placement in choice.placements] == [10]


def test_jobs_that_only_wait_for_a_slot_are_not_stuck() -> None:
    assert choose(jobs(1), [replace(FREE, in_flight=3)]).stuck == {}


def test_an_empty_account_that_can_receive_credits_wants_them() -> None:
    choice = choose(jobs(1), [replace(FREE, credit_balance=0, can_receive=True)])
    assert choice.placements == ()
    assert choice.wants_credits == {1}
    assert choose(jobs(1), [replace(FREE, credit_balance=0)]).wants_credits == frozenset()


def test_no_credits_are_asked_for_while_other_accounts_take_the_work() -> None:
    empty = replace(FREE, id=2, credit_balance=0, can_receive=True)
    assert choose(jobs(2), [FREE, empty]).wants_credits == frozenset()


def test_the_route_names_every_candidate_and_what_spoke_against_it() -> None:
    accounts = [
        replace(FREE, id=1, in_flight=1),
        replace(FREE, id=2),
        replace(FREE, id=3, status=AccountStatus.BANNED),
        replace(FREE, id=4, cooldowns=(Cooldown("", "", NOW + 9, "Risk."),)),
    ]
    route = choose(jobs(1), accounts).routes[""]
    assert [(entry.account_id, entry.reason is None) for entry in route[:2]] == [(2, True), (1, True)]
    assert {(entry.account_id, entry.until_ms) for entry in route[2:]} == {(3, None), (4, NOW + 9)}


# ---------------------------------------------------------------- whose turn it is


def order(wanted: list[WaitingJob], slots: int, groups: Mapping[int, Group] | None = None) -> list[int]:
    choice = choose(wanted, [replace(FREE, slot_limit=slots)], groups=groups)
    return [placement.job.job_id for placement in choice.placements]


def test_the_most_urgent_goes_first_and_then_the_oldest() -> None:
    wanted = [WaitingJob(1, 3), WaitingJob(2, NORMAL), WaitingJob(3, NORMAL), WaitingJob(4, 1), WaitingJob(5, URGENT)]
    assert order(wanted, 5) == [5, 4, 2, 3, 1]


def test_the_batch_with_the_fewest_in_flight_has_its_turn() -> None:
    wanted = [WaitingJob(number, NORMAL, group=7 if number < 10 else 8) for number in range(20)]
    assert order(wanted, 6) == [0, 10, 1, 11, 2, 12]
    assert order(wanted, 4, {7: Group(in_flight=2), 8: Group()}) == [10, 11, 0, 12]


def test_an_old_large_batch_and_a_new_small_one_share_the_slots() -> None:
    wanted = [WaitingJob(number, NORMAL, group=1) for number in range(1000)]
    wanted += [WaitingJob(2000 + number, NORMAL, group=2) for number in range(30)]
    got = order(wanted, 40)
    assert sum(job_id >= 2000 for job_id in got) == 20


def test_of_batches_with_as_many_in_flight_the_one_whose_turn_was_longest_ago_is_next() -> None:
    """With one slot nobody has anything in flight when it gets free: the older batch would have it for ever."""
    wanted = [WaitingJob(number, NORMAL, group=7 if number < 10 else 8) for number in range(20)]
    assert order(wanted, 1, {7: Group(last_turn=5), 8: Group(last_turn=4)}) == [10]
    assert order(wanted, 1, {7: Group(last_turn=5), 8: Group(last_turn=6)}) == [0]


def test_single_jobs_count_as_one_group() -> None:
    wanted = [*jobs(10), *(WaitingJob(100 + number, NORMAL, group=5) for number in range(10))]
    assert order(wanted, 4) == [0, 100, 1, 101]


def test_a_batch_runs_no_more_at_once_than_it_may_and_others_get_the_rest() -> None:
    wanted = [*jobs(10, group=1), *(WaitingJob(100 + number, NORMAL, group=2) for number in range(10))]
    got = order(wanted, 9, {1: Group(in_flight=1, max_parallel=3), 2: Group(in_flight=4)})
    assert [job_id for job_id in got if job_id < 100] == [0, 1]
    assert len(got) == 9


# ---------------------------------------------------------------- slots kept for URGENT


def test_the_last_slots_are_kept_for_urgent_jobs() -> None:
    accounts = [replace(FREE, id=number) for number in range(1, 11)]  # 30 slots: 3 are kept
    choice = choose(jobs(100), accounts, percent=10)
    assert len(choice.placements) == 27
    wanted = [*jobs(100), *(WaitingJob(1000 + number, URGENT) for number in range(5))]
    choice = choose(wanted, accounts, percent=10)
    assert [placement.job.job_id for placement in choice.placements[:5]] == [1000, 1001, 1002, 1003, 1004]
    assert len(choice.placements) == 30, "urgent ones sit on the slots that were kept"


def test_an_urgent_job_takes_a_kept_slot_at_once() -> None:
    full = [replace(FREE, in_flight=2)]
    assert choose(jobs(1), full, percent=40).placements == ()
    assert len(choose([WaitingJob(1, URGENT)], full, percent=40).placements) == 1


@pytest.mark.parametrize("slots", [1, 2, 3, 9])
def test_a_small_pool_uses_all_its_slots(slots: int) -> None:
    one = [replace(FREE, slot_limit=slots)]
    assert len(choose(jobs(20), one, percent=10).placements) == slots
    several = [replace(FREE, id=number, slot_limit=1) for number in range(1, slots + 1)]
    assert len(choose(jobs(20), several, percent=10).placements) == slots


def test_the_share_is_of_the_slots_that_can_really_be_used() -> None:
    """Twelve slots, of which the strategy or what was learned leaves three, or nine of which detached tasks hold."""
    wide = [replace(FREE, id=number, slot_limit=4) for number in range(1, 4)]
    capped = replace(WANTED, max_concurrent_per_account=1)
    assert len(choose(jobs(20), wide, {"": capped}, percent=10).placements) == 3
    learned = [replace(account, kind_limit=1) for account in wide]
    assert len(choose(jobs(20), learned, percent=10).placements) == 3
    detached = [replace(account, in_flight=3, kind_in_flight=3, detached=3) for account in wide]
    assert len(choose(jobs(20), detached, percent=10).placements) == 3


# ---------------------------------------------------------------- probes


def cooled(account: Candidate, *, cause_job_id: int | None) -> Candidate:
    """Its cooldown has ended, and nothing has probed it."""
    return replace(account, cooldowns=(Cooldown("IMAGE", "", NOW - 1, "Too fast.", cause_job_id=cause_job_id),))


def test_another_job_probes_a_cooldown_than_the_one_that_started_it() -> None:
    choice = choose([WaitingJob(1, NORMAL), WaitingJob(2, NORMAL)], [cooled(FREE, cause_job_id=1)])
    assert [placement.job.job_id for placement in choice.placements] == [2]


def test_a_job_that_is_alone_probes_its_own_cooldown() -> None:
    assert len(choose([WaitingJob(1, NORMAL)], [cooled(FREE, cause_job_id=1)]).placements) == 1


def test_a_job_goes_to_another_account_than_the_one_that_it_made_cool() -> None:
    accounts = [cooled(FREE, cause_job_id=1), replace(FREE, id=7, in_flight=2)]
    choice = choose([WaitingJob(1, NORMAL)], accounts)
    assert [placement.account_id for placement in choice.placements] == [7]


def test_one_job_probes_a_whole_site() -> None:
    hold = Cooldown("", "", NOW - 1, "The site has trouble.", trouble_id=5)
    site = [replace(FREE, id=number, cooldowns=(hold,)) for number in (1, 2, 3)]
    other = replace(FREE, id=9, site="US", slot_limit=1)
    choice = choose(jobs(9), [*site, other])
    assert sorted(placement.account_id for placement in choice.placements) in ([1, 9], [2, 9], [3, 9])
    still = [replace(account, cooldowns=(replace(hold, until_ms=NOW + 9),)) for account in site]
    assert choose(jobs(9), still).placements == ()


def test_no_slot_is_kept_where_there_is_only_one() -> None:
    assert len(choose(jobs(1), [replace(FREE, slot_limit=1)], percent=10).placements) == 1


def test_slots_of_accounts_that_cannot_take_the_job_are_not_counted() -> None:
    banned = [replace(FREE, id=number, status=AccountStatus.BANNED) for number in range(2, 9)]
    assert len(choose(jobs(5), [FREE, *banned], percent=40).placements) == 2


def test_free_slots_that_are_reserved_for_urgent_are_recognised() -> None:
    account = replace(FREE, in_flight=2)
    checks = [check_eligibility(account, WANTED, NOW)]
    assert is_kept([account], WANTED, checks, 40)
    assert not is_kept([account], WANTED, checks, 0)
    assert not is_kept([replace(account, urgent_in_flight=1)], WANTED, checks, 40)


# ---------------------------------------------------------------- budgets


def test_a_budget_is_never_passed_by_jobs_placed_together() -> None:
    accounts = [replace(FREE, id=number) for number in range(1, 21)]
    group = Group(credits_left=18)
    choice = choose(jobs(50, group=3), accounts, groups={3: group})
    assert len(choice.placements) == 4
    assert choice.over_budget == frozenset(), "what is open may turn out to cost nothing"


def test_a_batch_is_over_its_budget_when_no_open_credits_could_cover_the_next_job() -> None:
    assert choose(jobs(1, group=3), [FREE], groups={3: Group(credits_left=3)}).over_budget == {3}
    assert (
        choose(jobs(1, group=3), [FREE], groups={3: Group(credits_left=3, credits_open=1)}).over_budget == frozenset()
    )
    assert choose(jobs(1, group=3), [FREE], groups={3: Group(credits_left=4)}).over_budget == frozenset()


def test_a_batch_without_money_does_not_stop_others() -> None:
    wanted = [*jobs(5, group=3), WaitingJob(50, NORMAL, group=4)]
    choice = choose(wanted, [FREE], groups={3: Group(credits_left=0)})
    assert [placement.job.job_id for placement in choice.placements] == [50]


def test_of_jobs_of_unknown_price_one_at_a_time_is_placed_within_a_budget() -> None:
    unknown = {"": replace(WANTED, cost=None)}
    accounts = [replace(FREE, id=number) for number in range(1, 4)]
    choice = choose(jobs(9, group=3), accounts, unknown, groups={3: Group(credits_left=100)})
    assert len(choice.placements) == 1
    assert choice.over_budget == frozenset(), "its charge will tell"


# ---------------------------------------------------------------- against a plain reading of the rules


@pytest.mark.parametrize("seed", range(30))
def test_it_places_as_the_rules_say_one_job_after_the_other(seed: int) -> None:
    """The rules once more, without any of the short cuts: look at every job and account anew for each slot."""
    dice = random.Random(seed)
    accounts = [
        replace(
            FREE,
            id=number,
            site=dice.choice(["CN", "US", "HK"]),
            slot_limit=dice.randint(1, 4),
            in_flight=dice.randint(0, 2),
            used_today=dice.randint(0, 3),
            last_used_ms=dice.randint(0, 9),
            credit_balance=dice.choice([None, 3, 8, 40]),
        )
        for number in range(1, 9)
    ]
    demands = {
        "a": WANTED,
        "b": replace(WANTED, sites=("HK",), cost=7),
        "c": replace(WANTED, load_balance=LoadBalance.ROUND_ROBIN, max_concurrent_per_account=2),
    }
    wanted = [
        WaitingJob(
            number,
            dice.choice([URGENT, 1, NORMAL, 3]),
            group=dice.choice([0, 5, 6]),
            key=dice.choice(["a", "b", "c"]),
            tried=frozenset(dice.sample(range(1, 9), dice.randint(0, 2))),
        )
        for number in range(60)
    ]
    percent = dice.choice([0, 10, 30])
    groups = {0: Group(), 5: Group(max_parallel=4), 6: Group(in_flight=2)}
    choice = place(
        wanted, demands, accounts, {key: replace(group) for key, group in groups.items()}, now_ms=NOW,
        urgent_percent=percent,
    )  # fmt: skip
    assert [(p.job.job_id, p.account_id) for p in choice.placements] == _plainly(
        wanted, demands, accounts, groups, percent
    )


def _plainly(
    wanted: list[WaitingJob],
    demands: Mapping[str, Demand],
    accounts: list[Candidate],
    groups: Mapping[int, Group],
    percent: float,
) -> list[tuple[int, int]]:
    from services.accounts.pool.choosing import free_slots, rank, slots_of, slots_reserved_for_urgent, with_one_more

    pool = {account.id: account for account in accounts}
    rest = list(wanted)
    done: list[tuple[int, int]] = []

    def turn(job: WaitingJob) -> tuple[int, ...]:
        return job.rank, groups[job.group].in_flight, groups[job.group].last_turn, job.job_id

    while rest:
        for job in sorted(
            rest, key=lambda job: (job.rank, groups[job.group].in_flight, groups[job.group].last_turn, job.job_id)
        ):
            demand = demands[job.key]
            checks = {key: check_eligibility(account, demand, NOW) for key, account in pool.items()}
            working = [key for key, check in checks.items() if check.is_free or check.is_busy]
            free = [key for key, check in checks.items() if check.is_free]
            open_slots = sum(free_slots(pool[key], demand) for key in free)
            started_with = {account.id: check_eligibility(account, demand, NOW) for account in accounts}
            first = [
                account for account in accounts if started_with[account.id].is_free or started_with[account.id].is_busy
            ]
            kept = slots_reserved_for_urgent(sum(slots_of(account, demand) for account in first), percent)
            kept -= sum(pool[account.id].urgent_in_flight for account in first)
            if groups[job.group].is_full or not working or not free:
                continue
            if job.rank != URGENT and open_slots <= max(0, kept):
                continue
            untried = [key for key in free if key not in job.tried]
            if not untried and any(checks[key].is_busy for key in working if key not in job.tried):
                continue
            account_id = min(untried or free, key=lambda key: rank(pool[key], demand))
            done.append((job.job_id, account_id))
            groups[job.group].in_flight += 1
            groups[job.group].last_turn = len(done)
            pool[account_id] = with_one_more(pool[account_id], demand, NOW, len(done), is_urgent=job.rank == URGENT)
            rest.remove(job)
            break
        else:
            return done
    return done
