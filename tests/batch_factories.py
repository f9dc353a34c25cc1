"""Batches as rows, with jobs in the states that a test wants."""

from collections.abc import Sequence
from typing import Any

from errors import JobErrorCode
from models.batches import Batch
from models.database import transaction
from models.enums import BatchStatus, BatchType, JobStatus, MediaKind
from models.generation import GenerationRecord
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from services.generation.on_ended import on_ended
from services.generation.outcomes import fail_generation, succeed_generation
from services.generation.stopping import cancel_generation
from tests.factories import OWNER
from tests.pool_factories import make_generation

ERROR = JobError(JobErrorCode.API_ERROR, "It broke.", is_retryable=True)


async def make_batch(owner: str = OWNER, total: int = 0, **values: Any) -> Batch:
    return await Batch.create(
        **{
            "owner": owner,
            "kind": MediaKind.IMAGE,
            "type": BatchType.IMAGE_GENERATE,
            "project_id": "default",
            "work_id": "default",
            "total_count": total,
            **values,
        }
    )


async def make_batch_of(
    statuses: Sequence[JobStatus], owner: str = OWNER, kind: MediaKind = MediaKind.IMAGE, **values: Any
) -> tuple[Batch, list[Job]]:
    """A batch with one job in each of the states."""
    batch = await make_batch(owner, len(statuses), **{"status": BatchStatus.RUNNING, "kind": kind, **values})
    jobs = []
    for status in statuses:
        error = ERROR.to_json() if status is JobStatus.FAILED else None
        jobs.append(await make_generation(owner, kind, batch_id=batch.id, status=status, error=error))
    return batch, jobs


async def end(job: Job, status: JobStatus) -> None:
    """Ends a live job as the steps of attempts do, with all that hangs on it."""

    async def body() -> None:
        if status is JobStatus.CANCELED:
            await cancel_generation(job)
        elif status is JobStatus.FAILED:
            await fail_generation(job, ERROR)
        else:
            await Job.filter(id=job.id, status=JobStatus.PENDING).update(status=JobStatus.RUNNING)
            assert await succeed_generation(job, is_late=True)
            await GenerationRecord.filter(id=job.record_id).update(shown_job_id=job.id)
            await on_ended([job.id])

    await transaction(body)


async def present(batch: Batch) -> Batch:
    return await Batch.get(id=batch.id)


async def columns(batch: Batch) -> dict[str, Any]:
    """All that is stored of a batch, to be compared."""
    rows: list[dict[str, Any]] = await Batch.filter(id=batch.id).values()
    return rows[0]


def storyboard_of(job: Job) -> str:
    return GenerationRequest.from_json(job.params).storyboard_id
