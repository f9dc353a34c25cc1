"""Writing the items of a batch (records, jobs and their inputs) in bulk statements.

All in the caller's transaction, in which the existing records have been locked. Rows are prepared in slices, and the
event loop runs other tasks between two of them.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.generation import GenerationRecord
from models.generation_requests import GenerationRequest
from models.ids import new_id
from models.jobs import Job
from services.accounts.pool.demands import demand_key
from services.generation.admission import queue_for
from services.generation.batches.checking import SLICE_SIZE
from services.generation.batches.existing import Planned
from services.generation.records.publishing import keep_shown
from services.generation.reuse import CachedResult, copied_links, reused_job
from services.generation.similarity.indexing import replace_keys_of_many
from services.stores import records
from services.stores.jobs.files import add_files, add_inputs
from services.stores.jobs.inserts import insert_jobs, waiting_generation
from services.stores.records import Shown

ROW_BATCH_SIZE = 200
"Rows of one statement: preparing more would block the event loop for too long."


class RecordConflictError(Exception):
    """The record of a storyboard was created concurrently: the batch has to be planned again."""


@dataclass(frozen=True)
class _Row:
    """An item with its job, and its record if that is new."""

    planned: Planned
    job: Job
    request: GenerationRequest
    new_record: GenerationRecord | None = None

    @property
    def is_shown_already(self) -> bool:
        """Whether the record shows the result already: only a job for the batch is written, and the record is not."""
        return self.planned.cached is not None and self.planned.cached.is_shown_for(self.planned.request)


async def write_items(owner: str, batch_id: int, items: Sequence[Planned], priority_rank: int) -> list[int]:
    """Writes the records and jobs of a batch's items; returns the ids of the jobs that succeeded with a cached result.
    The caller calls `on_ended` for those. Raises RecordConflictError.
    """
    rows: list[_Row] = []
    for index, planned in enumerate(items):
        if index % SLICE_SIZE == 0:
            await asyncio.sleep(0)
        rows.append(_row(owner, batch_id, planned, priority_rank))
    await _insert_records([row.new_record for row in rows if row.new_record is not None])
    await insert_jobs([row.job for row in rows])
    await add_inputs(
        (row.job.id, place, file.id)
        for row in rows
        if row.planned.cached is None
        for place, file in row.planned.files.items()
    )
    reused = [row for row in rows if row.planned.cached is not None]
    await add_files(link for row in reused for link in copied_links(row.job.id, row.planned.cached.links))  # type: ignore[union-attr]
    await _write_records([row for row in rows if row.new_record is None and not row.is_shown_already])
    return [row.job.id for row in reused]


def _row(owner: str, batch_id: int, planned: Planned, priority_rank: int) -> _Row:
    cached, request = planned.cached, planned.request
    record_id = new_id() if planned.record is None else planned.record.id
    if cached is not None:
        request = cached.with_source(request)
        job = reused_job(owner, record_id, request, priority_rank, batch_id=batch_id, message=cached.message)
    else:
        job = waiting_generation(
            owner,
            record_id,
            request,
            queue_for(request),
            demand_key=demand_key(request),
            priority_rank=priority_rank,
            batch_id=batch_id,
        )
    new_record = None
    if planned.record is None:
        new_record = GenerationRecord(
            id=record_id,
            owner=owner,
            kind=request.kind,
            project_id=request.project_id,
            project_name=request.project_name,
            work_id=request.work_id,
            storyboard_id=request.storyboard_id,
            provider=request.provider,
            model=request.model,
            prompt=request.prompt,
            params=request.to_json(),
            request_sha256=request.sha256(),
            current_job_id=job.id,
            **_shown(cached, job_id=job.id),
        )
    return _Row(planned, job, request, new_record)


def _shown(cached: CachedResult | None, *, job_id: int) -> dict[str, Any]:
    """The columns of a new record that shows a cached result; none without one."""
    if cached is None:
        return {}
    return {"shown_job_id": job_id, "chosen_file_id": cached.record.chosen_file_id, "is_reused": True}


async def _insert_records(new_records: Sequence[GenerationRecord]) -> None:
    await records.insert(new_records)
    ids = [record.id for record in new_records]
    if ids and await GenerationRecord.filter(id__in=ids).count() != len(ids):
        raise RecordConflictError


async def _write_records(rows: Sequence[_Row]) -> None:
    """Writes the new requests into existing, locked records. Those that are answered by a cached result keep their
    previous result as a version.
    """
    answered = [
        (row.planned.record, row.request, row.planned.cached.record.chosen_file_id, row.job.id)
        for row in rows
        if row.planned.record is not None and row.planned.cached is not None
    ]
    await keep_shown(*(record for record, *_ in answered))
    keys = await replace_keys_of_many([(record, request) for record, request, *_ in answered])
    await records.show(
        [
            Shown(record.id, job_id, chosen_file_id, of_record)
            for (record, _, chosen_file_id, job_id), of_record in zip(answered, keys, strict=True)
        ]
    )
    await records.write_requests(
        [(row.planned.record.id, row.request, row.job.id) for row in rows if row.planned.record is not None]
    )
