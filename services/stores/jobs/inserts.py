"""Inserts jobs. All times of one call are one reading of the database's clock."""

from collections.abc import Sequence

from models.enums import ArtifactKind, JobRole, JobStatus, JobType, Queue, Stage
from models.generation_requests import GenerationRequest
from models.ids import new_id
from models.jobs import Job
from services.stores.clock import Moment

ROW_BATCH_SIZE = 200
"Rows per statement; bounds the time for which preparing them blocks the event loop."


async def insert_jobs(jobs: Sequence[Job], *, ignores_conflicts: bool = False) -> None:
    """Inserts jobs. PENDING ones are due now, and items of batches start waiting now; SUCCEEDED ones end now. Two
    statements for up to ROW_BATCH_SIZE jobs, none for none.

    ignores_conflicts: skips a job whose record has a live job; otherwise that raises IntegrityError.
    """
    if not jobs:
        return
    moment = await Moment.now()
    for job in jobs:
        job.created_at = moment.at
        if job.status is JobStatus.PENDING:
            job.due_at_ms = moment.ms
            job.waiting_since_ms = None if job.batch_id is None else moment.ms
        else:
            job.finished_at = moment.at
    for start in range(0, len(jobs), ROW_BATCH_SIZE):
        await Job.bulk_create(jobs[start : start + ROW_BATCH_SIZE], ignore_conflicts=ignores_conflicts)


async def insert_stage_job(
    owner: str,
    job_type: JobType,
    target_id: int,
    *,
    stage: Stage,
    workflow_id: int | None,
    params: dict[str, object],
    priority_rank: int,
) -> Job:
    """Inserts a job that plans the builds that its target lacks."""
    job = Job(
        id=new_id(),
        owner=owner,
        type=job_type,
        role=JobRole.STAGE,
        queue=Queue.PLANNING,
        stage=stage,
        status=JobStatus.PENDING,
        target_id=target_id,
        workflow_id=workflow_id,
        params=params,
        priority_rank=priority_rank,
    )
    await insert_jobs([job])
    return job


async def insert_build_job(
    parent: Job,
    job_type: JobType,
    queue: Queue,
    *,
    kind: ArtifactKind,
    subject_id: int,
    slot: int,
    inputs: dict[str, object],
    fingerprint: str,
    weight: float,
) -> Job:
    """Inserts a job that makes one artifact from exactly these inputs. Raises IntegrityError if another live job makes
    it.
    """
    job = Job(
        id=new_id(),
        owner=parent.owner,
        type=job_type,
        role=JobRole.BUILD,
        queue=queue,
        stage=parent.stage,
        status=JobStatus.PENDING,
        target_id=parent.target_id,
        workflow_id=parent.workflow_id,
        parent_id=parent.id,
        priority_rank=parent.priority_rank,
        artifact_kind=kind.value,
        artifact_subject_id=subject_id,
        artifact_slot=slot,
        weight=weight,
        params={"inputs": inputs, "fingerprint": fingerprint},
    )
    await insert_jobs([job])
    return job


def waiting_generation(
    owner: str,
    record_id: int,
    request: GenerationRequest,
    queue: Queue,
    *,
    demand_key: str | None,
    priority_rank: int,
    batch_id: int | None = None,
    parent: Job | None = None,
    batch_item_id: int | None = None,
    retry_count: int = 0,
) -> Job:
    """Returns a PENDING generation for `insert_jobs`. parent: the build that waits for it. batch_item_id: the first job
    of its item in the batch, where this one takes the place of another.
    """
    job = _generation(owner, record_id, request, queue, JobStatus.PENDING, priority_rank, batch_id)
    job.batch_item_id = batch_item_id
    job.demand_key, job.retry_count = demand_key, retry_count
    if parent is not None:
        job.stage, job.parent_id, job.workflow_id = parent.stage, parent.id, parent.workflow_id
    return job


def answered_generation(
    owner: str,
    record_id: int,
    request: GenerationRequest,
    queue: Queue,
    *,
    message: str,
    priority_rank: int,
    batch_id: int | None = None,
) -> Job:
    """Returns a generation that reuses an existing result, for `insert_jobs`: it is SUCCEEDED from the start."""
    job = _generation(owner, record_id, request, queue, JobStatus.SUCCEEDED, priority_rank, batch_id)
    job.progress, job.message = 1.0, message
    return job


def _generation(
    owner: str,
    record_id: int,
    request: GenerationRequest,
    queue: Queue,
    status: JobStatus,
    priority_rank: int,
    batch_id: int | None,
) -> Job:
    return Job(
        id=new_id(),
        owner=owner,
        type=request.job_type,
        role=JobRole.GENERATE,
        queue=queue,
        status=status,
        priority_rank=priority_rank,
        params=request.to_json(),
        target_id=record_id,
        record_id=record_id,
        batch_id=batch_id,
    )
