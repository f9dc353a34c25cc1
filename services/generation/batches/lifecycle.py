"""How a batch's state follows from its jobs': begun, ended, reopened. All in the caller's transaction.

A batch's row is locked before its jobs are counted, so that of two that end last one sees the other's end.
"""

from collections.abc import Collection

from errors import not_found
from models.batches import Batch
from models.database import execute
from models.enums import ENDED_BATCH_STATUSES, AlertKind, BatchStatus, JobStatus
from services.generation.batches.end_states import Counts, end_of
from services.notifications.alerts.raising import close_alert
from services.notifications.callbacks.outbox import write_batch_callback
from services.platform.locking import lock_row, lock_rows
from services.stores import batches


async def begin_batches(batch_ids: Collection[int]) -> None:
    """The first job of each has begun: PENDING becomes RUNNING. Again: nothing changes.

    One that is being paused at this moment stays PAUSED, and is known to have begun.
    """
    for batch_id in sorted(batch_ids):
        await batches.begin(batch_id)


async def end_complete_batches(batch_ids: Collection[int]) -> None:
    """Ends those whose jobs have all ended, with their callbacks; those that had ended get what they are now.

    One that was canceled as a whole stays CANCELED, and one that was deleted stays as it was.
    """
    for batch_id in sorted(batch_ids):
        batch = await lock_batch(batch_id)
        if batch is None or batch.status is BatchStatus.CANCELED or await _has_live_jobs(batch_id):
            continue
        status = end_of(await count_jobs(batch_id))
        if status is not None and status is not batch.status:
            await end_batch(batch, status)


async def reopen_batches(batch_ids: Collection[int]) -> None:
    """A job of each is about to be retried: an ended batch is RUNNING again. The others are locked, too: whoever ends
    their last job, or cancels them, sees the job that comes.
    """
    for row in await lock_rows(Batch, batch_ids, columns=["id", "status"]):
        if row["status"] in ENDED_BATCH_STATUSES:
            await batches.reopen(row["id"])


async def lock_batch(batch_id: int) -> Batch | None:
    """The batch, locked until the transaction's end; None where there is none, or it was deleted."""
    return await lock_row(Batch, batch_id, "deleted_at IS NULL")


async def lock_own_batch(owner: str, batch_id: int) -> Batch:
    """The owner's batch, locked until the transaction's end. Raises NotFoundError where there is none."""
    batch = await lock_batch(batch_id)
    if batch is None or batch.owner != owner:
        raise not_found("batch", ["id"])
    return batch


async def end_batch(batch: Batch, status: BatchStatus, *, cancel_reason: str | None = None) -> None:
    """Ends a locked batch, closes what was said about it while it ran, and has its end called back."""
    values = {"pause_reason": None} if cancel_reason is None else {"pause_reason": None, "cancel_reason": cancel_reason}
    await batches.transition(batch.id, to=status, expected=[batch.status], **values)
    for kind in (AlertKind.BATCH_STALLED, AlertKind.CREDIT_LOW):
        await close_alert(batch.owner, kind, cause_of(batch.id))
    await write_batch_callback(await Batch.get(id=batch.id))


async def count_jobs(batch_id: int) -> Counts:
    rows = await execute(
        "SELECT status, COUNT(*) AS number FROM job WHERE batch_id = ? AND is_superseded IS NOT TRUE GROUP BY status",
        batch_id,
    )
    return Counts.of({JobStatus(row["status"]): int(row["number"]) for row in rows})


async def _has_live_jobs(batch_id: int) -> bool:
    """Cheaper than counting a thousand jobs at each of their ends."""
    rows = await execute(
        "SELECT 1 AS found FROM job WHERE batch_id = ? AND status IN ('PENDING', 'RUNNING')"
        " AND is_superseded IS NOT TRUE LIMIT 1",
        batch_id,
    )
    return bool(rows)


def cause_of(batch_id: int) -> str:
    """What alerts about a batch are known by."""
    return f"batch:{batch_id}"
