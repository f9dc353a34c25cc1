"""Faults of a whole site, on both databases: who is blamed, what is held, and when it is over."""

import asyncio
from datetime import UTC, datetime

import pytest

from models.accounts import Account, AccountCooldown, SiteTrouble
from models.alert_enums import AlertKind
from models.alerts import Alert
from models.database import execute, now_ms, transaction
from models.enums import AccountStatus, AttemptState, JobStatus, MediaKind, Site
from models.generation import Attempt
from models.generation_requests import AccountStrategy
from models.jobs import Job
from providers.pooled import FaultKind, TaskPhase
from services.accounts.pool.site_troubles import (
    SESSION_PATIENCE_MS,
    Report,
    end_quiet_troubles,
    hold_seconds,
    is_of_site,
    is_trouble,
)
from services.accounts.removing import reset_accounts
from services.generation.attempts import claim_steps
from services.generation.submitting import submit_step
from services.queries.waiting import waiting_reasons
from services.stores import accounts as accounts_store
from services.worker.scheduling import schedule
from tests.factories import OWNER
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_due, make_generation
from tests.services.generation.stepping import poll_all

IMAGE = MediaKind.IMAGE
EXPIRED = FaultKind.SESSION_EXPIRED


@pytest.mark.parametrize(
    ("kind", "reports", "expected"),
    [
        (EXPIRED, [Report(1, True, 7)], False),
        (EXPIRED, [Report(1, True, 7), Report(2, True, 7)], True),
        (EXPIRED, [Report(1, True, 7), Report(2, True, 8), Report(3, True)], True),
        (EXPIRED, [Report(1, True, 7), Report(2, True, 8), Report(3, True), Report(4, True)], False),
        (EXPIRED, [Report(1, True, 7), Report(2, True, 8), Report(3, False), Report(4, False)], True),
        (FaultKind.RATE_LIMIT, [Report(1, True, 7), Report(2, True, 7)], False),
        (FaultKind.RATE_LIMIT, [Report(1, True, 7), Report(2, True, 8)], True),
        (FaultKind.UPSTREAM_FAULT, [Report(1, True, 0), Report(2, True, 0)], True),
    ],
)
def test_a_fault_is_the_sites_where_it_hits_most_accounts(
    kind: FaultKind, reports: list[Report], expected: bool
) -> None:
    assert is_trouble(kind, reports) is expected


def test_the_hold_is_short_and_grows_and_respects_what_upstream_asks_for() -> None:
    assert [hold_seconds(FaultKind.UPSTREAM_FAULT, step) for step in (1, 2, 3, 99)] == [5, 10, 20, 300]
    assert [hold_seconds(FaultKind.RISK_CONTROL, step) for step in (1, 2, 99)] == [60, 120, 1800]
    assert hold_seconds(FaultKind.RATE_LIMIT, 1, 77.0) == 77


@pytest.fixture
def of_pool(either_database: str, upstream: FakeUpstream) -> FakeUpstream:
    return upstream


async def submit_all() -> None:
    for step in await claim_steps(AttemptState.PLACED, 100, 60):
        await submit_step(step)


async def meet(account: Account, kind: FaultKind, job_id: int) -> bool:
    return await transaction(lambda: is_of_site(account, fault(kind), IMAGE, "fake-picture", job_id=job_id))


async def open_alerts() -> list[AlertKind]:
    return [row.kind for row in await Alert.filter(resolved_at__isnull=True).order_by("id")]


