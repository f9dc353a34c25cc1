"""The number of statements that the steps of one picture run, which is the database load per picture."""

import pytest

from models.enums import AttemptState, JobStatus, MediaKind
from models.jobs import Job
from services.generation.attempts import claim_steps
from services.generation.finishing import publish_attempt
from services.generation.polling import claim_accounts, poll_step
from services.generation.submitting import submit_step
from services.worker.scheduling import schedule
from tests.factories import OWNER, make_file
from tests.pool_factories import FakeUpstream, make_account, make_due, make_generation
from tests.statements import counted_with_transactions

pytestmark = pytest.mark.usefixtures("either_database")

# schedule: one is for the record, whose time of change follows its job's state.
MOST = {"schedule": 21, "submit": 15, "poll": 10, "poll, done": 10, "publish": 14}


async def test_the_steps_of_a_picture_run_no_more_statements_than_they_need(upstream: FakeUpstream) -> None:
    await make_account()
    job = await make_generation()
    counts: dict[str, int] = {}
    with counted_with_transactions() as seen:
        await schedule(MediaKind.IMAGE)
    counts["schedule"] = len(seen)
    with counted_with_transactions() as seen:
        (step,) = await claim_steps(AttemptState.PLACED, 1, 60)
        await submit_step(step)
    counts["submit"] = len(seen)
    for name, is_done in (("poll", False), ("poll, done", True)):
        await make_due()
        if is_done:
            upstream.finish()
        with counted_with_transactions() as seen:
            (claim,) = await claim_accounts(1)
            await poll_step(claim)
        counts[name] = len(seen)
    await make_due()
    file = await make_file(OWNER, job_id=job.id)
    (step,) = await claim_steps(AttemptState.FETCHING, 1, 60)
    with counted_with_transactions() as seen:
        await publish_attempt(step.attempt, await Job.get(id=job.id), [file], None)
    counts["publish"] = len(seen)
    assert (await Job.get(id=job.id)).status is JobStatus.SUCCEEDED
    assert {name: count for name, count in counts.items() if count > MOST[name]} == {}, counts
