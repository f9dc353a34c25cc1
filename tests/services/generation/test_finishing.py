"""Results that cannot be stored."""

import pytest

from models.database import now_ms
from models.enums import AttemptOutcome, AttemptState, JobStatus, MediaKind
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import FaultKind
from services.generation.attempts import claim_steps
from services.generation.finishing import MAX_RETRY_MS, finish_step
from services.generation.submitting import submit_step
from services.worker.scheduling import schedule
from settings import get_settings
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_due, make_generation

pytestmark = pytest.mark.usefixtures("either_database")


async def fetching(**values: object) -> tuple[Job, Attempt]:
    """An attempt whose result has no link that opens, and its job."""
    await make_account()
    job = await make_generation()
    await schedule(MediaKind.IMAGE)
    for step in await claim_steps(AttemptState.PLACED, 1, 60):
        await submit_step(step)
    (attempt,) = await attempts_of(job)
    await Attempt.filter(id=attempt.id).update(state=AttemptState.FETCHING, **values)
    await make_due()
    (step,) = await claim_steps(AttemptState.FETCHING, 1, 60)
    await finish_step(step, get_settings())
    return await Job.get(id=job.id), await Attempt.get(id=attempt.id)


async def test_what_cannot_be_stored_is_tried_again(upstream: FakeUpstream) -> None:
    job, attempt = await fetching(fetch_since_ms=await now_ms())
    assert (attempt.state, attempt.failures) == (AttemptState.FETCHING, 1)
    assert job.status is JobStatus.RUNNING
    assert job.message.startswith("Retrying to store the result: ")


async def test_links_that_cannot_be_asked_for_are_asked_for_again(upstream: FakeUpstream) -> None:
    """Longer than a finished task without links is waited for: a query that fails is no answer."""
    upstream.query_fault = fault(FaultKind.RATE_LIMIT)
    job, attempt = await fetching(fetch_since_ms=await now_ms() - MAX_RETRY_MS // 2)
    assert (attempt.state, attempt.failures) == (AttemptState.FETCHING, 1)
    assert job.status is JobStatus.RUNNING
    assert "could not be asked for a link" in job.message


async def test_after_a_day_the_job_fails_and_can_be_retried_from_there(upstream: FakeUpstream) -> None:
    job, attempt = await fetching(fetch_since_ms=await now_ms() - MAX_RETRY_MS)
    assert (attempt.state, attempt.outcome) == (AttemptState.ENDED, AttemptOutcome.FAILED)
    assert attempt.error["kind"] == "FINISH"
    assert job.status is JobStatus.FAILED
    assert job.error["code"] == "STORAGE_ERROR"


async def test_a_job_that_goes_on_with_another_attempt_does_not_fail_with_this_one(upstream: FakeUpstream) -> None:
    job, attempt = await fetching(fetch_since_ms=await now_ms() - MAX_RETRY_MS, is_detached=True)
    assert (attempt.state, attempt.error["kind"]) == (AttemptState.ENDED, "FINISH")
    assert (job.status, job.error) == (JobStatus.RUNNING, None)