@pytest.mark.parametrize("kind", [EXPIRED, FaultKind.RATE_LIMIT, FaultKind.RISK_CONTROL])
async def test_what_hits_most_accounts_blames_none_and_one_job_finds_out_when_it_is_over(
    of_pool: FakeUpstream, kind: FaultKind
) -> None:
    accounts = [await make_account(max_concurrent=1) for _ in range(3)]
    jobs = [await make_generation() for _ in range(5)]
    of_pool.says = [fault(kind, "Upstream says no.")] * 3
    await schedule(IMAGE)
    await submit_all()
    (trouble,) = await SiteTrouble.all()
    assert (trouble.owner, trouble.site, trouble.fault, trouble.step) == (OWNER, "CN", kind.value, 1)
    for account in await Account.all():
        assert (account.status, account.consecutive_failures) == (AccountStatus.ACTIVE, 0)
    assert await AccountCooldown.all().count() == 0
    assert await open_alerts() == [AlertKind.SITE_TROUBLE]
    assert (await schedule(IMAGE)).placed == 0
    assert "Most accounts of fake, site CN meet the same fault" in str((await waiting_reasons(OWNER, jobs[-1:]))[0])

    # The hold ends: one job goes, and fails; then it is longer.
    await SiteTrouble.all().update(until_ms=1)
    await make_due()
    of_pool.says = [fault(kind)]
    assert (await schedule(IMAGE)).placed == 1
    assert (await schedule(IMAGE)).placed == 0
    await submit_all()
    assert (await SiteTrouble.get()).step == 2
    assert await open_alerts() == [AlertKind.SITE_TROUBLE]

    # The next one is taken, and all go on.
    await SiteTrouble.all().update(until_ms=1)
    await make_due()
    await schedule(IMAGE)
    await submit_all()
    assert (await SiteTrouble.all().count(), await open_alerts()) == (0, [])
    assert (await schedule(IMAGE)).placed == 2
    await submit_all()
    assert {account_id for account_id, _ in of_pool.submits} == {account.id for account in accounts}
    assert {job.status for job in await Job.all()} <= {JobStatus.PENDING, JobStatus.RUNNING}


async def test_attempts_that_a_site_refused_are_not_counted_against_the_job(of_pool: FakeUpstream) -> None:
    for _ in range(2):
        await make_account(max_concurrent=1)
    job = await make_generation()
    of_pool.says = [fault(EXPIRED) for _ in range(12)]
    for _ in range(12):
        await SiteTrouble.all().update(until_ms=1)
        await make_due()
        await schedule(IMAGE)
        await submit_all()
    assert (await Job.get(id=job.id)).status is JobStatus.PENDING
    assert len(await attempts_of(job)) > 5
    await SiteTrouble.all().update(until_ms=1)
    await make_due()
    await schedule(IMAGE)
    await submit_all()
    assert len(of_pool.submits) == 1


async def test_an_account_that_takes_tasks_shows_that_the_site_works(of_pool: FakeUpstream) -> None:
    first, second = [await make_account() for _ in range(2)]
    await meet(first, FaultKind.RATE_LIMIT, 1)
    attempt = await Attempt.create(
        owner=OWNER, job_id=99, number=1, account_id=first.id, provider="fake", kind=IMAGE, model="fake-picture",
        submit_id="s", state=AttemptState.ACCEPTED, accepted_at_ms=await now_ms() + 5,
    )  # fmt: skip
    assert not await meet(second, FaultKind.RATE_LIMIT, 2)
    await Attempt.filter(id=attempt.id).delete()
    assert await meet(second, FaultKind.RATE_LIMIT, 2)


async def test_other_sites_owners_and_kinds_are_not_concerned(of_pool: FakeUpstream) -> None:
    cn = [await make_account() for _ in range(2)]
    await make_account(site=Site.US)
    await make_account("somebody-else")
    for number, account in enumerate(cn, 1):
        await meet(account, FaultKind.UPSTREAM_FAULT, number)
    (trouble,) = await SiteTrouble.all()
    assert (trouble.owner, trouble.site, trouble.kind) == (OWNER, "CN", "IMAGE")
    jobs = [
        await make_generation(),
        await make_generation("somebody-else"),
        await make_generation(kind=MediaKind.VIDEO),
    ]
    assert (await schedule(IMAGE)).placed == 2
    assert (await schedule(MediaKind.VIDEO)).placed == 1
    assert (await attempts_of(jobs[0]))[0].site is Site.US


