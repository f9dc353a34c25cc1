"""Locking records, and creating the record of a request.

Every change of a record locks it first, so that new requests, restored versions, deletions and ends of jobs are
serialised. All in the caller's transaction.
"""

from typing import Any

from errors import ConflictError
from models.enums import LIVE_JOB_STATUSES, JobRole
from models.generation import GenerationRecord
from models.generation_requests import GenerationRequest
from models.ids import new_id
from models.jobs import Job
from services.platform.locking import lock_row
from services.stores import records

BUSY = "This storyboard is already being generated. Wait for its job, or cancel it."


async def lock_record_of_request(owner: str, request: GenerationRequest) -> GenerationRecord:
    """The locked record of the request's storyboard, created if there is none. Concurrent calls get the same record.

    Raises ConflictError if it has a live job.
    """
    place: dict[str, Any] = {
        "owner": owner,
        "kind": request.kind,
        "project_id": request.project_id,
        "work_id": request.work_id,
        "storyboard_id": request.storyboard_id,
    }
    new_record = GenerationRecord(
        **place,
        id=new_id(),
        project_name=request.project_name,
        provider=request.provider,
        model=request.model,
        prompt=request.prompt,
        request_sha256=request.sha256(),
    )
    await records.insert([new_record])
    found = await GenerationRecord.get_or_none(**place, deleted_at__isnull=True)
    record = None if found is None else await lock_record(owner, found.id)
    if record is None:
        raise ConflictError("The storyboard's record was deleted meanwhile; try again.")
    await refuse_live_job(record.id)
    return record


async def lock_record(owner: str, record_id: int) -> GenerationRecord | None:
    """The owner's record, locked until the end of the transaction; None if it does not exist or was deleted."""
    record = await lock_row(GenerationRecord, record_id, "deleted_at IS NULL")
    return record if record is not None and record.owner == owner else None


async def refuse_live_job(record_id: int, message: str = BUSY) -> None:
    """Raises ConflictError if the record has a live job."""
    live = Job.filter(record_id=record_id, role=JobRole.GENERATE, status__in=list(LIVE_JOB_STATUSES))
    if await live.exists():
        raise ConflictError(message)
