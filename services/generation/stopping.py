"""Cancelling generations, one or a thousand of them for the same few statements."""

from collections.abc import Sequence

from models.database import execute, is_sqlite, now_ms_sql
from models.enums import LIVE_JOB_STATUSES, AttemptOutcome, JobRole
from models.jobs import Job
from services.accounts.pool.account_updates import forget_probe
from services.generation.on_ended import after_ending
from services.generation.outcomes import announce, wake_parents
from services.platform.owned import places
from services.platform.sql import timestamp_sql
from services.queue.notify import notify_pools

MOST_AT_ONCE = 5_000
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
    await after_ending([job.id for job in ended])
    return ended


async def end_canceled(jobs: Sequence[Job]) -> list[Job]:
    """As `cancel_generations`, up to what hangs on the end of generations: the caller calls `after_ending`."""
    ended: list[Job] = []
    for start in range(0, len(jobs), MOST_AT_ONCE):
        ended += await _end_canceled(jobs[start : start + MOST_AT_ONCE])
    return ended


async def _end_canceled(jobs: Sequence[Job]) -> list[Job]:
    ids = [job.id for job in jobs]
    await _lock_attempts(ids)
    rows = await execute(
        "UPDATE job SET status = 'CANCELED', due_at_ms = NULL, message = NULL, worker = NULL,"
        f" lease_epoch = lease_epoch + 1, finished_at = {timestamp_sql()}, version = version + 1"
        f" WHERE id IN ({places(ids)}) AND role = 'GENERATE' AND status IN ('PENDING', 'RUNNING') RETURNING id",
        *ids,
    )
    live = {row["id"] for row in rows}
    ended = [job for job in jobs if job.id in live]
    for job in ended:
        announce(job)
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
    rows = await execute(
        f"UPDATE attempt SET state = 'ENDED', outcome = '{AttemptOutcome.CANCELED.value}', due_at_ms = NULL,"
        f" lease_epoch = lease_epoch + 1, finished_at = {timestamp_sql()},"
        f" released_at_ms = COALESCE(released_at_ms, {now_ms_sql()})"
        f" WHERE job_id IN ({places(job_ids)}) AND state = 'PLACED' RETURNING id",
        *job_ids,
    )
    if rows:
        await forget_probe(*(row["id"] for row in rows))
    await execute(
        f"UPDATE attempt SET is_draining = ?, due_at_ms = CASE WHEN state = 'ACCEPTED' THEN {now_ms_sql()}"
        f" ELSE due_at_ms END WHERE job_id IN ({places(job_ids)}) AND state IN ('SENT', 'ACCEPTED', 'FETCHING')"
        " RETURNING id",
        True,
        *job_ids,
    )
    notify_pools()


async def cancel_generations_of(build_ids: list[int]) -> None:
    """Cancels the live generations that builds wait for. In a transaction."""
    for start in range(0, len(build_ids), MOST_AT_ONCE):
        children = Job.filter(
            parent_id__in=build_ids[start : start + MOST_AT_ONCE],
            role=JobRole.GENERATE,
            status__in=list(LIVE_JOB_STATUSES),
        )
        await cancel_generations(await children)
