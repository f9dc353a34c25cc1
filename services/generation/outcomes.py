"""How GENERATE jobs go on and end, with what hangs on them: the record, the build that waits, followers.

Each change names the states that it expects and returns whether it held. All in the caller's transaction.
"""

from collections.abc import Sequence
from typing import Any

from errors import JobErrorCode
from models.database import after_commit, execute, now_ms_sql
from models.enums import JobRole, JobStatus
from models.jobs import Job
from providers.pooled import UpstreamFaultError
from services.generation.on_ended import after_ending, before_reopening
from services.platform.events import batch_topic, bus, job_topic
from services.platform.owned import places
from services.platform.sql import greatest_sql, timestamp_sql
from services.queue.leases import roll_up_progress
from services.queue.notify import notify, notify_pools
from services.queue.outcomes import job_error


def error_of(fault: UpstreamFaultError, *, is_retryable: bool) -> dict[str, Any]:
    """A fault as rows keep it: the contract's names, and its kind for the pool's own rules."""
    error = job_error(fault.code, fault.message, is_retryable=is_retryable, upstream_code=fault.upstream_code)
    return {**error, "kind": fault.kind.value, "logId": fault.log_id}


def announce(job: Job) -> None:
    after_commit(lambda: bus().publish(job_topic(job.id)))
    if job.batch_id is not None:
        after_commit(lambda: bus().publish(batch_topic(job.batch_id)))


async def requeue(job: Job, message: str, *, due_in_ms: int = 0) -> bool:
    """Puts a running job back among those that wait for an account."""
    rows = await execute(
        f"UPDATE job SET status = 'PENDING', due_at_ms = {now_ms_sql()} + ?, message = ?, version = version + 1"
        " WHERE id = ? AND role = 'GENERATE' AND status = 'RUNNING' RETURNING id",
        due_in_ms,
        message,
        job.id,
    )
    if rows:
        announce(job)
        notify_pools()
    return bool(rows)


async def fail_generation(job: Job, error: dict[str, Any]) -> bool:
    """Ends a live job as FAILED and wakes the build that waits for it."""
    rows = await execute(
        f"UPDATE job SET status = 'FAILED', due_at_ms = NULL, message = NULL, finished_at = {timestamp_sql()},"
        " worker = NULL, version = version + 1"
        " WHERE id = ? AND role = 'GENERATE' AND status IN ('PENDING', 'RUNNING') RETURNING id",
        job.id,
    )
    if not rows:
        return False
    await Job.filter(id=job.id).update(error=error)
    announce(job)
    await wake_parent(job)
    await after_ending([job.id])
    return True


async def succeed_generation(job: Job, *, is_late: bool = False, message: str | None = None) -> bool:
    """Ends a running job well, perhaps with a word about the result; is_late: also one that had failed because nothing
    had come in time, or that waits for another account for that reason. Where it held, the caller puts the files in
    place and calls `after_ending`.
    """
    if is_late and (ended := await lock_ended(job.id)) is not None and ended.status is JobStatus.FAILED:
        await before_reopening([ended], goes_on=False)
    states = "('PENDING', 'RUNNING', 'FAILED')" if is_late else "('RUNNING')"
    rows = await execute(
        "UPDATE job SET status = 'SUCCEEDED', progress = 1, message = ?, error = NULL, due_at_ms = NULL,"
        f" worker = NULL, finished_at = {timestamp_sql()}, version = version + 1"
        f" WHERE id = ? AND role = 'GENERATE' AND status IN {states} RETURNING id",
        message,
        job.id,
    )
    if not rows:
        return False
    announce(job)
    await wake_parent(job)
    return True


async def lock_ended(job_id: int) -> Job | None:
    """The job as it has ended, locked until the transaction's end; None where it is live."""
    rows = await execute(
        "UPDATE job SET version = version WHERE id = ? AND status IN ('SUCCEEDED', 'FAILED', 'CANCELED') RETURNING id",
        job_id,
    )
    return await Job.get(id=job_id) if rows else None


async def tell(job_id: int, parent_id: int | None, *, progress: float | None, message: str | None) -> None:
    """Writes how far a running job is, for people; a build that waits for it is as far."""
    changes = f"progress = {greatest_sql('progress', 'CAST(? AS DOUBLE PRECISION)')}, version = version + 1"
    rows = await execute(
        f"UPDATE job SET {changes}, message = ? WHERE id = ? AND status = 'RUNNING'"
        " AND (message IS NULL OR message <> ? OR progress < CAST(? AS DOUBLE PRECISION)) RETURNING id",
        progress or 0.0,
        message,
        job_id,
        message or "",
        progress or 0.0,
    )
    if not rows:
        return
    after_commit(lambda: bus().publish(job_topic(job_id)))
    if parent_id is None or progress is None:
        return
    rows = await execute(
        f"UPDATE job SET {changes} WHERE id = ? AND status = 'RUNNING' RETURNING parent_id",
        min(progress, 0.99),
        parent_id,
    )
    for row in rows:
        after_commit(lambda: bus().publish(job_topic(parent_id)))
        if row["parent_id"] is not None:
            await roll_up_progress(row["parent_id"])


async def wake_parent(job: Job) -> None:
    """As `wake_parents`, for one."""
    await wake_parents([job])


async def wake_parents(jobs: Sequence[Job]) -> None:
    """Makes the builds that sleep until these jobs have ended look again. Their rows are written in any case, so that a
    build that goes to sleep at this moment waits for this transaction and then sees its end.
    """
    ids = sorted({job.parent_id for job in jobs if job.parent_id is not None})
    if not ids:
        return
    await execute(
        "UPDATE job SET wakes = wakes + 1, due_at_ms = CASE WHEN worker IS NULL"
        f" THEN {now_ms_sql()} ELSE due_at_ms END WHERE id IN ({places(ids)}) AND role = '{JobRole.BUILD.value}'"
        " AND status IN ('PENDING', 'RUNNING') RETURNING id",
        *ids,
    )
    notify()


def timeout_error(seconds: float) -> dict[str, Any]:
    return {
        **job_error(
            JobErrorCode.TIMEOUT,
            f"There was no result after {seconds / 60:.0f} minutes. It is still asked for; if it comes it is kept. "
            "retryJob waits on for it, regenerate makes another.",
            is_retryable=True,
        ),
        "kind": "TIMEOUT",
    }
