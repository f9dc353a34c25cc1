"""How jobs end, and the waking of the stage job that waits for them.

Each function changes the job only if the lease still holds, and returns whether it did; 0 rows means that somebody
else has the job now, and the caller stops quietly.
"""

from dataclasses import replace

from errors import JobErrorCode
from models.database import after_commit, transaction
from models.enums import ArtifactKind, JobRole, JobStatus
from models.job_errors import JobError
from models.jobs import Job
from services.platform.backoff import Backoff
from services.platform.leases import Lease
from services.platform.metrics.recording import record_builds_canceled, record_job_ended
from services.queue.leases import roll_up_progress
from services.queue.notify import notify
from services.stores import artifacts
from services.stores.jobs import moves, waits
from services.stores.jobs.claims import is_held_by
from services.stores.jobs.which import Jobs

MAX_FAILURES = 3
"Tries of a build whose failure may pass by itself."
BACKOFF_SECONDS = Backoff(base=2.0, cap=120.0)


def backoff_ms(failures: int) -> int:
    """The wait before the next try: 2, 4, 8 … seconds, at most 120. `failures` counts from 1."""
    return int(BACKOFF_SECONDS.wait(failures) * 1000)


async def succeed_build(job: Job, lease: Lease) -> bool:
    """Ends a build well and wakes its stage. To be called in the transaction that publishes what was made."""
    if not await moves.succeed(Jobs(lease=lease)):
        return False
    after_commit(lambda: record_job_ended(job, JobStatus.SUCCEEDED))
    await _announce_build_end(job)
    return True


async def fail_build(
    job: Job,
    lease: Lease,
    code: JobErrorCode,
    message: str,
    *,
    retry: bool,
    upstream_code: str | None = None,
) -> bool:
    """Puts a build back for its next try, or ends it as FAILED and leaves the reason at its artifact."""
    error = JobError(code, message, retry, upstream_code)

    async def body() -> bool:
        if not await is_held_by(lease):
            return False
        present = await Job.get(id=job.id)
        failures = present.failures + 1
        if retry and failures < MAX_FAILURES:
            wait_ms = backoff_ms(failures)
            return await moves.put_back(
                lease, wait_ms=wait_ms, failures=failures, error=error, message=f"Trying again: {message}"
            )
        await moves.fail(Jobs(lease=lease), error, failures=failures)
        await _leave_error_at_artifact(present, error)
        after_commit(lambda: record_job_ended(present, JobStatus.FAILED, code.value))
        await _announce_build_end(job)
        return True

    return await transaction(body)


async def _leave_error_at_artifact(job: Job, error: JobError) -> None:
    if job.artifact_kind is None:
        return
    await artifacts.record_failure(
        job.owner,
        ArtifactKind(job.artifact_kind),
        job.artifact_subject_id or 0,
        job.artifact_slot or 0,
        error=error.to_json(),
        fingerprint=job.params.get("fingerprint"),
    )


async def fail_artifact_of(job: Job, message: str) -> None:
    """Leaves at a build's artifact that it will not be made, so that its stage does not start it again by itself."""
    await _leave_error_at_artifact(job, JobError(JobErrorCode.INVALID_INPUT, message, is_retryable=True))


async def _announce_build_end(job: Job) -> None:
    if job.parent_id is not None:
        await roll_up_progress(job.parent_id)
    await wake_stage_jobs(job.target_id)


COALESCE_MS = 500
COALESCE_MS_PER_BUILD = 20
MAX_COALESCE_MS = 10_000


async def wake_stage_jobs(target_id: int, *, at_once: bool = False) -> None:
    """Makes the live stage jobs of a target look again: at once where nothing of theirs is left to be built, or where
    a person changed something (at_once). Otherwise a look can wait while there is enough to do: half a second, and
    longer the more builds are left, so that a thousand of them do not cost a thousand looks at a thousand.
    """
    await waits.wake_stage_jobs(
        target_id,
        least_ms=COALESCE_MS,
        per_build_ms=COALESCE_MS_PER_BUILD,
        most_ms=MAX_COALESCE_MS,
        at_once=at_once,
    )
    notify()


async def cancel_build_jobs(builds: Jobs) -> list[int]:
    """Cancels those of the builds that are live; a running one notices within a heartbeat. Returns their ids."""
    canceled = await moves.cancel(replace(builds, role=JobRole.BUILD))
    if canceled:
        types = [job.type.value for job in canceled]
        after_commit(lambda: record_builds_canceled(types))
    return [job.id for job in canceled]
