"""Canceling batches, and deleting ended ones."""

from collections.abc import Sequence
from dataclasses import dataclass

from errors import BadInputError, ConflictError, EkonteError, not_found
from models.batches import Batch
from models.database import transaction
from models.enums import ENDED_BATCH_STATUSES, LIVE_JOB_STATUSES, BatchStatus
from models.jobs import Job
from services.generation.batches.lifecycle import count_jobs, end_batch, lock_own_batch
from services.generation.on_ended import on_ended
from services.generation.stopping import end_canceled
from services.platform.owned import own
from services.stores import batches

MAX_REASON_CHARACTERS = 500
MAX_TRIES = 5


class _JobsReopenedError(Exception):
    """Jobs of the batch were retried between reading its live jobs and locking it."""


@dataclass(frozen=True)
class Cancellation:
    batch: Batch
    storyboard_ids: Sequence[str]
    "Of the items that it canceled."
    succeeded_count: int


async def cancel_batch(owner: str, batch_id: int, reason: str | None) -> Cancellation:
    """Cancels the live items of a batch (see `cancel_generations`) and ends it as CANCELED. Ended items are not
    changed. A second call changes nothing and keeps the first reason.

    Raises NotFoundError, BadInputError for a reason that is too long, ConflictError for a batch that has ended, or
    whose items are retried repeatedly at the same time.
    """
    if reason is not None and len(reason) > MAX_REASON_CHARACTERS:
        raise BadInputError(f"A reason has at most {MAX_REASON_CHARACTERS} characters.", path=["reason"])

    async def body() -> Cancellation:
        await own(Batch, owner, batch_id)
        # Jobs are locked before their batch, in the order that all code uses.
        live = Job.filter(batch_id=batch_id, owner=owner, status__in=list(LIVE_JOB_STATUSES)).order_by("id")
        ended = await end_canceled(await live)
        batch = await lock_own_batch(owner, batch_id)
        if await live.exists():
            raise _JobsReopenedError
        if batch.status is not BatchStatus.CANCELED:
            if batch.status in ENDED_BATCH_STATUSES:
                raise ConflictError(f"A batch that is {batch.status.value} cannot be canceled.", path=["id"])
            await end_batch(batch, BatchStatus.CANCELED, cancel_reason=reason)
        await on_ended([job.id for job in ended])
        in_order = sorted(ended, key=lambda job: job.batch_item_id or job.id)
        storyboard_ids = [str(job.params["storyboard_id"]) for job in in_order]
        return Cancellation(await own(Batch, owner, batch_id), storyboard_ids, (await count_jobs(batch_id)).succeeded)

    for _ in range(MAX_TRIES):
        try:
            return await transaction(body)
        except _JobsReopenedError:
            continue
    raise ConflictError("Items of the batch are being retried at the same time; try again.", path=["id"])


async def delete_batches(owner: str, batch_ids: Sequence[int]) -> list[tuple[int, EkonteError | None]]:
    """Deletes ended batches, each independently; returns (id, error or None). Their jobs and records are kept."""
    if not batch_ids:
        return []

    async def body() -> list[tuple[int, EkonteError | None]]:
        deleted = await batches.mark_deleted(owner, batch_ids)
        remaining = await Batch.filter(owner=owner, id__in=list(batch_ids), deleted_at__isnull=True)
        present = {batch.id: batch for batch in remaining}
        return [(batch_id, None if batch_id in deleted else _refusal(present.get(batch_id))) for batch_id in batch_ids]

    return await transaction(body)


def _refusal(batch: Batch | None) -> EkonteError:
    if batch is None:
        return not_found("batch")
    return ConflictError(f"The batch is {batch.status.value}. Cancel it first.")
