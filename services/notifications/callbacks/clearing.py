"""Cleanup of callback deliveries and secrets."""

from models.database import transaction
from services.notifications.callbacks.webhook_secrets import delete_retired_secrets
from services.stores import callbacks
from services.stores.updates import Sql

_TABLES = {"batch": "batch", "record": "generation_record", "workflow": "workflow", "alert": "alert"}


async def clear_callbacks() -> int:
    """Deletes retired secrets, and ended deliveries whose subjects are deleted; returns the number of deliveries."""
    await delete_retired_secrets()
    return await transaction(_delete_orphans)


async def _delete_orphans() -> int:
    is_gone = " OR ".join(
        f"(subject = '{subject}' AND NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.id = subject_id))"
        for subject, table in _TABLES.items()
    )
    return await callbacks.remove_ended(Sql(is_gone))
