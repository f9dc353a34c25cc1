"""Retries of the items of a batch."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from errors import (
    BadInputError,
    ConflictError,
    EkonteError,
    NotFoundError,
    all_faults,
    not_found,
    refusal_of,
    shortened,
)
from models.batches import Batch
from models.database import execute, transaction
from models.enums import ENDED_JOB_STATUSES, JobStatus
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from services.accounts.pool.demands import demand_key
from services.generation.admission import queue_for
from services.generation.batches.lifecycle import reopen_batches
from services.generation.resolving import resolve_all
from services.generation.retrying import SUPERSEDED, current_among, retry_generations
from services.platform.owned import own, places
from services.platform.paging import MAX_IDS
from services.platform.quotas import Quota, reserve
from services.queue.notify import notify
from services.stores import records
from services.stores.jobs.files import add_inputs
from services.stores.jobs.inserts import insert_jobs, waiting_generation
from services.stores.jobs.moves import supersede

STORYBOARDS = ("input", "storyboardIds")
NOT_RETRYABLE = "It failed for good ({code}: {message}), and would fail again."


@dataclass(frozen=True)
class SkippedItem:
    """An item that was to be retried and is not, with the reason as a sentence."""

    storyboard_id: str
    job_id: int
    reason: str


@dataclass(frozen=True)
class Retry:
    """skipped: in the order of the items."""

    batch: Batch
    retried_count: int
    skipped: Sequence[SkippedItem] = ()


async def retry_batch(owner: str, batch_id: int, storyboard_ids: Sequence[str], *, forces: bool) -> Retry:
    """Retries items of a batch: all that failed and may succeed or, with storyboard_ids, those of them that failed or
    were canceled. forces: also those that succeeded, and those that failed for good. Live items are not changed.

    A failed item is retried with its job, from the step that it reached; a succeeded one gets a new job. An item whose
    record has a newer job is skipped, or a CONFLICT if it was named; one whose error is not retryable (rejected
    content, an invalid input) is skipped unless it was named. Raises all faults in one error, with NotFoundError for
    storyboards without a job in the batch. A refusal changes nothing, and neither does skipping all.
    """
    if len(storyboard_ids) > MAX_IDS:
        raise BadInputError(f"At most {MAX_IDS} storyboards per request.", path=STORYBOARDS)

    async def body() -> Retry:
        batch = await own(Batch, owner, batch_id)
        if batch.deleted_at is not None:
            raise not_found("batch", ["input", "id"])
        jobs = list(await Job.filter(batch_id=batch_id, status__in=list(ENDED_JOB_STATUSES)))
        jobs.sort(key=lambda job: job.batch_item_id or job.id)
        named = frozenset(storyboard_ids)
        selected = [job for job in jobs if not job.is_superseded and _is_selected(job, named, forces)]
        is_wished = forces or bool(named)
        chosen = [job for job in selected if is_wished or not _has_failed_for_good(job)]
        current = await current_among(chosen)
        replaced = {job.id for job in chosen} - {job.id for job in current}
        faults = await _faults(batch, storyboard_ids, replaced, chosen)
        if faults:
            raise refusal_of(faults)
        hopeless = {job.id for job in selected} - {job.id for job in chosen}
        left = hopeless | replaced
        skipped = [_skipped(job, hopeless) for job in selected if job.id in left]
        await reserve(Quota.JOBS, owner, len(current))
        succeeded = [job for job in current if job.status is JobStatus.SUCCEEDED]
        count = len(await retry_generations(current))
        if succeeded:
            count += await _replace(owner, batch, succeeded)
        return Retry(await own(Batch, owner, batch_id), count, skipped)

    return await transaction(body)


def _is_selected(job: Job, named: Collection[str], forces: bool) -> bool:
    if named and _storyboard_of(job) not in named:
        return False
    if job.status is JobStatus.SUCCEEDED:
        return forces
    return job.status is JobStatus.FAILED or bool(named)


def _has_failed_for_good(job: Job) -> bool:
    error = JobError.from_json(job.error)
    return job.status is JobStatus.FAILED and error is not None and not error.is_retryable


def _skipped(job: Job, hopeless: Collection[int]) -> SkippedItem:
    error = JobError.from_json(job.error)
    reason = SUPERSEDED
    if job.id in hopeless and error is not None:
        reason = NOT_RETRYABLE.format(code=error.code.value, message=error.message.rstrip("."))
    return SkippedItem(_storyboard_of(job), job.id, reason)


def _storyboard_of(job: Job) -> str:
    return str(job.params["storyboard_id"])


async def _faults(
    batch: Batch, storyboard_ids: Sequence[str], superseded: set[int], chosen: Sequence[Job]
) -> list[EkonteError]:
    """The faults of named storyboards: those without a job in the batch, and those whose record has a newer job."""
    if not storyboard_ids:
        return []
    known = await execute(
        "SELECT DISTINCT r.storyboard_id AS storyboard_id FROM job j JOIN generation_record r ON r.id = j.record_id"
        f" WHERE j.batch_id = ? AND r.storyboard_id IN ({places(storyboard_ids)})",
        batch.id,
        *storyboard_ids,
    )
    present = {row["storyboard_id"] for row in known}
    replaced = {_storyboard_of(job) for job in chosen if job.id in superseded}
    faults: list[EkonteError] = []
    for index, storyboard_id in enumerate(storyboard_ids):
        path = [*STORYBOARDS, str(index)]
        if storyboard_id not in present:
            reason = (
                "was skipped by this batch" if storyboard_id in batch.skipped_storyboard_ids else "is not in this batch"
            )
            faults.append(NotFoundError(f"The storyboard {shortened(storyboard_id)!r} {reason}.", path=path))
        elif storyboard_id in replaced:
            faults.append(ConflictError(f"The storyboard {shortened(storyboard_id)!r}: {SUPERSEDED}", path=path))
    return faults


async def _replace(owner: str, batch: Batch, previous: Sequence[Job]) -> int:
    """Supersedes each of these succeeded jobs, which are locked with their records, with a new job;
    returns how many.
    """
    requests = [GenerationRequest.from_json(job.params) for job in previous]
    resolved = await resolve_all(owner, [request.materials for request in requests])
    if faults := [fault for found in resolved for fault in found.faults]:
        raise all_faults([type(fault)(fault.message, path=["input"]) for fault in faults])
    # The new result is made for the prompt itself. A picture from a link whose file is deleted is fetched again.
    requests = [
        replace(request.with_materials(found.materials), made_for_sha256=None)
        for request, found in zip(requests, resolved, strict=True)
    ]
    new_jobs = [
        waiting_generation(
            owner,
            job.record_id,
            request,
            queue_for(request),
            demand_key=demand_key(request),
            priority_rank=batch.priority_rank,
            batch_id=batch.id,
            batch_item_id=job.batch_item_id or job.id,
            retry_count=job.retry_count + 1,
        )
        for job, request in zip(previous, requests, strict=True)
    ]
    await supersede([job.id for job in previous])
    await reopen_batches([batch.id])
    await insert_jobs(new_jobs)
    await add_inputs(
        (job.id, place, file.id)
        for job, found in zip(new_jobs, resolved, strict=True)
        for place, file in found.files.items()
    )
    await records.write_requests(
        [(job.target_id, request, job.id) for job, request in zip(new_jobs, requests, strict=True)]
    )
    notify()
    return len(new_jobs)
