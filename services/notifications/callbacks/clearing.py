"""House-keeping of callbacks."""

from models.database import transaction
from services.notifications.callbacks.webhook_secrets import delete_retired_secrets
from services.stores import callbacks
from services.stores.updates import Sql

_TABLES = {"batch": "batch", "record": "generation_record", "workflow": "workflow", "alert": "alert"}


async def clear_callbacks() -> int:
    """Removes secrets that sign no more, and ended deliveries whose subjects are gone; how many deliveries."""
    await delete_retired_secrets()
    return await transaction(_forget_orphans)


async def _forget_orphans() -> int:
    is_gone = " OR ".join(
        f"(subject = '{subject}' AND NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.id = subject_id))"
        for subject, table in _TABLES.items()
    )
    return await callbacks.remove_ended(Sql(is_gone))
