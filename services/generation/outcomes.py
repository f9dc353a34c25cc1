"""How GENERATE jobs go on and end, with what hangs on them: the record, the build that waits, followers.

Each change names the states that it expects and returns whether it held. All in the caller's transaction.
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
    """A fault as rows keep it, with its kind for the pool's own rules."""
    return JobError(fault.code, fault.message, is_retryable, fault.upstream_code, fault.kind.value, fault.log_id)


async def requeue(job: Job, message: str, *, due_in_ms: int = 0) -> bool:
    """Puts a running job back among those that wait for an account."""
    is_waiting = await moves.requeue_generation(job.id, message, due_in_ms=due_in_ms)
    if is_waiting:
        notify_pools()
    return is_waiting


async def fail_generation(job: Job, error: JobError, *, failures: int | None = None) -> bool:
    """Ends a live job as FAILED and wakes the build that waits for it. failures: of it so far, where counted."""
    counted = {} if failures is None else {"failures": failures}
    if not await moves.fail(Jobs(ids=[job.id], role=JobRole.GENERATE), error, **counted):
        return False
    await wake_parent(job)
    await on_ended([job.id])
    return True


async def succeed_generation(job: Job, *, is_late: bool = False, message: str | None = None) -> bool:
    """Ends a running job well, perhaps with a word about the result; is_late: also one that had failed because nothing
    had come in time, or that waits for another account for that reason. Where it held, the caller puts the files in
    place and calls `after_ending`.
    """
    if is_late and (ended := await lock_ended(job.id)) is not None and ended.status is JobStatus.FAILED:
        await on_reopening([ended], goes_on=False)
    expected = moves.LATE if is_late else (JobStatus.RUNNING,)
    if not await moves.succeed(Jobs(ids=[job.id], role=JobRole.GENERATE), expected=expected, message=message):
        return False
    await wake_parent(job)
    return True


async def lock_ended(job_id: int) -> Job | None:
    """The job as it has ended, locked until the transaction's end; None where it is live."""
    return await lock_row(Job, job_id, "status IN ('SUCCEEDED', 'FAILED', 'CANCELED')")


async def update_progress(job_id: int, parent_id: int | None, *, done: float | None, message: str | None) -> None:
    """Writes how far a running job is (from 0 to 1; None: as far as before), for people; a build that waits for it is
    as far.
    """
    is_news = await progress.set_progress(job_id, progress=done, message=message)
    if not is_news or parent_id is None or done is None:
        return
    stage_job_id = await progress.set_build_progress(parent_id, done)
    if stage_job_id is not None:
        await roll_up_progress(stage_job_id)


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
    await waits.wake_builds(ids)
    notify()


def timeout_error(seconds: float) -> JobError:
    return JobError(
        JobErrorCode.TIMEOUT,
        f"There was no result after {seconds / 60:.0f} minutes. It is still asked for; if it comes it is kept. "
        "retryJob waits on for it, regenerate makes another.",
        is_retryable=True,
        kind=TIMEOUT,
    )
