"""Refusals that are about a job, and not about the accounts: on both databases, with an upstream in memory."""

from typing import Any

import pytest

from models.accounts import Account, AccountCooldown
from models.database import now_ms
from models.enums import AttemptOutcome, AttemptState, JobStatus, MediaKind, RateLimitHandling
from models.generation import Attempt
from models.generation_requests import AccountStrategy
from models.jobs import Job
from providers.pooled import Accepted, Credential, FaultKind, GenerationOrder, TaskPhase
from services.generation.attempts import claim_steps
from services.generation.polling import claim_accounts, poll_step
from services.generation.submitting import submit_step
from services.queries.waiting import waiting_reasons
from services.worker.scheduling import schedule
from tests.factories import OWNER
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_due, make_generation

pytestmark = pytest.mark.usefixtures("either_database")
IMAGE = MediaKind.IMAGE


class Picky:
    """Refuses every submit of some jobs, by their prompts, and takes all others."""

    def __init__(self, upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> None:
        self.refuses: dict[str, FaultKind] = {}
        self.words: dict[str, Any] = {}
        self.refused: list[int] = []
        take = upstream.submit

        async def submit(credential: Credential, order: GenerationOrder, submit_id: str) -> Accepted:
            if (kind := self.refuses.get(order.prompt)) is not None:
                self.refused.append(credential.account_id)
                raise fault(kind, "Upstream does not like it.", **self.words)
            return await take(credential, order, submit_id)

        monkeypatch.setattr(upstream, "submit", submit)

    async def job(self, kind: FaultKind, **values: Any) -> Job:
        """A job that is always refused."""
        job = await make_generation(**values)
        self.refuses[job.params["prompt"]] = kind
        return job


@pytest.fixture
def picky(upstream: FakeUpstream, monkeypatch: pytest.MonkeyPatch) -> Picky:
    return Picky(upstream, monkeypatch)


async def work(upstream: FakeUpstream) -> None:
    """One round: cooldowns have ended, all that can is placed and submitted, and what runs is done."""
    await AccountCooldown.all().update(until_ms=1)
    await make_due()
    await schedule(IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 100, 60):
        await submit_step(step)
    upstream.finish(TaskPhase.FAILED, fault(FaultKind.CONTENT_REJECTED))
    await make_due()
    for claim in await claim_accounts(100):
        await poll_step(claim)


async def fresh(job: Job) -> Job:
    return await Job.get(id=job.id)


async def cooling() -> set[int]:
    moment_ms = await now_ms()
    return {row.account_id for row in await AccountCooldown.all() if row.until_ms > moment_ms}


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT])
async def test_a_job_that_always_meets_a_limit_cools_no_account_in_the_end_and_fails_by_itself(
    upstream: FakeUpstream, picky: Picky, kind: FaultKind
) -> None:
    accounts = [await make_account(max_concurrent=2) for _ in range(2)]
    poisoned = await picky.job(kind)
    messages: list[str | None] = []
    for _ in range(30):
        for _ in range(3):
            await make_generation()
        await work(upstream)
        job = await fresh(poisoned)
        if job.status is JobStatus.FAILED:
            break
        messages.append(job.message)
        if "waits by itself" in str(job.message):
            assert await cooling() == set()
            assert {row.learned_image_limit for row in await Account.all()} == {None}
            await Job.filter(id=job.id).update(due_at_ms=2**50)
            assert await waiting_reasons(OWNER, [await fresh(job)]) == [job.message]
    job = await fresh(poisoned)
    assert job.status is JobStatus.FAILED
    assert "about this request" in job.error["message"]
    assert job.error["retryable"] is True
    assert len(picky.refused) == 8
    assert set(picky.refused) == {account.id for account in accounts}
    assert any("waits by itself" in str(message) for message in messages)


async def test_with_one_account_the_others_are_made_and_another_job_is_the_probe(
    upstream: FakeUpstream, picky: Picky
) -> None:
    await make_account(max_concurrent=1)
    poisoned = await picky.job(FaultKind.RATE_LIMIT)
    others = [await make_generation() for _ in range(4)]
    await work(upstream)
    assert len(picky.refused) == 1
    await work(upstream)
    assert len(picky.refused) == 1, "the probe is another job"
    assert len(upstream.submits) == 1
    for _ in range(12):
        await work(upstream)
    assert len(upstream.submits) == len(others)
    assert len(picky.refused) <= 8
    assert (await fresh(poisoned)).status in (JobStatus.PENDING, JobStatus.FAILED)


async def test_a_job_that_waits_for_its_account_is_found_out_too(upstream: FakeUpstream, picky: Picky) -> None:
    await make_account(max_concurrent=2)
    strategy = AccountStrategy(rate_limit_handling=RateLimitHandling.WAIT)
    poisoned = await picky.job(FaultKind.RATE_LIMIT, strategy=strategy)
    for _ in range(20):
        await make_generation()
        await work(upstream)
    job = await fresh(poisoned)
    assert job.status is JobStatus.FAILED
    assert len(await attempts_of(poisoned)) == 1
    assert len(picky.refused) == 8
    assert await cooling() == set()


