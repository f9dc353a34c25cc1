"""How jobs end, and the waking of the stage job that waits for them.

Each function changes the job only if the lease still holds, and returns whether it did; 0 rows means that somebody
else has the job now, and the caller stops quietly.
"""

from typing import Any

from errors import JobErrorCode
from models.artifacts import Artifact
from models.database import after_commit, execute, now_ms_sql, transaction
from models.enums import JobStatus
from models.jobs import Job
from services.platform.events import bus, job_topic
from services.platform.metrics.recording import note_builds_canceled, note_job_ended
from services.platform.sql import greatest_sql, least_sql, timestamp_sql
from services.queue.leases import Lease, roll_up_progress
from services.queue.notify import notify

MAX_FAILURES = 3
"Tries of a build whose failure may pass by itself."
FIRST_BACKOFF_SECONDS = 2.0
MAX_BACKOFF_SECONDS = 120.0


def backoff_seconds(failures: int) -> float:
    """The wait before the next try: 2, 4, 8 … seconds, at most 120. `failures` counts from 1."""
    return min(MAX_BACKOFF_SECONDS, FIRST_BACKOFF_SECONDS * 2.0 ** (failures - 1))


def job_error(
    code: JobErrorCode, message: str, *, is_retryable: bool, upstream_code: str | None = None
) -> dict[str, Any]:
    """An error as rows keep it, in the contract's names."""
    return {"code": code.value, "message": message, "retryable": is_retryable, "upstreamCode": upstream_code}


async def holds(lease: Lease) -> bool:
    """Whether the lease still gives the right to write; inside a transaction, so until its end."""
    rows = await execute(
        "UPDATE job SET version = version + 1 WHERE id = ? AND lease_epoch = ? AND status = 'RUNNING' RETURNING id",
        lease.job_id,
        lease.epoch,
    )
    return bool(rows)


async def succeed_build(job: Job, lease: Lease) -> bool:
    """Ends a build well and wakes its stage. To be called in the transaction that publishes what was made."""
    rows = await execute(
        "UPDATE job SET status = 'SUCCEEDED', progress = 1, message = NULL, error = NULL, due_at_ms = NULL,"
        f" worker = NULL, finished_at = {timestamp_sql()}, version = version + 1"
        " WHERE id = ? AND lease_epoch = ? AND status = 'RUNNING' RETURNING id",
        lease.job_id,
        lease.epoch,
    )
    if not rows:
        return False
    after_commit(lambda: note_job_ended(job, JobStatus.SUCCEEDED))
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
    error = job_error(code, message, is_retryable=retry, upstream_code=upstream_code)

    async def body() -> bool:
        if not await holds(lease):
            return False
        present = await Job.get(id=job.id)
        failures = present.failures + 1
        if retry and failures < MAX_FAILURES:
            await Job.filter(id=job.id).update(
                failures=failures, error=error, message=f"Trying again: {message}", status="PENDING"
            )
            await execute(
                # A paused workflow starts nothing, no second try either: resuming releases it.
                "UPDATE job SET worker = NULL, due_at_ms = CASE WHEN EXISTS (SELECT 1 FROM workflow"
                " WHERE workflow.id = job.workflow_id AND workflow.status = 'PAUSED') THEN NULL"
                f" ELSE {now_ms_sql()} + ? END WHERE id = ? RETURNING id",
                int(backoff_seconds(failures) * 1000),
                job.id,
            )
            after_commit(lambda: bus().publish(job_topic(job.id)))
            return True
        await Job.filter(id=job.id).update(
            failures=failures, error=error, message=None, status="FAILED", due_at_ms=None
        )
        await execute(
            f"UPDATE job SET finished_at = {timestamp_sql()}, worker = NULL WHERE id = ? RETURNING id", job.id
        )
        await _leave_error_at_artifact(present, error)
        after_commit(lambda: note_job_ended(present, JobStatus.FAILED, code.value))
        await _announce_build_end(job)
        return True

    return await transaction(body)


async def _leave_error_at_artifact(job: Job, error: dict[str, Any]) -> None:
    if job.artifact_kind is None:
        return
    key = {"kind": job.artifact_kind, "subject_id": job.artifact_subject_id, "slot": job.artifact_slot or 0}
    changes = {"error": error, "failed_fingerprint": job.params.get("fingerprint")}
    if not await Artifact.filter(**key).update(**changes):
        await Artifact.create(owner=job.owner, **key, **changes)


async def fail_artifact_of(job: Job, message: str) -> None:
    """Leaves at a build's artifact that it will not be made, so that its stage does not start it again by itself."""
    await _leave_error_at_artifact(job, job_error(JobErrorCode.INVALID_INPUT, message, is_retryable=True))


async def _announce_build_end(job: Job) -> None:
    after_commit(lambda: bus().publish(job_topic(job.id)))
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
    left = (
        "(SELECT COUNT(*) FROM job AS child WHERE child.target_id = job.target_id AND child.role = 'BUILD'"
        " AND child.status IN ('PENDING', 'RUNNING'))"
    )
    patience = least_sql(str(MAX_COALESCE_MS), greatest_sql(str(COALESCE_MS), f"{COALESCE_MS_PER_BUILD} * {left}"))
    wait = "0" if at_once else f"CASE WHEN {left} = 0 THEN 0 ELSE {patience} END"
    soon = f"{now_ms_sql()} + {wait}"
    await execute(
        f"UPDATE job SET wakes = wakes + 1, due_at_ms = {least_sql('COALESCE(due_at_ms, 9223372036854775807)', soon)}"
        " WHERE target_id = ? AND role = 'STAGE' AND status IN ('PENDING', 'RUNNING') RETURNING id",
        target_id,
    )
    notify()


async def hold_stage_jobs(where: str, *values: Any) -> list[int]:
    """Locks live stage jobs that match an SQL condition until the transaction's end; returns their ids. A turn that
    is under way comes to its end first, so that the builds it starts are there to be seen.
    """
    rows = await execute(
        "UPDATE job SET version = version + 1 WHERE role = 'STAGE' AND status IN ('PENDING', 'RUNNING')"
        f" AND {where} RETURNING id",
        *values,
    )
    return [row["id"] for row in rows]


async def cancel_build_jobs(where: str, *values: Any) -> list[int]:
    """Cancels live builds that match an SQL condition; a running one notices within a heartbeat. Returns their ids."""
    rows = await execute(
        "UPDATE job SET status = 'CANCELED', due_at_ms = NULL, message = NULL, lease_epoch = lease_epoch + 1,"
        f" worker = NULL, finished_at = {timestamp_sql()}, version = version + 1"
        f" WHERE role = 'BUILD' AND status IN ('PENDING', 'RUNNING') AND {where} RETURNING id, type",
        *values,
    )
    ids = [row["id"] for row in rows]
    after_commit(lambda: note_builds_canceled([row["type"] for row in rows]))
    for job_id in ids:
        after_commit(lambda job_id=job_id: bus().publish(job_topic(job_id)))  # type: ignore[misc]
    return ids
