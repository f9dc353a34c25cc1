"""Putting ended jobs back in the queue."""

from typing import Any

from models.artifacts import Artifact
from models.database import execute, now_ms_sql
from models.enums import JobStatus, Stage
from models.jobs import Job
from services.queue.notify import notify


async def reopen_stage_job(job_id: int) -> None:
    """Lets a failed or canceled stage job go on: what failed counts as not tried, what is made stays.

    In a transaction. A job that is not FAILED or CANCELED stays as it is.
    """
    changed = await Job.filter(id=job_id, status__in=[JobStatus.FAILED, JobStatus.CANCELED]).first()
    if changed is None:
        return
    assert changed.stage is not None
    await forget_failures(changed.target_id, changed.stage)
    await _reopen(job_id, progress_sql="progress")


async def forget_failures(target_id: int, stage: Stage) -> None:
    """Lets builds of a target that failed, or were canceled by a person, be tried again. In a transaction."""
    await execute(
        "UPDATE artifact SET failed_fingerprint = NULL, error = NULL WHERE failed_fingerprint IS NOT NULL"
        " AND id IN (SELECT made.id FROM job JOIN artifact AS made ON made.kind = job.artifact_kind"
        " AND made.subject_id = job.artifact_subject_id AND made.slot = job.artifact_slot"
        " WHERE job.target_id = ? AND job.role = 'BUILD' AND job.status IN ('FAILED', 'CANCELED') AND job.stage = ?)"
        " RETURNING id",
        target_id,
        stage.value,
    )


async def reopen_build_job(job: Job) -> None:
    """Lets a failed or canceled build try again from its beginning. In a transaction."""
    await Artifact.filter(
        kind=job.artifact_kind, subject_id=job.artifact_subject_id, slot=job.artifact_slot or 0
    ).update(failed_fingerprint=None, error=None)
    await _reopen(job.id, progress_sql="0")


async def _reopen(job_id: int, progress_sql: str) -> list[dict[str, Any]]:
    rows = await execute(
        f"UPDATE job SET status = 'PENDING', due_at_ms = {now_ms_sql()}, error = NULL, message = NULL, tries = 0,"
        f" failures = 0, finished_at = NULL, retry_count = retry_count + 1, progress = {progress_sql},"
        " version = version + 1 WHERE id = ? AND status IN ('FAILED', 'CANCELED') RETURNING id",
        job_id,
    )
    notify()
    return rows
