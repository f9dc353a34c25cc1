"""New jobs: stage jobs for people and workflows, build jobs for stage jobs."""

from typing import Any

from models.database import execute, now_ms_sql
from models.enums import ArtifactKind, JobRole, JobStatus, JobType, Queue, Stage
from models.jobs import Job
from services.queue.notify import notify
from services.queue.retrying import forget_failures


async def create_stage_job(
    owner: str,
    job_type: JobType,
    target_id: int,
    *,
    stage: Stage,
    workflow_id: int | None = None,
    params: dict[str, Any] | None = None,
    priority_rank: int = 2,
) -> Job:
    """A job that plans what its target lacks and waits for it. In the caller's transaction.

    Builds of the target that had failed before are tried again: whoever asks anew wants another try.
    """
    await forget_failures(target_id, stage)
    job = await Job.create(
        owner=owner,
        type=job_type,
        role=JobRole.STAGE,
        queue=Queue.PLANNING,
        stage=stage,
        status=JobStatus.PENDING,
        target_id=target_id,
        workflow_id=workflow_id,
        params=params or {},
        priority_rank=priority_rank,
    )
    await _make_due(job.id)
    return job


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
    """A job that makes one artifact from exactly these inputs. In the caller's transaction."""
    job = await Job.create(
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
    await _make_due(job.id)
    return job


async def _make_due(job_id: int) -> None:
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", job_id)
    notify()
