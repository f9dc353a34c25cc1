"""Generations that are retried after a cancellation: what is paid for is taken, and what may be is looked at first."""

import pytest

from models.enums import (
    AttemptOutcome,
    AttemptState,
    JobStatus,
    MediaKind,
)
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import FaultKind, TaskPhase
from services.film.jobs import cancel_job, retry_job
from services.generation.attempts import claim_steps
from services.generation.finishing import finish_step
from services.worker.scheduling import schedule
from settings import get_settings
from tests.factories import OWNER
from tests.pool_factories import FakeUpstream, attempts_of, fault, make_account, make_due
from tests.services.generation.stepping import newest, poll_all, submit_all, submitted

pytestmark = pytest.mark.usefixtures("either_database")


async def canceled(upstream: FakeUpstream, phase: TaskPhase | None) -> Job:
    """A canceled job whose attempt has ended; phase: how upstream ended its task, None: it is not known."""
    job, attempt = await submitted()
    await cancel_job(OWNER, job.id)
    if phase is None:
        upstream.hidden.add(str(attempt.history_id))
        await Attempt.filter(id=attempt.id).update(missing_since_ms=1)
    else:
        upstream.finish(phase, fault(FaultKind.GENERATION_FAILED) if phase is TaskPhase.FAILED else None)
    await make_due()
    await poll_all()
    for step in await claim_steps(AttemptState.FETCHING, 10, 60):
        await finish_step(step, get_settings())
    _, attempt = await newest(job)
    assert (attempt.state, attempt.outcome) == (AttemptState.ENDED, AttemptOutcome.CANCELED)
    return job


async def test_a_job_that_was_canceled_too_late_takes_its_paid_result(upstream: FakeUpstream) -> None:
    await make_account()
    job = await canceled(upstream, TaskPhase.DONE)
    job = await retry_job(OWNER, job.id)
    (attempt,) = await attempts_of(job)
    assert (job.status, attempt.state, attempt.is_draining) == (JobStatus.RUNNING, AttemptState.FETCHING, False)
    assert (await schedule(MediaKind.IMAGE)).placed == 0
    assert len(upstream.submits) == 1


async def test_a_canceled_job_whose_task_ended_unseen_looks_at_it_before_it_is_made_again(
    upstream: FakeUpstream,
) -> None:
    await make_account()
    job = await canceled(upstream, None)
    job = await retry_job(OWNER, job.id)
    (attempt,) = await attempts_of(job)
    assert (job.status, attempt.state) == (JobStatus.RUNNING, AttemptState.ACCEPTED)
    upstream.hidden.clear()
    upstream.finish()
    await make_due()
    await poll_all()
    assert (await newest(job))[1].state is AttemptState.FETCHING
    assert len(upstream.submits) == 1


async def test_a_canceled_job_whose_task_upstream_dropped_is_made_again(upstream: FakeUpstream) -> None:
    await make_account()
    job = await canceled(upstream, TaskPhase.FAILED)
    job = await retry_job(OWNER, job.id)
    assert job.status is JobStatus.PENDING
    await schedule(MediaKind.IMAGE)
    await submit_all()
    assert len(upstream.submits) == 2
