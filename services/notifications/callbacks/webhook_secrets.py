"""The secrets that sign an owner's callbacks: created at first use, encrypted at rest, two valid during rotation."""

import secrets
from datetime import datetime

from models.database import execute, transaction
from models.sql import timestamp_sql
from services.notifications.callbacks.signing import secret_text
from services.platform.sealing import open_sealed, seal
from services.stores import webhook_secrets

KEY_BYTES = 32
OVERLAP_SECONDS = 24 * 3600
"How long the previous secret keeps signing beside the new one."


async def valid_secrets(owner: str) -> tuple[str, ...]:
    """The owner's valid secrets, newest first, each as whsec_ and base64; creates the first one.

    Raises ConfigurationError if no configured key decrypts them.
    """
    rows = await _valid(owner)
    if not any(retires_at is None for _, retires_at in rows):
        await _insert(owner)
        rows = await _valid(owner)
    return tuple(secret_text(open_sealed(sealed)) for sealed, _ in rows)


async def rotate_secret(owner: str) -> None:
    """Creates a new secret. The current one signs for OVERLAP_SECONDS more; an older one that still signed ends now."""

    async def body() -> None:
        while True:  # of two concurrent rotations, the later one retires the new secret of the earlier one
            await webhook_secrets.retire(owner, OVERLAP_SECONDS)
            if await _insert(owner):
                return

    await transaction(body)


async def delete_retired_secrets() -> int:
    """Deletes secrets whose overlap has ended; returns how many."""
    return await webhook_secrets.remove_retired()


async def _valid(owner: str) -> list[tuple[str, datetime | None]]:
    rows = await execute(
        "SELECT sealed, retires_at FROM webhook_secret"
        f" WHERE owner = ? AND (retires_at IS NULL OR retires_at > {timestamp_sql()}) ORDER BY id DESC",
        owner,
    )
    return [(row["sealed"], row["retires_at"]) for row in rows]


async def _insert(owner: str) -> bool:
    """Inserts a new current secret; returns False if there is one already."""
    return await webhook_secrets.insert(owner, seal(secrets.token_bytes(KEY_BYTES)))
