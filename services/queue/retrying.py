"""Putting ended jobs back in the queue."""

from typing import Any

from models.artifacts import Artifact
from models.database import execute, now_ms_sql
from models.enums import JobRole, JobStatus
from models.jobs import Job
from services.queue.outcomes import nudge


async def reopen_stage_job(job_id: int) -> None:
    """Lets a failed or canceled stage job go on: what failed counts as not tried, what is made stays.

    In a transaction. A job that is not FAILED or CANCELED stays as it is.
    """
    changed = await Job.filter(id=job_id, status__in=[JobStatus.FAILED, JobStatus.CANCELED]).first()
    if changed is None:
        return
    failed = await Job.filter(
        target_id=changed.target_id, stage=changed.stage, role=JobRole.BUILD, status=JobStatus.FAILED
    )
    for build in failed:
        await Artifact.filter(
            kind=build.artifact_kind, subject_id=build.artifact_subject_id, slot=build.artifact_slot or 0
        ).update(failed_fingerprint=None, error=None)
    await _reopen(job_id, progress_sql="progress")


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
    nudge()
    return rows
