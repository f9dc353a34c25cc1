"""House-keeping of callbacks."""

from models.callbacks import CallbackTry
from models.database import execute, transaction
from services.notifications.callbacks.webhook_secrets import forget_retired_secrets

MOST_AT_ONCE = 1000

_TABLES = {"batch": "batch", "record": "generation_record", "workflow": "workflow", "alert": "alert"}


async def clear_callbacks() -> int:
    """Removes secrets that sign no more, and ended deliveries whose subjects are gone; how many deliveries."""
    await forget_retired_secrets()
    return await transaction(_forget_orphans)


async def _forget_orphans() -> int:
    is_gone = " OR ".join(
        f"(subject = '{subject}' AND NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.id = subject_id))"
        for subject, table in _TABLES.items()
    )
    rows = await execute(
        "DELETE FROM callback_delivery WHERE id IN (SELECT id FROM callback_delivery"
        f" WHERE status <> 'PENDING' AND ({is_gone}) LIMIT {MOST_AT_ONCE}) RETURNING id"
    )
    await CallbackTry.filter(delivery_id__in=[row["id"] for row in rows]).delete()
    return len(rows)
