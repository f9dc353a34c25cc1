"""Writing the items of a batch: records, jobs and what they are made from, in few statements for many of them.

All in the caller's transaction, in which the records that are there have been locked. Rows are made in parts, and
others have their turn between two of them.
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
from services.generation.batches.checking import PART
from services.generation.batches.existing import Planned
from services.generation.records.publishing import keep_shown
from services.generation.reuse import copied_links, reused_job
from services.generation.similarity.indexing import replace_keys_of_many
from services.stores import records
from services.stores.jobs.files import add_files, add_inputs
from services.stores.jobs.inserts import insert_jobs, waiting_generation
from services.stores.records import Shown

ROW_BATCH_SIZE = 200
"Of one statement: making its rows ready takes no longer than others may wait."


class PlaceTakenError(Exception):
    """Somebody else has made the record of a storyboard at this moment: everything is to be looked at again."""


@dataclass(frozen=True)
class _Row:
    """An item with its job, and its record where that is new."""

    planned: Planned
    job: Job
    request: GenerationRequest
    fresh: GenerationRecord | None = None

    @property
    def is_shown_already(self) -> bool:
        """Whether the record shows the very result already: only the batch gets a job for it, and nothing changes."""
        return self.planned.former is not None and self.planned.former.answers(self.planned.request)


async def write_items(owner: str, batch_id: int, items: Sequence[Planned], priority_rank: int) -> list[int]:
    """Makes the records and jobs of a batch's items; the ids of the jobs that have succeeded already, by a former
    result. The caller calls `after_ending` for those. Raises PlaceTakenError.
    """
    rows: list[_Row] = []
    for index, planned in enumerate(items):
        if index % PART == 0:
            await asyncio.sleep(0)
        rows.append(_row(owner, batch_id, planned, priority_rank))
    await _insert_records([row.fresh for row in rows if row.fresh is not None])
    await insert_jobs([row.job for row in rows])
    await add_inputs(
        (row.job.id, place, file.id)
        for row in rows
        if row.planned.former is None
        for place, file in row.planned.files.items()
    )
    reused = [row for row in rows if row.planned.former is not None]
    await add_files(link for row in reused for link in copied_links(row.job.id, row.planned.former.links))  # type: ignore[union-attr]
    await _write_records([row for row in rows if row.fresh is None and not row.is_shown_already])
    return [row.job.id for row in reused]


def _row(owner: str, batch_id: int, planned: Planned, priority_rank: int) -> _Row:
    former, request = planned.former, planned.request
    record_id = new_id() if planned.record is None else planned.record.id
    if former is not None:
        request = former.answered(request)
        job = reused_job(owner, record_id, request, priority_rank, batch_id=batch_id, message=former.message)
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
    fresh = None
    if planned.record is None:
        fresh = GenerationRecord(
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
            **_shown(former_of=planned, job_id=job.id),
        )
    return _Row(planned, job, request, fresh)


def _shown(*, former_of: Planned, job_id: int) -> dict[str, Any]:
    """What a record shows that is answered by a former result."""
    former = former_of.former
    if former is None:
        return {}
    return {"shown_job_id": job_id, "chosen_file_id": former.record.chosen_file_id, "is_reused": True}


async def _insert_records(fresh: Sequence[GenerationRecord]) -> None:
    await records.insert(fresh)
    if fresh and await GenerationRecord.filter(id__in=[record.id for record in fresh]).count() != len(fresh):
        raise PlaceTakenError


async def _write_records(rows: Sequence[_Row]) -> None:
    """Writes into locked records that were there what they were asked for last. Those that are answered by a former
    result keep what they showed as a version.
    """
    answered = [
        (row.planned.record, row.request, row.planned.former.record.chosen_file_id, row.job.id)
        for row in rows
        if row.planned.record is not None and row.planned.former is not None
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