async def test_faults_of_more_than_a_minute_ago_are_no_trouble(of_pool: FakeUpstream) -> None:
    first, second = [await make_account() for _ in range(2)]
    await meet(first, EXPIRED, 1)
    await execute("UPDATE account_fault SET at_ms = at_ms - 61000 RETURNING id")
    assert not await meet(second, EXPIRED, 2)


async def test_processes_that_meet_it_at_once_open_it_once(of_pool: FakeUpstream) -> None:
    accounts = [await make_account() for _ in range(6)]
    await asyncio.gather(*(meet(account, EXPIRED, number) for number, account in enumerate(accounts, 1)))
    assert await SiteTrouble.all().count() == 1
    assert await open_alerts() == [AlertKind.SITE_TROUBLE]
    assert (await SiteTrouble.get()).step == 1


async def test_sessions_that_a_site_refuses_for_long_are_looked_at_one_by_one(of_pool: FakeUpstream) -> None:
    first, second = [await make_account() for _ in range(2)]
    await meet(first, EXPIRED, 1)
    assert await meet(second, EXPIRED, 2)
    await execute("UPDATE site_trouble SET since_ms = since_ms - ? RETURNING id", SESSION_PATIENCE_MS)
    assert not await meet(first, EXPIRED, 3)


async def test_a_person_who_resets_an_account_ends_the_hold_of_its_site(of_pool: FakeUpstream) -> None:
    accounts = [await make_account() for _ in range(2)]
    for number, account in enumerate(accounts, 1):
        await meet(account, EXPIRED, number)
    await make_generation()
    assert (await schedule(IMAGE)).placed == 0
    await reset_accounts(OWNER, [accounts[0].id])
    assert (await SiteTrouble.all().count(), await open_alerts()) == (0, [])
    assert (await schedule(IMAGE)).placed == 1


async def test_trouble_that_nothing_asks_about_ends_by_itself(of_pool: FakeUpstream) -> None:
    for number in (1, 2):
        await meet(await make_account(), EXPIRED, number)
    await end_quiet_troubles()
    assert await open_alerts() == [AlertKind.SITE_TROUBLE]
    await SiteTrouble.all().update(until_ms=int(datetime.now(UTC).timestamp() * 1000) - 700_000)
    await end_quiet_troubles()
    assert (await SiteTrouble.all().count(), await open_alerts()) == (0, [])


async def test_tasks_that_fail_all_over_a_site_after_upstream_took_them_are_not_made_without_a_bound(
    of_pool: FakeUpstream,
) -> None:
    for _ in range(2):
        await make_account(max_concurrent=1)
    jobs = [await make_generation(strategy=AccountStrategy(max_attempts=2)) for _ in range(2)]
    for _ in range(6):
        await SiteTrouble.all().update(until_ms=1)
        await make_due()
        await schedule(IMAGE)
        await submit_all()
        of_pool.finish(TaskPhase.FAILED, fault(FaultKind.UPSTREAM_FAULT))
        await make_due()
        await poll_all()
    assert [(await Job.get(id=job.id)).status for job in jobs] == [JobStatus.FAILED] * 2
    assert len(of_pool.submits) == 4
    assert [account.consecutive_failures for account in await Account.all()] == [0, 0]


async def test_accounts_without_failures_are_left_alone_when_faults_turn_out_to_be_shared(
    of_pool: FakeUpstream,
) -> None:
    accounts = [await make_account() for _ in range(2)]
    await accounts_store.clear_failures([account.id for account in accounts])
    assert [(await Account.get(id=account.id)).version for account in accounts] == [1, 1]
    await Account.filter(id=accounts[0].id).update(consecutive_failures=2)
    await accounts_store.clear_failures([account.id for account in accounts])
    rows = [await Account.get(id=account.id) for account in accounts]
    assert [(row.version, row.consecutive_failures) for row in rows] == [(2, 0), (1, 0)]
