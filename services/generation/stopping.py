"""Cancelling generations, in a number of statements that does not grow with the jobs."""

from collections.abc import Sequence

import structlog

from errors import ConflictError
from models.database import execute, is_sqlite, transaction
from models.enums import LIVE_JOB_STATUSES, JobRole
from models.jobs import Job
from services.generation.on_ended import on_ended
from services.generation.outcomes import wake_parents
from services.platform.owned import own, places
from services.platform.providers import is_pooled
from services.queue.notify import notify_pools
from services.stores import account_cooldowns, attempts
from services.stores.jobs.moves import cancel
from services.stores.jobs.which import Jobs

log = structlog.get_logger(__name__)

BATCH_SIZE = 5_000
"SQLite takes at most 32,766 values in one statement."


async def cancel_generation(job: Job) -> bool:
    """Cancels one generation (see `cancel_generations`); returns whether it was live."""
    return bool(await cancel_generations([job]))


async def cancel_generations(jobs: Sequence[Job]) -> list[Job]:
    """Ends live generations as CANCELED and returns those that were live. In a transaction. A second call returns none.

    An attempt that was not sent ends with its job. One that the provider has, or may have, drains: the provider is
    asked to cancel it, and its slot is kept until the provider reports its end.
    """
    ended = await end_canceled(jobs)
    await on_ended([job.id for job in ended])
    return ended


async def end_canceled(jobs: Sequence[Job]) -> list[Job]:
    """As `cancel_generations`, without calling `on_ended`, which is left to the caller."""
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
    """Locks attempts before their jobs, in the order that all code uses. SQLite has one writer, and needs no lock."""
    if is_sqlite() or not job_ids:
        return
    await execute(
        f"SELECT id FROM attempt WHERE job_id IN ({places(job_ids)}) AND state <> 'ENDED' ORDER BY id FOR UPDATE",
        *job_ids,
    )


async def drain_attempts(job_ids: Sequence[int]) -> None:
    """Ends the jobs' attempts that were not sent and drains the others. In a transaction, after the jobs have ended.

    In this order, so that an attempt that is being sent at the same time is either ended before that or drains after
    it.
    """
    if not job_ids:
        return
    unsent = await attempts.cancel_unsent(job_ids)
    if unsent:
        await account_cooldowns.release_probes(unsent)
    await attempts.drain(job_ids)
    notify_pools()


async def release_slots(owner: str, job_id: int) -> Job:
    """Counts the slots of the job's tasks as free, although upstream may still work on them; returns the job. The tasks
    are still polled, and their results are stored. A second call changes nothing.

    Raises NotFoundError for a job that is not the owner's, ConflictError for one that is no generation on an account.
    """

    async def body() -> Job:
        job = await own(Job, owner, job_id)
        if job.role is not JobRole.GENERATE or not is_pooled(str(job.params.get("provider"))):
            raise ConflictError("Only a generation on a pooled account holds a slot of an account.")
        released = await attempts.release_slots_of_job(job.id)
        if released:
            log.info("attempt.slots_released", job=job.global_id, attempts=len(released))
            notify_pools()
        return job

    return await transaction(body)


async def cancel_generations_of(build_ids: list[int]) -> None:
    """Cancels the live generations that these builds wait for. In a transaction."""
    for start in range(0, len(build_ids), BATCH_SIZE):
        children = Job.filter(
            parent_id__in=build_ids[start : start + BATCH_SIZE],
            role=JobRole.GENERATE,
            status__in=list(LIVE_JOB_STATUSES),
        )
        await cancel_generations(await children)
