"""Handing out a former result again, for a request that asks for exactly the same. It costs nothing."""

from dataclasses import replace

from tortoise.expressions import F

from errors import JobFailure
from models.artifacts import JobFile
from models.database import execute
from models.enums import FileState, JobRole, JobStatus
from models.files import StoredFile
from models.generation import GenerationRecord
from models.ids import new_id
from models.jobs import Job
from services.files import take_up
from services.generation.endings import after_ending
from services.generation.inputs import queue_of
from services.generation.requests import GenerationRequest, InputImage
from services.queue.sql import timestamp_sql
from services.records.holding import hold_record, write_request
from services.records.publishing import keep_shown

MOST_CANDIDATES = 20


async def reuse_result(owner: str, request: GenerationRequest, priority_rank: int) -> Job | None:
    """The job that stands for the owner's newest result of the same request; None where there is none. In the caller's
    transaction.

    Where the record itself shows that result, it is the job that made it, and nothing changes. Else it is a new job
    that has succeeded already, with the same files. Raises ConflictError where the record has a live job.
    """
    request = replace(request, inputs=tuple([await _with_content(owner, image) for image in request.inputs]))
    found = await _find(owner, request)
    if found is None:
        return None
    former, links = found
    if _is_place_of(former, request):
        return await Job.get(id=former.shown_job_id)
    record = await hold_record(owner, request)
    job = await _ended_job(owner, record, request, priority_rank)
    await JobFile.bulk_create(
        [JobFile(job_id=job.id, position=link.position, role=link.role, file_id=link.file_id) for link in links]
    )
    await keep_shown(record)
    await write_request(
        record,
        request,
        current_job_id=job.id,
        shown_job_id=job.id,
        chosen_file_id=former.chosen_file_id,
        is_reused=True,
    )
    await after_ending([job.id])
    return job


async def _with_content(owner: str, image: InputImage) -> InputImage:
    """A link counts by what came from it last: fetching it again would take longer than this request may."""
    if image.sha256 is not None:
        return image
    last = await StoredFile.filter(owner=owner, source_url=image.given, state=FileState.READY).order_by("-id").first()
    return image if last is None else InputImage(image.given, last.sha256)


async def _find(owner: str, request: GenerationRequest) -> tuple[GenerationRecord, list[JobFile]] | None:
    """The newest record that shows a result of the request, the request's own first, and the files of that result.

    Only where the shown result is that of the newest request: what a record was asked for before has another hash.
    """
    rows = (
        await GenerationRecord.filter(
            owner=owner, request_sha256=request.sha256(), deleted_at__isnull=True, current_job_id=F("shown_job_id")
        )
        .order_by("-updated_at", "-id")
        .limit(MOST_CANDIDATES)
    )
    for record in sorted(rows, key=lambda row: not _is_place_of(row, request)):
        links = await JobFile.filter(job_id=record.shown_job_id).order_by("position")
        if links and await Job.exists(id=record.shown_job_id, status=JobStatus.SUCCEEDED):
            try:
                await take_up({link.file_id for link in links})
            except JobFailure:
                continue
            return record, links
    return None


def _is_place_of(record: GenerationRecord, request: GenerationRequest) -> bool:
    place = (request.project_id, request.work_id, request.storyboard_id, request.kind)
    return (record.project_id, record.work_id, record.storyboard_id, record.kind) == place


async def _ended_job(owner: str, record: GenerationRecord, request: GenerationRequest, priority_rank: int) -> Job:
    job = await Job.create(
        id=new_id(),
        owner=owner,
        type=request.job_type,
        role=JobRole.GENERATE,
        queue=queue_of(request),
        status=JobStatus.SUCCEEDED,
        progress=1.0,
        message="An earlier result for the same request is used again.",
        priority_rank=priority_rank,
        params=request.to_json(),
        target_id=record.id,
        record_id=record.id,
    )
    await execute(f"UPDATE job SET finished_at = {timestamp_sql()} WHERE id = ? RETURNING id", job.id)
    return await Job.get(id=job.id)
