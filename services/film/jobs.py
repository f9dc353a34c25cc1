"""Operations on jobs: cancel and retry."""

from errors import ConflictError
from models.artifacts import Artifact
from models.database import transaction
from models.enums import ENDED_JOB_STATUSES, LIVE_JOB_STATUSES, JobRole, JobStatus, WorkflowStatus
from models.jobs import Job
from models.workflows import WorkflowStage
from services.film.artifacts.canceling import cancel_builds
from services.film.workflow.planning import end_stage_job
from services.film.workflow.steps import clear_budget_pause
from services.generation.retrying import retry_generation
from services.generation.stopping import cancel_generation
from services.platform.owned import own
from services.platform.quotas import Quota, reserve
from services.queue.outcomes import fail_artifact_of, wake_stage_jobs
from services.queue.retrying import reopen_build_job, reopen_stage_job
from services.stores import workflows
from services.stores.jobs.waits import lock_stage_jobs
from services.stores.jobs.which import Jobs


async def cancel_job(owner: str, job_id: int) -> Job:
    """Cancels a job and, for a stage job, all its builds; a running one stops within two seconds. Canceling a stage
    job of a workflow cancels the workflow. A second call changes nothing. Raises ConflictError for a job that
    succeeded or failed.
    """

    async def body() -> Job:
        await lock_stage_jobs(Jobs(ids=[job_id], owner=owner))
        job = await own(Job, owner, job_id)
        if job.status is JobStatus.CANCELED:
            return job
        if job.status in ENDED_JOB_STATUSES:
            raise ConflictError(f"A job that is {job.status.value} cannot be canceled.")
        if job.role is JobRole.GENERATE:
            await cancel_generation(job)
        elif job.role is JobRole.BUILD:
            canceled = await cancel_builds(Jobs(ids=[job.id]))
            if canceled:
                await fail_artifact_of(job, "Canceled by the owner.")
                await wake_stage_jobs(job.target_id, at_once=True)
        else:
            await cancel_builds(Jobs(parent_id=job.id))
            await end_stage_job(job, JobStatus.CANCELED, None)
        return await own(Job, owner, job_id)

    return await transaction(body)


async def retry_job(owner: str, job_id: int) -> Job:
    """Runs a failed or canceled job again under the same id and keeps its finished work. A live job is not changed.

    Retrying a build also reopens its stage job and, if the stage had stopped the workflow, the workflow. Raises
    ConflictError for a job that succeeded and for an outdated build.
    """

    async def body() -> Job:
        job = await own(Job, owner, job_id)
        if job.status in LIVE_JOB_STATUSES:
            return job
        if job.status is JobStatus.SUCCEEDED:
            raise ConflictError("A job that is SUCCEEDED cannot be retried. Regenerate its parts instead.")
        if job.parent_id is None:
            await reserve(Quota.JOBS, owner)
        if job.role is JobRole.GENERATE:
            await retry_generation(job)
            return await own(Job, owner, job_id)
        stage_job_id: int | None = job.id
        if job.role is JobRole.BUILD:
            await _refuse_outdated(job)
            await reopen_build_job(job)
            stage_job_id = job.parent_id
        if stage_job_id is not None:
            await reopen_stage_job(stage_job_id)
            await _reopen_workflow(stage_job_id)
        return await own(Job, owner, job_id)

    return await transaction(body)


async def _refuse_outdated(build: Job) -> None:
    """Raises ConflictError if the build's artifact is newer or pinned: a build uses the inputs it was planned with, so
    it would replace the newer artifact by an older one.
    """
    kind, subject_id, slot = build.artifact_kind, build.artifact_subject_id, build.artifact_slot
    others = Job.filter(
        role=JobRole.BUILD, artifact_kind=kind, artifact_subject_id=subject_id, artifact_slot=slot
    ).exclude(id=build.id)
    if await others.filter(status__in=list(LIVE_JOB_STATUSES)).exists():
        raise ConflictError("A newer job is already building this artifact.")
    if await others.filter(status=JobStatus.SUCCEEDED, id__gt=build.id).exists():
        raise ConflictError("A newer job has already built this artifact.")
    if await Artifact.exists(kind=kind, subject_id=subject_id, slot=slot, is_pinned=True):
        raise ConflictError("A user has replaced this artifact. Edit or regenerate it instead.")


async def _reopen_workflow(stage_job_id: int) -> None:
    row = await WorkflowStage.get_or_none(job_id=stage_job_id)
    stopped = [WorkflowStatus.FAILED, WorkflowStatus.CANCELED]
    if row is None or row.status not in stopped:
        return
    await workflows.transition_stage(row.id, to=WorkflowStatus.RUNNING, expected=stopped, error=None)
    owner = await workflows.transition(row.workflow_id, to=WorkflowStatus.RUNNING, expected=stopped, error=None)
    if owner is None:
        await workflows.touch(row.workflow_id)
    else:
        await clear_budget_pause(row.workflow_id)
