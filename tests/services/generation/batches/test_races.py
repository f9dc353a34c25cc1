"""Races of a retry with the end of its batch: in either order no job is live in an ended batch."""

import asyncio
from collections.abc import Awaitable, Callable

from models.batches import Batch
from models.database import transaction
from models.enums import BatchStatus, JobStatus
from models.jobs import Job
from services.generation.batches.canceling import cancel_batch
from services.generation.batches.retrying import retry_batch
from tests.batch_factories import end, make_batch_of, present
from tests.factories import OWNER

LOOK_SECONDS = 0.2
"For whatever does not wait for the retry to come through before it."


async def while_retried(batch: Batch, do: Callable[[], Awaitable[object]]) -> None:
    """Runs it while a retry of the batch is not committed yet."""
    is_retried, goes_on = asyncio.Event(), asyncio.Event()

    async def retry() -> None:
        await retry_batch(OWNER, batch.id, [], forces=False)
        is_retried.set()
        await goes_on.wait()

    retrying = asyncio.create_task(transaction(retry))
    await is_retried.wait()
    doing = asyncio.ensure_future(do())
    await asyncio.wait([doing], timeout=LOOK_SECONDS)
    goes_on.set()
    await asyncio.gather(retrying, doing)


async def test_a_batch_does_not_end_with_its_last_job_while_another_one_is_taken_up_again(either_database: str) -> None:
    batch, jobs = await make_batch_of([JobStatus.FAILED, JobStatus.RUNNING])
    await while_retried(batch, lambda: end(jobs[1], JobStatus.SUCCEEDED))
    assert (await Job.get(id=jobs[0].id)).status is JobStatus.PENDING
    assert (await present(batch)).status is BatchStatus.RUNNING


async def test_canceling_a_batch_ends_what_is_taken_up_again_at_that_moment(either_database: str) -> None:
    batch, _ = await make_batch_of([JobStatus.FAILED, JobStatus.RUNNING])
    await while_retried(batch, lambda: cancel_batch(OWNER, batch.id, "Enough."))
    assert {job.status for job in await Job.filter(batch_id=batch.id)} == {JobStatus.CANCELED}
    canceled = await present(batch)
    assert (canceled.status, canceled.cancel_reason) == (BatchStatus.CANCELED, "Enough.")