async def test_limits_that_nothing_contradicts_are_waited_for_as_ever(upstream: FakeUpstream, picky: Picky) -> None:
    await make_account()
    job = await picky.job(FaultKind.RATE_LIMIT)
    for _ in range(12):
        await work(upstream)
    assert (await fresh(job)).status is JobStatus.PENDING
    assert len(picky.refused) == 12
    assert (await AccountCooldown.get()).step == 12


@pytest.mark.parametrize("kind", [FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL])
async def test_a_job_that_risk_control_refuses_on_accounts_that_take_others_fails_at_the_second(
    upstream: FakeUpstream, picky: Picky, kind: FaultKind
) -> None:
    for _ in range(4):
        await make_account(max_concurrent=1)
    for _ in range(4):
        await make_generation()
    await work(upstream)
    assert len(upstream.submits) == 4
    poisoned = await picky.job(kind)
    for _ in range(3):
        await make_due()
        await schedule(IMAGE)
        for step in await claim_steps(AttemptState.PLACED, 100, 60):
            await submit_step(step)
    job = await fresh(poisoned)
    assert (job.status, len(set(picky.refused))) == (JobStatus.FAILED, 2)
    assert "Upstream does not like it." in job.error["message"]
    assert "about this request" in job.error["message"]
    for row in await AccountCooldown.all():
        assert row.until_ms < await now_ms() + 31_000, "no longer than another job needs to find out"
    assert len(await cooling()) == 2


async def test_risk_control_without_a_witness_stops_at_the_third_account(upstream: FakeUpstream, picky: Picky) -> None:
    for _ in range(5):
        await make_account()
    poisoned = await picky.job(FaultKind.RISK_CONTROL)
    for _ in range(5):
        await make_due()
        await schedule(IMAGE)
        for step in await claim_steps(AttemptState.PLACED, 100, 60):
            await submit_step(step)
    job = await fresh(poisoned)
    assert (job.status, len(picky.refused)) == (JobStatus.FAILED, 3)
    assert "no further ones were asked" in job.error["message"]
    rests = [row.until_ms - await now_ms() for row in await AccountCooldown.all()]
    assert len(rests) == 3
    assert all(30_000 < rest <= 60_000 for rest in rests), "another job finds out in a minute, and no sooner"


@pytest.mark.parametrize("kind", [FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL])
async def test_risk_control_of_a_single_account_that_has_just_worked_is_seen_by_its_second_job(
    upstream: FakeUpstream, picky: Picky, kind: FaultKind
) -> None:
    await make_account()
    await make_generation()
    await work(upstream)
    await picky.job(kind)
    await submit_all()
    first = await AccountCooldown.get()
    assert 30_000 < first.until_ms - await now_ms() <= 60_000
    await picky.job(kind)
    await AccountCooldown.all().update(until_ms=1)
    await submit_all()
    second = await AccountCooldown.get()
    assert second.cause_job_id != first.cause_job_id, "the probe is another job"
    assert second.until_ms - await now_ms() > 1_100_000


async def submit_all() -> None:
    await make_due()
    await schedule(IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 100, 60):
        await submit_step(step)


async def test_a_permission_that_only_one_job_lacks_keeps_no_account_from_the_model(
    upstream: FakeUpstream, picky: Picky
) -> None:
    for _ in range(3):
        await make_account(max_concurrent=1)
    for _ in range(3):
        await make_generation()
    await work(upstream)
    poisoned = await picky.job(FaultKind.NO_PERMISSION)
    for _ in range(3):
        await work(upstream)
    assert (await fresh(poisoned)).status is JobStatus.FAILED
    assert len(picky.refused) == 2
    assert await AccountCooldown.all().count() == 0


async def test_a_fault_of_upstream_that_only_one_job_meets_is_counted_on_the_job(
    upstream: FakeUpstream, picky: Picky
) -> None:
    for _ in range(3):
        await make_account(max_concurrent=2)
    poisoned = await picky.job(FaultKind.UPSTREAM_FAULT)
    for _ in range(40):
        for _ in range(3):
            await make_generation()
        await work(upstream)
        assert await cooling() == set()
    assert (await fresh(poisoned)).status is JobStatus.FAILED
    assert [attempt.outcome for attempt in await attempts_of(poisoned)][-1] is AttemptOutcome.FAILED
    assert {row.consecutive_failures for row in await Account.all()} <= {0, 1}


@pytest.mark.parametrize("kind", [FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT, FaultKind.DAILY_LIMIT])
async def test_where_upstreams_words_are_about_the_model_only_the_model_rests(
    upstream: FakeUpstream, picky: Picky, kind: FaultKind
) -> None:
    account = await make_account()
    picky.words = {"is_about_model": True}
    await picky.job(kind)
    await schedule(IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 100, 60):
        await submit_step(step)
    cooldown = await AccountCooldown.get()
    assert (cooldown.kind, cooldown.model) == ("IMAGE", "fake-picture")
    found = await Account.get(id=account.id)
    assert (found.learned_image_limit, found.image_exhausted_until_ms) == (None, 0)
    assert (cooldown.until_ms > await now_ms() + 31_000) is (kind is FaultKind.DAILY_LIMIT)
    assert await Attempt.all().count() == 1
