"""Canceling batches, and deleting them once they have ended."""

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


class _JobsCameError(Exception):
    """Jobs of the batch were taken up again between looking for its live ones and locking it."""


@dataclass(frozen=True)
class Cancellation:
    batch: Batch
    storyboard_ids: Sequence[str]
    "Of the items that were ended by it."
    succeeded_count: int


async def cancel_batch(owner: str, batch_id: int, reason: str | None) -> Cancellation:
    """Ends all of a batch that is not done: what waits at once; what upstream has is asked to stop, and keeps its slot
    until upstream has ended it. What has ended stays. Twice: nothing more, and the first reason is kept.

    Raises NotFoundError, BadInputError for a reason that is too long, ConflictError for a batch that has ended, or
    whose items are retried again and again meanwhile.
    """
    if reason is not None and len(reason) > MAX_REASON_CHARACTERS:
        raise BadInputError(f"A reason has at most {MAX_REASON_CHARACTERS} characters.", path=["reason"])

    async def body() -> Cancellation:
        await own(Batch, owner, batch_id)
        # Jobs are locked before their batch, here as where they end by themselves.
        live = Job.filter(batch_id=batch_id, owner=owner, status__in=list(LIVE_JOB_STATUSES)).order_by("id")
        ended = await end_canceled(await live)
        batch = await lock_own_batch(owner, batch_id)
        if await live.exists():
            raise _JobsCameError
        if batch.status is not BatchStatus.CANCELED:
            if batch.status in ENDED_BATCH_STATUSES:
                raise ConflictError(f"A batch that is {batch.status.value} cannot be canceled.", path=["id"])
            await end_batch(batch, BatchStatus.CANCELED, cancel_reason=reason)
        await on_ended([job.id for job in ended])
        storyboard_ids = [str(job.params["storyboard_id"]) for job in ended]
        return Cancellation(await own(Batch, owner, batch_id), storyboard_ids, (await count_jobs(batch_id)).succeeded)

    for _ in range(MAX_TRIES):
        try:
            return await transaction(body)
        except _JobsCameError:
            continue
    raise ConflictError("Items of the batch are being retried at this moment; try again.", path=["id"])


async def delete_batches(owner: str, batch_ids: Sequence[int]) -> list[tuple[int, EkonteError | None]]:
    """Deletes batches that have ended, each on its own: (id, why not). Their jobs and records stay."""
    if not batch_ids:
        return []

    async def body() -> list[tuple[int, EkonteError | None]]:
        gone = await batches.mark_deleted(owner, batch_ids)
        left = await Batch.filter(owner=owner, id__in=list(batch_ids), deleted_at__isnull=True)
        live = {batch.id: batch for batch in left}
        return [(batch_id, None if batch_id in gone else _why_not(live.get(batch_id))) for batch_id in batch_ids]

    return await transaction(body)


def _why_not(batch: Batch | None) -> EkonteError:
    if batch is None:
        return not_found("batch")
    return ConflictError(f"The batch is {batch.status.value}. Cancel it first.")
