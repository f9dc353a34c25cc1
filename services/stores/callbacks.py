"""Writes the tables callback_delivery and callback_try, each in the caller's transaction.

Every function that writes the result of a delivery raises its lease epoch, so that an earlier holder cannot write
another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.callbacks import CallbackDelivery, CallbackTry
from models.database import execute, now_ms_sql
from models.enums import DELIVERY_TRANSITIONS, DeliveryStatus
from models.sql import timestamp_before_sql
from services.platform.leases import LeasedTable
from services.stores.transitions import check_transition
from services.stores.updates import Sql, database_time, delete, id_in, update

ROWS_PER_STATEMENT = 1_000
LEASES = LeasedTable("callback_delivery")
"Claims of due deliveries (services/notifications/delivery/claims.py)."
_PENDING = [DeliveryStatus.PENDING]


@dataclass(frozen=True)
class RecordedTry:
    """A delivery for which a try was just written. failures: the failures of its current round before this try."""

    lease_epoch: int
    status: DeliveryStatus
    failures: int


async def insert(deliveries: Sequence[CallbackDelivery]) -> None:
    await CallbackDelivery.bulk_create(deliveries)


async def add_try(delivery_id: int, number: int, *, status_code: int | None, error: str | None) -> RecordedTry | None:
    """Writes a try of a delivery and locks the delivery's row. Returns None if there is no such delivery. Two
    statements.
    """
    rows = await update(
        CallbackDelivery,
        {"version": Sql("version + 1")},
        Sql("id = ?", (delivery_id,)),
        ["lease_epoch", "status", "round_tries"],
    )
    if not rows:
        return None
    await CallbackTry.create(delivery_id=delivery_id, number=number, status_code=status_code, error=error)
    return RecordedTry(rows[0]["lease_epoch"], DeliveryStatus(rows[0]["status"]), rows[0]["round_tries"])


async def deliver(delivery_id: int) -> None:
    """Marks a pending delivery as DELIVERED."""
    check_transition(DELIVERY_TRANSITIONS, _PENDING, DeliveryStatus.DELIVERED)
    changes = {"status": DeliveryStatus.DELIVERED, "due_at_ms": None, "delivered_at": database_time(), **_NEXT_EPOCH}
    await update(CallbackDelivery, changes, _pending(delivery_id))


async def retry_later(delivery_id: int, wait_ms: int, failures: int) -> None:
    """Makes a pending delivery due again in `wait_ms` milliseconds. failures: those of its current round."""
    due = Sql(f"{now_ms_sql()} + ?", (wait_ms,))
    await update(CallbackDelivery, {"due_at_ms": due, "round_tries": failures, **_NEXT_EPOCH}, _pending(delivery_id))


async def fail(delivery_id: int, failures: int) -> None:
    """Marks a pending delivery as FAILED after the failures of its current round."""
    check_transition(DELIVERY_TRANSITIONS, _PENDING, DeliveryStatus.FAILED)
    changes = {"status": DeliveryStatus.FAILED, "due_at_ms": None, "round_tries": failures, **_NEXT_EPOCH}
    await update(CallbackDelivery, changes, _pending(delivery_id))


async def redeliver(owner: str, delivery_id: int) -> bool:
    """Makes the owner's delivery, in any status, due now in a new round of tries; returns whether it exists."""
    check_transition(DELIVERY_TRANSITIONS, list(DeliveryStatus), DeliveryStatus.PENDING)
    changes = {
        "status": DeliveryStatus.PENDING,
        "round_tries": 0,
        "delivered_at": None,
        "due_at_ms": Sql(now_ms_sql()),
        "version": Sql("version + 1"),
        **_NEXT_EPOCH,
    }
    return bool(await update(CallbackDelivery, changes, Sql("id = ? AND owner = ?", (delivery_id, owner))))


async def remove_ended(where: Sql) -> int:
    """Removes deliveries that are not pending and meet an SQL condition, with their tries; returns how many.

    One call removes at most ROWS_PER_STATEMENT.
    """
    rows = await execute(
        "DELETE FROM callback_delivery WHERE id IN (SELECT id FROM callback_delivery WHERE status <> 'PENDING'"
        f" AND ({where.text}) ORDER BY id LIMIT {ROWS_PER_STATEMENT}) RETURNING id",
        *where.values,
    )
    if rows:
        await delete("callback_try", id_in("delivery_id", [row["id"] for row in rows]))
    return len(rows)


async def remove_old(before_id: int, seconds: float) -> int:
    """As `remove_ended`, for deliveries with ids below `before_id` whose last try is older than `seconds`."""
    newest = f"callback_try.created_at >= {timestamp_before_sql(seconds)}"
    tried = f"SELECT 1 FROM callback_try WHERE callback_try.delivery_id = callback_delivery.id AND {newest}"
    return await remove_ended(Sql(f"id < ? AND NOT EXISTS ({tried})", (before_id,)))


_NEXT_EPOCH = {"lease_epoch": Sql("lease_epoch + 1")}


def _pending(delivery_id: int) -> Sql:
    return Sql("id = ? AND status = 'PENDING'", (delivery_id,))
