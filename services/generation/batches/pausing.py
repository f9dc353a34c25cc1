"""Pausing and resuming batches: what runs ends, and nothing more is begun until somebody resumes."""

from datetime import UTC, datetime
from typing import Any

from errors import BadInputError, ConflictError
from models.batches import Batch
from models.database import execute, now_ms_sql, transaction
from models.enums import AlertKind, AlertSeverity, BatchStatus
from models.ids import global_id
from services.generation.batches.lifecycle import announce_batch, cause_of, lock_own_batch
from services.notifications.alerts.raising import close_alert, raise_alert
from services.platform.sql import timestamp_sql
from services.queue.notify import notify

UNCHANGED: Any = object()


async def pause_batch_for_budget(batch_id: int, message: str) -> None:
    """The next placement would pass the batch's budget: PAUSED with the reason and an alert. In a transaction.

    One that is paused already, or has ended, stays as it is.
    """
    rows = await execute(
        f"UPDATE batch SET status = 'PAUSED', pause_reason = ?, updated_at = {timestamp_sql()}, version = version + 1"
        " WHERE id = ? AND status IN ('PENDING', 'RUNNING') RETURNING owner",
        message,
        batch_id,
    )
    if not rows:
        return
    await raise_alert(
        rows[0]["owner"],
        AlertKind.CREDIT_LOW,
        AlertSeverity.WARNING,
        cause_of(batch_id),
        f"{global_id('Batch', batch_id)} is paused. {message}",
        batch_id=batch_id,
    )
    announce_batch(batch_id)


async def is_paused_by_hand(batch_id: int) -> bool:
    """Whether a person wants nothing more of it to be sent. What is placed when its budget is used up is within it."""
    return await Batch.exists(id=batch_id, status=BatchStatus.PAUSED, pause_reason__isnull=True)


async def pause_batch(owner: str, batch_id: int) -> Batch:
    """Begins nothing more of a batch; what runs ends. Twice: nothing more.

    Raises NotFoundError, or ConflictError for a batch that has ended.
    """

    async def body() -> Batch:
        batch = await lock_own_batch(owner, batch_id)
        if batch.status is BatchStatus.PAUSED:
            return batch
        if batch.status not in (BatchStatus.PENDING, BatchStatus.RUNNING):
            raise ConflictError(f"A batch that is {batch.status.value} cannot be paused.", path=["id"])
        return await _write(batch, BatchStatus.PAUSED)

    return await transaction(body)


async def resume_batch(owner: str, batch_id: int, credit_budget: Any = UNCHANGED) -> Batch:
    """Goes on with a paused batch; one that is not paused stays as it is. credit_budget: a new one, None: no more any.

    With the budget for which it was paused it is paused again before the next job. What waits begins its waiting anew:
    the pause is none that others owe it a turn for. Raises NotFoundError, BadInputError for a negative budget,
    ConflictError for a batch that has ended.
    """
    if credit_budget is not UNCHANGED and credit_budget is not None and credit_budget < 0:
        raise BadInputError("creditBudget is at least 0.", path=["creditBudget"])

    async def body() -> Batch:
        await _wait_anew(owner, batch_id)
        batch = await lock_own_batch(owner, batch_id)
        if batch.status not in (BatchStatus.PAUSED, BatchStatus.PENDING, BatchStatus.RUNNING):
            raise ConflictError(f"A batch that is {batch.status.value} cannot be resumed; retryBatch.", path=["id"])
        status = batch.status
        if status is BatchStatus.PAUSED:
            status = BatchStatus.PENDING if batch.started_at is None else BatchStatus.RUNNING
            await close_alert(owner, AlertKind.CREDIT_LOW, cause_of(batch.id))
        budget = batch.credit_budget if credit_budget is UNCHANGED else credit_budget
        if status is batch.status and budget == batch.credit_budget:
            return batch
        return await _write(batch, status, credit_budget=budget)

    return await transaction(body)


async def _wait_anew(owner: str, batch_id: int) -> None:
    """Of a batch that is paused. Jobs are locked before their batch, here as where they end."""
    await execute(
        f"UPDATE job SET waiting_since_ms = {now_ms_sql()} WHERE batch_id = ? AND status = 'PENDING'"
        " AND batch_id IN (SELECT id FROM batch WHERE owner = ? AND status = 'PAUSED') RETURNING id",
        batch_id,
        owner,
    )


async def _write(batch: Batch, status: BatchStatus, **values: Any) -> Batch:
    await Batch.filter(id=batch.id).update(
        status=status, pause_reason=None, updated_at=datetime.now(UTC), version=batch.version + 1, **values
    )
    announce_batch(batch.id)
    notify()
    return await Batch.get(id=batch.id)
