"""Cancelling generations, one or a thousand of them for the same few statements."""

from collections.abc import Sequence

from models.database import execute, is_sqlite
from models.enums import LIVE_JOB_STATUSES, JobRole
from models.jobs import Job
from services.generation.on_ended import on_ended
from services.generation.outcomes import wake_parents
from services.platform.owned import places
from services.queue.notify import notify_pools
from services.stores import account_cooldowns, attempts
from services.stores.jobs.moves import cancel
from services.stores.jobs.which import Jobs

BATCH_SIZE = 5_000
"SQLite takes at most 32,766 values in one statement."


async def cancel_generation(job: Job) -> bool:
    """As `cancel_generations`, for one: whether it was live."""
    return bool(await cancel_generations([job]))


async def cancel_generations(jobs: Sequence[Job]) -> list[Job]:
    """Ends live generations as CANCELED; those that were live. In a transaction.

    An attempt that was not sent ends with its job. One that upstream has, or may have, drains: it is asked to stop, and
    keeps its slot until upstream has ended it.
    """
    ended = await end_canceled(jobs)
    await on_ended([job.id for job in ended])
    return ended


async def end_canceled(jobs: Sequence[Job]) -> list[Job]:
    """As `cancel_generations`, up to what hangs on the end of generations: the caller calls `after_ending`."""
    ended: list[Job] = []
    for start in range(0, len(jobs), BATCH_SIZE):
        ended += await _end_canceled(jobs[start : start + BATCH_SIZE])
    return ended


async def _end_canceled(jobs: Sequence[Job]) -> list[Job]:
    ids = [job.id for job in jobs]
    await _lock_attempts(ids)
    live = {job.id for job in await cancel(Jobs(ids=ids, role=JobRole.GENERATE))}
    ended = [job for job in jobs if job.id in live]
    if ended:
        await drain_attempts([job.id for job in ended])
        await wake_parents(ended)
    return ended


async def _lock_attempts(job_ids: Sequence[int]) -> None:
    """Attempts come before jobs wherever both are locked; SQLite has one writer at a time."""
    if is_sqlite() or not job_ids:
        return
    await execute(
        f"SELECT id FROM attempt WHERE job_id IN ({places(job_ids)}) AND state <> 'ENDED' ORDER BY id FOR UPDATE",
        *job_ids,
    )


async def drain_attempts(job_ids: Sequence[int]) -> None:
    """Ends attempts of jobs that were not sent, and lets the others drain. In a transaction, after the jobs have ended.

    In this order, so that one that is being sent at this moment is either ended before it is or drains after it.
    """
    if not job_ids:
        return
    unsent = await attempts.cancel_unsent(job_ids)
    if unsent:
        await account_cooldowns.release_probes(unsent)
    await attempts.drain(job_ids)
    notify_pools()


async def cancel_generations_of(build_ids: list[int]) -> None:
    """Cancels the live generations that builds wait for. In a transaction."""
    for start in range(0, len(build_ids), BATCH_SIZE):
        children = Job.filter(
            parent_id__in=build_ids[start : start + BATCH_SIZE],
            role=JobRole.GENERATE,
            status__in=list(LIVE_JOB_STATUSES),
        )
        await cancel_generations(await children)
