"""Writes the table batch. Each function belongs in the caller's transaction and notifies followers after the commit."""

from collections.abc import Collection, Sequence
from typing import Any

from models.batches import Batch
from models.database import after_commit, execute
from models.enums import BATCH_TRANSITIONS, ENDED_BATCH_STATUSES, BatchStatus
from models.sql import timestamp_before_sql
from services.platform.events import batch_topic, bus
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, database_time, one_of, update

MAX_PURGED = 2_000


def publish(batch_id: int) -> None:
    """Notifies followers after the commit that the batch or one of its jobs has changed."""
    after_commit(lambda: bus().publish(batch_topic(batch_id)))


async def create(**values: Any) -> None:
    """Inserts a batch; `values` are the columns of models.batches.Batch."""
    await Batch.create(**values)


async def transition(batch_id: int, *, to: BatchStatus, expected: Collection[BatchStatus], **values: Any) -> str | None:
    """Changes the state of a batch that is in one of the expected ones. Returns its owner, or None if it is in another
    state.

    values: further columns. A deleted batch does not change. Raises ForbiddenTransitionError if one of the expected
    states must not become `to`.
    """
    check_transition(BATCH_TRANSITIONS, expected, to)
    ends = {"finished_at": database_time()} if to in ENDED_BATCH_STATUSES else {}
    return await _write(batch_id, one_of("status", expected), {"status": to, **ends, **values})


async def begin(batch_id: int) -> bool:
    """Records that the batch's first job has started: PENDING becomes RUNNING. Returns whether anything changed; a
    second call changes nothing.

    A batch that was paused before its first job started stays PAUSED, but gets its started_at.
    """
    check_transition(BATCH_TRANSITIONS, [BatchStatus.PENDING], BatchStatus.RUNNING)
    changes = {
        "started_at": Sql(f"COALESCE(started_at, {database_time().text})"),
        "status": Sql("CASE WHEN status = 'PENDING' THEN 'RUNNING' ELSE status END"),
    }
    is_first = Sql("(status = 'PENDING' OR (status = 'PAUSED' AND started_at IS NULL))")
    return await _write(batch_id, is_first, changes, includes_deleted=True) is not None


async def reopen(batch_id: int) -> bool:
    """Makes an ended batch RUNNING again; returns whether it did. A live or deleted batch does not change."""
    changes = {"runs": Sql("runs + 1"), "finished_at": None, "cancel_reason": None}
    owner = await transition(batch_id, to=BatchStatus.RUNNING, expected=ENDED_BATCH_STATUSES, **changes)
    return owner is not None


async def set_credit_budget(batch_id: int, credit_budget: int | None) -> None:
    """Sets the budget in credits; None removes it."""
    await _write(batch_id, Sql("TRUE"), {"credit_budget": credit_budget})


async def set_priority(batch_id: int, rank: int) -> None:
    """Sets the priority (0 URGENT … 3 LOW) of the jobs that the batch gets from now on."""
    await _write(batch_id, Sql("priority_rank <> ?", (rank,)), {"priority_rank": rank})


async def mark_deleted(owner: str, batch_ids: Sequence[int]) -> set[int]:
    """Marks the ended ones of the owner's batches as deleted; returns their ids."""
    if not batch_ids:
        return set()
    changes = {"deleted_at": database_time(), "version": Sql("version + 1")}
    where = all_of(
        Sql("owner = ? AND deleted_at IS NULL", (owner,)),
        one_of("id", batch_ids),
        one_of("status", ENDED_BATCH_STATUSES),
    )
    return {int(row["id"]) for row in await update(Batch, changes, where)}


async def purge_deleted(seconds: float) -> int:
    """Removes batches that were deleted more than `seconds` ago and have no live job, at most MAX_PURGED per call;
    returns how many.
    """
    rows = await execute(
        "DELETE FROM batch WHERE id IN (SELECT id FROM batch WHERE deleted_at IS NOT NULL"
        f" AND deleted_at < {timestamp_before_sql(seconds)} AND NOT EXISTS (SELECT 1 FROM job"
        " WHERE job.batch_id = batch.id AND job.status NOT IN ('SUCCEEDED', 'FAILED', 'CANCELED'))"
        f" LIMIT {MAX_PURGED}) RETURNING id"
    )
    return len(rows)


async def _write(batch_id: int, where: Sql, changes: dict[str, Any], *, includes_deleted: bool = False) -> str | None:
    stamps = {"updated_at": database_time(), "version": Sql("version + 1")}
    which = "id = ?" if includes_deleted else "id = ? AND deleted_at IS NULL"
    rows = await update(Batch, {**changes, **stamps}, all_of(Sql(which, (batch_id,)), where), ["owner"])
    if not rows:
        return None
    publish(batch_id)
    return str(rows[0]["owner"])
