"""Reopens ended jobs."""

from models.enums import ArtifactKind, JobStatus
from models.jobs import Job
from services.queue.notify import notify
from services.stores import artifacts
from services.stores.jobs.moves import reopen


async def reopen_stage_job(job_id: int) -> None:
    """Reopens a failed or canceled stage job: failed builds count as not tried, finished artifacts stay.

    Call it in a transaction. Does nothing for a job that is not FAILED or CANCELED.
    """
    job = await Job.filter(id=job_id, status__in=[JobStatus.FAILED, JobStatus.CANCELED]).first()
    if job is None:
        return
    assert job.stage is not None
    await artifacts.clear_failures_of_target(job.target_id, job.stage)
    await _reopen(job_id, keeps_progress=True)


async def reopen_build_job(job: Job) -> None:
    """Reopens a failed or canceled build, which starts from the beginning. Call it in a transaction."""
    assert job.artifact_kind is not None
    await artifacts.clear_failure(ArtifactKind(job.artifact_kind), job.artifact_subject_id or 0, job.artifact_slot or 0)
    await _reopen(job.id, keeps_progress=False)


async def _reopen(job_id: int, *, keeps_progress: bool) -> None:
    await reopen([job_id], keeps_progress=keeps_progress)
    notify()
