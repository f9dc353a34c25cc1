"""Ends jobs, and wakes the stage jobs that wait for them.

Each function changes the job only while the lease holds, and returns whether it did. False (0 rows changed) means that
another worker holds the job now; the caller stops without reporting a failure.
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
from services.stores import artifacts, workflows
from services.stores.jobs import moves, waits
from services.stores.jobs.claims import is_held_by
from services.stores.jobs.which import Jobs

MAX_FAILURES = 3
"Tries of a build that fails with a retryable error."
BACKOFF_SECONDS = Backoff(base=2.0, cap=120.0)


def backoff_ms(failures: int) -> int:
    """Returns the backoff before the next try: 2, 4, 8 … seconds, at most 120. `failures` counts from 1."""
    return int(BACKOFF_SECONDS.wait(failures) * 1000)


async def succeed_build(job: Job, lease: Lease) -> bool:
    """Ends a build as SUCCEEDED and wakes its stage job. Call it in the transaction that publishes the artifact."""
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
    """Schedules a build's next try; after the last one, ends it as FAILED and records the error at its artifact."""
    error = JobError(code, message, retry, upstream_code)

    async def body() -> bool:
        if not await is_held_by(lease):
            return False
        current = await Job.get(id=job.id)
        failures = current.failures + 1
        if retry and failures < MAX_FAILURES:
            wait_ms = backoff_ms(failures)
            return await moves.schedule_retry(
                lease, wait_ms=wait_ms, failures=failures, error=error, message=f"Retrying: {message}"
            )
        await moves.fail(Jobs(lease=lease), error, failures=failures)
        await _record_error_at_artifact(current, error)
        after_commit(lambda: record_job_ended(current, JobStatus.FAILED, code.value))
        await _announce_build_end(job)
        return True

    return await transaction(body)


async def _record_error_at_artifact(job: Job, error: JobError) -> None:
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
    """Records at a build's artifact that it will not be made, so that its stage job does not start the build again."""
    await _record_error_at_artifact(job, JobError(JobErrorCode.INVALID_INPUT, message, is_retryable=True))


async def _announce_build_end(job: Job) -> None:
    if job.parent_id is not None:
        await roll_up_progress(job.parent_id)
    await wake_stage_jobs(job.target_id)


COALESCE_MS = 500
COALESCE_MS_PER_BUILD = 20
MAX_COALESCE_MS = 10_000


async def wake_stage_jobs(target_id: int, *, at_once: bool = False) -> None:
    """Makes the live stage jobs of a target due: at once if none of their builds is left, or if a user changed
    something (at_once). Otherwise after half a second, or longer the more builds are left, so that a thousand builds
    do not cause a thousand scans of a thousand builds. After a user's change, followers of the target's workflow are
    told, too.
    """
    if at_once:
        await workflows.mark_changed_with(target_id)
    await waits.wake_stage_jobs(
        target_id,
        min_ms=COALESCE_MS,
        per_build_ms=COALESCE_MS_PER_BUILD,
        max_ms=MAX_COALESCE_MS,
        at_once=at_once,
    )
    notify()


async def cancel_build_jobs(builds: Jobs) -> list[int]:
    """Cancels the live ones of these builds and returns their ids. A running build notices within a heartbeat."""
    canceled = await moves.cancel(replace(builds, role=JobRole.BUILD))
    if canceled:
        types = [job.type.value for job in canceled]
        after_commit(lambda: record_builds_canceled(types))
    return [job.id for job in canceled]
