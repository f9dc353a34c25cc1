"""Writes the table webhook_secret, each function in the caller's transaction."""

from models.callbacks import WebhookSecret
from models.database import execute
from models.ids import new_id
from models.sql import timestamp_sql
from services.stores.updates import Sql, update


async def insert(owner: str, sealed: str) -> bool:
    """Inserts the owner's active secret; returns False if the owner already has one."""
    secret = WebhookSecret(id=new_id(), owner=owner, sealed=sealed)
    await WebhookSecret.bulk_create([secret], ignore_conflicts=True)
    return await WebhookSecret.exists(id=secret.id)


async def retire(owner: str, overlap_seconds: int) -> None:
    """Retires the active secret, which keeps signing for `overlap_seconds`; a secret that was retired before stops
    signing now. The row is locked, so that no other caller retires one at the same time.
    """
    is_active = Sql("owner = ? AND retires_at IS NULL", (owner,))
    for row in await update(WebhookSecret, {"retires_at": Sql(timestamp_sql(overlap_seconds))}, is_active):
        await execute(
            "DELETE FROM webhook_secret WHERE owner = ? AND retires_at IS NOT NULL AND id <> ? RETURNING id",
            owner,
            row["id"],
        )


async def remove_retired() -> int:
    """Removes secrets that no longer sign; returns how many."""
    return len(await execute(f"DELETE FROM webhook_secret WHERE retires_at <= {timestamp_sql()} RETURNING id"))


async def replace_seal(secret_id: int, previous: str, sealed: str) -> bool:
    """Replaces the sealed secret if it is still `previous`; returns whether it was."""
    where = Sql("id = ? AND sealed = ?", (secret_id, previous))
    return bool(await update(WebhookSecret, {"sealed": sealed}, where))
