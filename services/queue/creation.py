"""Creates jobs: stage jobs for users and workflows, build jobs for stage jobs."""

from typing import Any

from models.enums import PRIORITY_RANKS, ArtifactKind, JobType, Priority, Queue, Stage
from models.jobs import Job
from models.workflows import Workflow
from services.platform.quotas import Quota, check_room, reserve
from services.queue.notify import notify
from services.stores import artifacts, workflows
from services.stores.jobs.inserts import insert_build_job, insert_stage_job

NORMAL_RANK = PRIORITY_RANKS[Priority.NORMAL]


async def create_stage_job(
    owner: str,
    job_type: JobType,
    target_id: int,
    *,
    stage: Stage,
    workflow_id: int | None = None,
    params: dict[str, Any] | None = None,
    is_requested: bool = True,
) -> Job:
    """Creates a stage job, which plans the builds that its target lacks and waits for them. Call it in a transaction.
    Raises QuotaExceededError if the owner may have no more jobs; is_requested False, of a workflow's next stage: the
    owner has its place already.

    The job of a workflow has the workflow's priority. Clears the failures of earlier builds of the target, so that this
    job builds them again.
    """
    if is_requested:
        await reserve(Quota.JOBS, owner)
        await check_room(Quota.STORED_BYTES, owner)
    await artifacts.clear_failures_of_target(target_id, stage)
    priority_rank = NORMAL_RANK if workflow_id is None else await _rank_of_workflow(workflow_id)
    job = await insert_stage_job(
        owner,
        job_type,
        target_id,
        stage=stage,
        workflow_id=workflow_id,
        params=params or {},
        priority_rank=priority_rank,
    )
    if workflow_id is not None:
        await workflows.mark_changed_with(target_id)
    notify()
    return job


async def _rank_of_workflow(workflow_id: int) -> int:
    row = await Workflow.get_or_none(id=workflow_id).only("id", "priority_rank")
    return NORMAL_RANK if row is None else row.priority_rank


async def create_build_job(
    parent: Job,
    job_type: JobType,
    queue: Queue,
    *,
    kind: ArtifactKind,
    subject_id: int,
    slot: int,
    inputs: dict[str, Any],
    fingerprint: str,
    weight: float,
) -> Job:
    """Creates a job that makes one artifact from exactly these inputs. Call it in a transaction. Raises IntegrityError
    if another live job makes the same artifact.
    """
    job = await insert_build_job(
        parent,
        job_type,
        queue,
        kind=kind,
        subject_id=subject_id,
        slot=slot,
        inputs=inputs,
        fingerprint=fingerprint,
        weight=weight,
    )
    notify()
    return job
