"""Writes of the table webhook_secret, each in the caller's transaction."""

from models.callbacks import WebhookSecret
from models.database import execute
from models.ids import new_id
from models.sql import timestamp_sql
from services.stores.updates import Sql, update


async def insert(owner: str, sealed: str) -> bool:
    """A new present secret; False where the owner has one."""
    made = WebhookSecret(id=new_id(), owner=owner, sealed=sealed)
    await WebhookSecret.bulk_create([made], ignore_conflicts=True)
    return await WebhookSecret.exists(id=made.id)


async def retire(owner: str, overlap_seconds: int) -> None:
    """The present secret signs for so many seconds more, and one that was still doing so ends now. The retired one is
    locked, so that nobody else retires another one meanwhile.
    """
    retired = Sql("owner = ? AND retires_at IS NULL", (owner,))
    for row in await update(WebhookSecret, {"retires_at": Sql(timestamp_sql(overlap_seconds))}, retired):
        await execute(
            "DELETE FROM webhook_secret WHERE owner = ? AND retires_at IS NOT NULL AND id <> ? RETURNING id",
            owner,
            row["id"],
        )


async def remove_retired() -> int:
    """Removes secrets that sign no more; how many."""
    return len(await execute(f"DELETE FROM webhook_secret WHERE retires_at <= {timestamp_sql()} RETURNING id"))


async def replace_seal(secret_id: int, former: str, sealed: str) -> bool:
    """Writes a secret that was sealed anew; whether it was still the same."""
    where = Sql("id = ? AND sealed = ?", (secret_id, former))
    return bool(await update(WebhookSecret, {"sealed": sealed}, where))
