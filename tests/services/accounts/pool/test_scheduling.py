"""Scheduling passes on both databases."""

import asyncio

import pytest

from models.accounts import Account, AccountCooldown
from models.database import now_ms
from models.enums import AccountStatus, AttemptState, JobStatus, MediaKind, Site
from models.generation import Attempt, Route
from models.generation_requests import AccountStrategy
from models.jobs import Job
from services.accounts.pool.scheduling import claim_kind
from services.accounts.releasing import release_placed
from services.worker.scheduling import schedule
from tests.factories import OTHER
from tests.pool_factories import FakeUpstream, attempts_of, make_account, make_due, make_generation
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database", "upstream")
IMAGE = MediaKind.IMAGE


async def test_a_waiting_job_gets_a_slot_and_its_attempt_is_written_down() -> None:
    account, job = await make_account(), await make_generation()
    assert (await schedule(IMAGE)).placed == 1
    (attempt,) = await attempts_of(job)
    present = await Job.get(id=job.id)
    assert (present.status, present.due_at_ms) == (JobStatus.RUNNING, None)
    assert (attempt.account_id, attempt.state, attempt.number) == (account.id, AttemptState.PLACED, 1)
    assert attempt.released_at_ms is None
    assert len(attempt.submit_id) == 36
    assert (await Account.get(id=account.id)).last_used_at is not None


async def test_a_pass_stores_one_route_for_all_that_it_placed_alike() -> None:
    await make_account(max_concurrent=1)
    await make_account(status=AccountStatus.BANNED, status_reason="Punished.")
    await make_generation()
    await schedule(IMAGE)
    (route,) = await Route.all()
    reasons = [entry["reason"] for entry in route.candidates]
    assert reasons == [None, "BANNED: Punished."]


async def test_no_more_jobs_are_placed_than_there_are_slots() -> None:
    await make_account(max_concurrent=2)
    jobs = [await make_generation() for _ in range(5)]
    assert (await schedule(IMAGE)).placed == 2
    assert (await schedule(IMAGE)).placed == 0
    states = [(await Job.get(id=job.id)).status for job in jobs]
    assert states == [JobStatus.RUNNING] * 2 + [JobStatus.PENDING] * 3


async def test_two_passes_that_race_for_the_last_slots_give_each_once() -> None:
    accounts = [await make_account(max_concurrent=2) for _ in range(3)]
    jobs = [await make_generation() for _ in range(20)]
    await asyncio.gather(*(schedule(IMAGE) for _ in range(6)))
    for account in accounts:
        assert await Attempt.filter(account_id=account.id).count() == 2
    assert await Attempt.filter(job_id__in=[job.id for job in jobs]).count() == 6
    assert await Job.filter(status=JobStatus.RUNNING).count() == 6


async def test_a_job_is_never_placed_twice_by_passes_at_once() -> None:
    for _ in range(4):
        await make_account()
    job = await make_generation()
    await asyncio.gather(*(schedule(IMAGE) for _ in range(6)))
    assert len(await attempts_of(job)) == 1


async def test_jobs_only_go_to_accounts_of_their_owner() -> None:
    await make_account(OTHER)
    job = await make_generation()
    assert (await schedule(IMAGE)).placed == 0
    assert await attempts_of(job) == []


async def test_jobs_of_several_owners_are_placed_in_one_pass() -> None:
    mine, theirs = await make_account(), await make_account(OTHER)
    first, second = await make_generation(), await make_generation(OTHER)
    assert (await schedule(IMAGE)).placed == 2
    assert [(await attempts_of(job))[0].account_id for job in (first, second)] == [mine.id, theirs.id]


async def test_the_most_urgent_goes_first_and_then_the_oldest() -> None:
    await make_account(max_concurrent=2)
    jobs = [await make_generation(priority_rank=rank) for rank in (2, 2, 0)]
    await schedule(IMAGE)
    states = [(await Job.get(id=job.id)).status for job in jobs]
    assert states == [JobStatus.RUNNING, JobStatus.PENDING, JobStatus.RUNNING]


async def test_jobs_without_any_account_do_not_stand_in_the_way_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.accounts.pool.waiting.MAX_JOBS_PER_LINE", 3)
    account = await make_account()
    nobody = await make_account(status=AccountStatus.INACTIVE)
    for _ in range(5):
        await make_generation(strategy=AccountStrategy(account_ids=(nobody.id,)))
    job = await make_generation()
    await schedule(IMAGE)
    assert (await attempts_of(job))[0].account_id == account.id


async def test_the_wrong_site_takes_no_work() -> None:
    await make_account(site=Site.JP)
    await make_generation()
    assert (await schedule(IMAGE)).placed == 0


async def test_one_probe_goes_to_an_account_whose_cooldown_is_over() -> None:
    account = await make_account()
    await AccountCooldown.create(account_id=account.id, kind="IMAGE", until_ms=await now_ms() - 1, reason="Too fast.")
    jobs = [await make_generation() for _ in range(3)]
    assert (await schedule(IMAGE)).placed == 1
    assert (await schedule(IMAGE)).placed == 0
    (attempt,) = await attempts_of(jobs[0])
    assert (await AccountCooldown.get(account_id=account.id)).probe_attempt_id == attempt.id


async def test_an_empty_account_is_reported_as_wanting_its_credits() -> None:
    account = await make_account(credit_balance=0)
    await make_generation()
    done = await schedule(IMAGE)
    assert (done.placed, done.wants_credits) == (0, {account.id})


async def test_one_process_schedules_a_kind_at_a_time() -> None:
    assert await claim_kind(IMAGE, "first")
    assert not await claim_kind(IMAGE, "second")
    assert await claim_kind(IMAGE, "first")
    assert await claim_kind(MediaKind.VIDEO, "second")


async def test_a_pass_costs_no_more_statements_for_more_jobs(upstream: FakeUpstream) -> None:
    async def statements_for(count: int) -> int:
        for _ in range(count):
            await make_account()
            await make_generation()
        with counted_statements() as statements:
            assert (await schedule(IMAGE)).placed == count
        return len(statements)

    assert await statements_for(2) == await statements_for(12)


async def test_one_owners_backlog_does_not_hide_anothers_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.accounts.pool.waiting.MAX_JOBS_PER_LINE", 4)
    await make_account(max_concurrent=1)
    theirs = await make_account(OTHER)
    for _ in range(8):
        await make_generation()
    job = await make_generation(OTHER)
    await schedule(IMAGE)
    assert (await attempts_of(job))[0].account_id == theirs.id


async def test_an_account_that_was_left_before_anything_was_sent_was_no_try() -> None:
    account, job = await make_account(), await make_generation()
    await schedule(IMAGE)
    await release_placed([account.id], "Its account was taken out.")
    await make_due()
    await schedule(IMAGE)
    (route,) = [row.candidates for row in await Route.all().order_by("-id").limit(1)]
    assert [entry["reason"] for entry in route] == [None]
    assert [attempt.account_id for attempt in await attempts_of(job)] == [account.id] * 2


async def test_credits_that_tasks_on_their_way_will_take_are_not_promised_again() -> None:
    await make_account(credit_balance=9)
    for _ in range(3):
        await make_generation()
    assert (await schedule(IMAGE)).placed == 2
    await make_generation()
    assert (await schedule(IMAGE)).placed == 0
