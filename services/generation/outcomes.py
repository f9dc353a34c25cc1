"""State changes of GENERATE jobs, and the progress and wake-up of the builds that wait for them.

Each change is guarded by the expected states and returns whether it was made. All in the caller's transaction.
"""

from collections.abc import Sequence

from errors import JobErrorCode
from models.enums import JobRole, JobStatus
from models.job_errors import TIMEOUT, JobError
from models.jobs import Job
from providers.pooled import UpstreamFaultError
from services.generation.on_ended import on_ended, on_reopening
from services.platform.locking import lock_row
from services.queue.leases import roll_up_progress
from services.queue.notify import notify, notify_pools
from services.stores.jobs import moves, progress, waits
from services.stores.jobs.which import Jobs


def error_of(fault: UpstreamFaultError, *, is_retryable: bool) -> JobError:
    """A provider error as stored in rows, with its kind for the pool's rules."""
    return JobError(fault.code, fault.message, is_retryable, fault.upstream_code, fault.kind.value, fault.log_id)


async def requeue(job: Job, message: str, *, due_in_ms: int = 0) -> bool:
    """Returns a running job to the queue for an account; returns whether it was running."""
    is_waiting = await moves.requeue_generation(job.id, message, due_in_ms=due_in_ms)
    if is_waiting:
        notify_pools()
    return is_waiting


async def fail_generation(job: Job, error: JobError, *, failures: int | None = None) -> bool:
    """Ends a live job as FAILED and wakes the build that waits for it. failures: the new number of
    failures of the job, if it is counted.
    """
    counted = {} if failures is None else {"failures": failures}
    if not await moves.fail(Jobs(ids=[job.id], role=JobRole.GENERATE), error, **counted):
        return False
    await wake_parent(job)
    await on_ended([job.id])
    return True


async def succeed_generation(job: Job, *, is_late: bool = False, message: str | None = None) -> bool:
    """Ends a running job as SUCCEEDED. is_late: also a job that failed with a time-out, or that waits for another
    account after one. If this returns True, the caller adds the files and calls `on_ended`.
    """
    if is_late and (ended := await lock_ended(job.id)) is not None and ended.status is JobStatus.FAILED:
        await on_reopening([ended], is_rerun=False)
    expected = moves.LATE if is_late else (JobStatus.RUNNING,)
    if not await moves.succeed(Jobs(ids=[job.id], role=JobRole.GENERATE), expected=expected, message=message):
        return False
    await wake_parent(job)
    return True


async def lock_ended(job_id: int) -> Job | None:
    """The ended job, locked until the end of the transaction; None if it is live."""
    return await lock_row(Job, job_id, "status IN ('SUCCEEDED', 'FAILED', 'CANCELED')")


async def update_progress(job_id: int, parent_id: int | None, *, done: float | None, message: str | None) -> None:
    """Stores the progress (from 0 to 1; None: unchanged) and the message of a running job. A build that waits for it
    gets the same progress.
    """
    has_changed = await progress.set_progress(job_id, progress=done, message=message)
    if not has_changed or parent_id is None or done is None:
        return
    stage_job_id = await progress.set_build_progress(parent_id, done)
    if stage_job_id is not None:
        await roll_up_progress(stage_job_id)


async def wake_parent(job: Job) -> None:
    """Wakes the build that waits for this job (see `wake_parents`)."""
    await wake_parents([job])


async def wake_parents(jobs: Sequence[Job]) -> None:
    """Wakes the builds that sleep until these jobs have ended. Their rows are written in any case, so that a build that
    goes to sleep at the same time waits for this transaction and then sees the ended jobs.
    """
    ids = sorted({job.parent_id for job in jobs if job.parent_id is not None})
    if not ids:
        return
    await waits.wake_builds(ids)
    notify()


def timeout_error(seconds: float, *, why: str = "") -> JobError:
    """why: a sentence about what is known of the task, if anything."""
    known = f" {why}" if why else ""
    return JobError(
        JobErrorCode.TIMEOUT,
        f"No result after {seconds / 60:.0f} minutes.{known} The task is still polled, and a late result is kept. "
        "retryJob keeps waiting for it; regenerate starts a new generation.",
        is_retryable=True,
        kind=TIMEOUT,
    )
