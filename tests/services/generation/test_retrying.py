"""Retries of generations: which of their attempts are resumed."""

from typing import Any

import pytest

from models.database import transaction
from models.enums import AttemptOutcome, AttemptState, JobStatus, MediaKind
from models.generation import Attempt
from models.jobs import Job
from services.film.jobs import retry_job
from services.generation.attempts import claim_steps
from services.generation.finishing import publish_attempt
from services.generation.orphans import resume_orphans
from services.generation.polling import claim_accounts, poll_step
from services.generation.retrying import is_resumable
from services.generation.stopping import cancel_generation
from services.worker.scheduling import schedule
from tests.account_factories import make_attempt
from tests.factories import OWNER, make_file
from tests.pool_factories import FakeUpstream, attempts_of, make_account, make_due, make_generation
from tests.record_factories import fail

pytestmark = pytest.mark.usefixtures("either_database")

UNDER_WAY: dict[str, Any] = {"state": AttemptState.ACCEPTED, "history_id": "h", "accepted_at_ms": 1}
TIMED_OUT: dict[str, Any] = {
    **UNDER_WAY,
    "is_detached": True,
    "outcome": AttemptOutcome.SWITCHED,
    "error": {"kind": "TIMEOUT"},
}
ENDED: dict[str, Any] = {"state": AttemptState.ENDED, "outcome": AttemptOutcome.FAILED, "due_at_ms": None}
FAILED: dict[str, Any] = {**ENDED, "error": {"kind": "GENERATION_FAILED"}}
NOT_STORED: dict[str, Any] = {**ENDED, "error": {"kind": "FINISH"}}


async def failed_with(*attempts: dict[str, Any]) -> tuple[Job, list[Attempt]]:
    """A job that failed, with these attempts, each on an account of its own."""
    job = await make_generation()
    made = [
        await make_attempt(await make_account(), job, number=number, **values)
        for number, values in enumerate(attempts, start=1)
    ]
    await fail(job)
    return await Job.get(id=job.id), made


def states(attempts: list[Attempt]) -> list[tuple[AttemptState, AttemptOutcome, int]]:
    return [(attempt.state, attempt.outcome, attempt.run) for attempt in attempts]


async def test_a_task_that_timed_out_goes_on_although_another_account_failed_after_it(upstream: FakeUpstream) -> None:
    job, _ = await failed_with(TIMED_OUT, FAILED)
    assert await is_resumable(job)
    job = await retry_job(OWNER, job.id)
    first, second = await attempts_of(job)
    assert (job.status, job.retry_count) == (JobStatus.RUNNING, 1)
    assert (first.is_detached, first.error) == (False, None)
    assert states([first, second]) == [
        (AttemptState.ACCEPTED, AttemptOutcome.RUNNING, 1),
        (AttemptState.ENDED, AttemptOutcome.FAILED, 0),
    ]
    assert await resume_orphans() == 0
    await schedule(MediaKind.IMAGE)
    assert await claim_steps(AttemptState.PLACED, 10, 60) == []
    assert upstream.submits == []


@pytest.mark.parametrize("state", [AttemptState.SENT, AttemptState.FETCHING])
async def test_it_goes_on_wherever_it_stands(upstream: FakeUpstream, state: AttemptState) -> None:
    job, _ = await failed_with({**TIMED_OUT, "state": state, "sent_at_ms": 1}, FAILED)
    job = await retry_job(OWNER, job.id)
    first, _ = await attempts_of(job)
    assert (job.status, first.state, first.is_detached, first.run) == (JobStatus.RUNNING, state, False, 1)


async def test_a_result_that_could_not_be_stored_is_fetched_although_another_account_failed_after_it(
    upstream: FakeUpstream,
) -> None:
    job, _ = await failed_with(NOT_STORED, FAILED)
    job = await retry_job(OWNER, job.id)
    first, _ = await attempts_of(job)
    assert (job.status, first.state, first.run) == (JobStatus.RUNNING, AttemptState.FETCHING, 1)


async def test_of_two_that_timed_out_the_newer_goes_on_and_the_result_of_the_other_is_still_taken(
    upstream: FakeUpstream,
) -> None:
    job, _ = await failed_with(TIMED_OUT, {**TIMED_OUT, "history_id": "h2"})
    job = await retry_job(OWNER, job.id)
    first, second = await attempts_of(job)
    assert [(attempt.is_detached, attempt.run) for attempt in (first, second)] == [(True, 0), (False, 1)]
    await Attempt.filter(id=first.id).update(state=AttemptState.FETCHING)
    await publish_attempt(await Attempt.get(id=first.id), job, [await make_file()], None)
    first, second = await attempts_of(job)
    assert (await Job.get(id=job.id)).status is JobStatus.SUCCEEDED
    assert (first.outcome, second.is_draining) == (AttemptOutcome.SUCCEEDED, True)


async def test_what_was_not_asked_to_stop_goes_on_before_what_was(upstream: FakeUpstream) -> None:
    job, _ = await failed_with(TIMED_OUT, {**UNDER_WAY, "history_id": "h2", "is_draining": True})
    job = await retry_job(OWNER, job.id)
    assert [attempt.run for attempt in await attempts_of(job)] == [1, 0]


async def test_of_a_canceled_job_the_task_that_upstream_still_has_goes_on(upstream: FakeUpstream) -> None:
    job, _ = await failed_with(TIMED_OUT, {"state": AttemptState.PLACED})
    await Job.filter(id=job.id).update(status=JobStatus.RUNNING)
    await transaction(lambda: cancel_generation(job))
    job = await retry_job(OWNER, job.id)
    first, second = await attempts_of(job)
    assert (job.status, first.is_draining, first.run) == (JobStatus.RUNNING, False, 1)
    assert second.state is AttemptState.ENDED


async def test_a_result_that_was_being_fetched_when_its_job_was_canceled_is_fetched_and_kept(
    upstream: FakeUpstream,
) -> None:
    """If the attempt still drained, its next step would end it, and the job would be paid for a second time."""
    job, _ = await failed_with({**NOT_STORED, "outcome": AttemptOutcome.CANCELED, "is_draining": True})
    job = await retry_job(OWNER, job.id)
    (attempt,) = await attempts_of(job)
    assert (job.status, attempt.state, attempt.is_draining) == (JobStatus.RUNNING, AttemptState.FETCHING, False)


async def test_where_nothing_is_left_upstream_the_job_waits_for_an_account(upstream: FakeUpstream) -> None:
    job, _ = await failed_with(FAILED, FAILED)
    before = await Attempt.filter(job_id=job.id).order_by("number").values()
    assert not await is_resumable(job)
    job = await retry_job(OWNER, job.id)
    assert job.status is JobStatus.PENDING
    assert await Attempt.filter(job_id=job.id).order_by("number").values() == before


async def test_each_of_many_jobs_goes_on_with_its_own_task(upstream: FakeUpstream) -> None:
    first, _ = await failed_with(TIMED_OUT, FAILED)
    second, _ = await failed_with(FAILED)
    third, _ = await failed_with(FAILED, {**TIMED_OUT, "history_id": "h3"})
    for job in (first, second, third):
        await retry_job(OWNER, job.id)
    assert [(await Job.get(id=job.id)).status for job in (first, second, third)] == [
        JobStatus.RUNNING,
        JobStatus.PENDING,
        JobStatus.RUNNING,
    ]
    await make_due()
    for claim in await claim_accounts(10):
        await poll_step(claim)
    assert sorted(ids for _, (ids,) in upstream.queries) == ["h", "h3"]
