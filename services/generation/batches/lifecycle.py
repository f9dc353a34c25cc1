"""The status of batches, which follows from their jobs: begun, ended, reopened. All in the caller's transaction.

A batch's row is locked before its jobs are counted, so that of two last jobs that end at once one sees the other's end.
"""

from collections.abc import Collection

from errors import not_found
from models.alert_enums import AlertKind
from models.batches import Batch
from models.database import execute
from models.enums import ENDED_BATCH_STATUSES, BatchStatus, JobStatus
from services.generation.batches.end_states import Counts, end_of
from services.notifications.alerts.raising import close_alert
from services.notifications.callbacks.outbox import write_batch_callback
from services.platform.locking import lock_row, lock_rows
from services.stores import batches


async def begin_batches(batch_ids: Collection[int]) -> None:
    """To be called when a job of each batch starts: PENDING becomes RUNNING. A second call changes nothing.

    A batch that is paused at the same time stays PAUSED, and its start time is stored.
    """
    for batch_id in sorted(batch_ids):
        await batches.begin(batch_id)


async def end_complete_batches(batch_ids: Collection[int]) -> None:
    """Ends the batches whose jobs have all ended, and writes their callbacks. A batch that had ended already gets its
    new end status, if that differs.

    Batches that were canceled as a whole, or deleted, are not changed.
    """
    for batch_id in sorted(batch_ids):
        batch = await lock_batch(batch_id)
        if batch is None or batch.status is BatchStatus.CANCELED or await _has_live_jobs(batch_id):
            continue
        status = end_of(await count_jobs(batch_id))
        if status is not None and status is not batch.status:
            await end_batch(batch, status)


async def reopen_batches(batch_ids: Collection[int]) -> None:
    """To be called before jobs of these batches are retried: ended batches become RUNNING. The others are locked too,
    so that a transaction that ends or cancels them sees the retried jobs.
    """
    for row in await lock_rows(Batch, batch_ids, columns=["id", "status"]):
        if row["status"] in ENDED_BATCH_STATUSES:
            await batches.reopen(row["id"])


async def lock_batch(batch_id: int) -> Batch | None:
    """The batch, locked until the end of the transaction; None if it does not exist or was deleted."""
    return await lock_row(Batch, batch_id, "deleted_at IS NULL")


async def lock_own_batch(owner: str, batch_id: int) -> Batch:
    """The owner's batch, locked until the end of the transaction. Raises NotFoundError if there is none."""
    batch = await lock_batch(batch_id)
    if batch is None or batch.owner != owner:
        raise not_found("batch", ["id"])
    return batch


async def end_batch(batch: Batch, status: BatchStatus, *, cancel_reason: str | None = None) -> None:
    """Ends a locked batch, closes its alerts, and writes its callback."""
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
    """Cheaper than counting the jobs of a large batch at the end of each of them."""
    rows = await execute(
        "SELECT 1 AS found FROM job WHERE batch_id = ? AND status IN ('PENDING', 'RUNNING')"
        " AND is_superseded IS NOT TRUE LIMIT 1",
        batch_id,
    )
    return bool(rows)


def cause_of(batch_id: int) -> str:
    """The key of a batch's alerts."""
    return f"batch:{batch_id}"
