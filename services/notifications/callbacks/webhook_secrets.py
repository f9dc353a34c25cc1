"""The secrets that sign an owner's callbacks: created at first use, encrypted at rest, two valid during rotation."""

import secrets

from models.callbacks import WebhookSecret
from models.database import execute, transaction
from models.sql import timestamp_sql
from services.notifications.callbacks.signing import secret_text
from services.platform.sealing import open_sealed, seal
from services.stores import webhook_secrets

KEY_BYTES = 32
HINT_CHARACTERS = 4
OVERLAP_SECONDS = 24 * 3600
"How long the previous secret keeps signing beside the new one."


async def valid_secrets(owner: str) -> tuple[str, ...]:
    """The owner's valid secrets, newest first, each as whsec_ and base64; creates the first one.

    Raises ConfigurationError if no configured key decrypts them.
    """
    rows = await _valid(owner)
    if not any(row.retires_at is None for row in rows):
        await _insert(owner)
        rows = await _valid(owner)
    return tuple(map(text_of, rows))


async def shown_secrets(owner: str) -> tuple[WebhookSecret, ...]:
    """The rows of the owner's valid secrets, newest first; none before the first one was needed."""
    rows = await _valid(owner)
    return tuple(rows)


def text_of(secret: WebhookSecret) -> str:
    """whsec_ and base64. Raises ConfigurationError if no configured key decrypts it."""
    return secret_text(open_sealed(secret.sealed))


def hint_of(secret: WebhookSecret) -> str:
    """The last characters of the secret, by which a person tells two of them apart."""
    return text_of(secret).rstrip("=")[-HINT_CHARACTERS:]


async def rotate_secret(owner: str) -> WebhookSecret:
    """Creates a new secret and returns it. The current one signs for OVERLAP_SECONDS more; an older one that still
    signed ends now.
    """

    async def body() -> WebhookSecret:
        while True:  # of two concurrent rotations, the later one retires the new secret of the earlier one
            await webhook_secrets.retire(owner, OVERLAP_SECONDS)
            if await _insert(owner):
                return next(row for row in await _valid(owner) if row.retires_at is None)

    return await transaction(body)


async def delete_retired_secrets() -> int:
    """Deletes secrets whose overlap has ended; returns how many."""
    return await webhook_secrets.remove_retired()


async def _valid(owner: str) -> list[WebhookSecret]:
    found = await execute(
        f"SELECT id FROM webhook_secret WHERE owner = ? AND (retires_at IS NULL OR retires_at > {timestamp_sql()})",
        owner,
    )
    return list(await WebhookSecret.filter(id__in=[row["id"] for row in found]).order_by("-id")) if found else []


async def _insert(owner: str) -> bool:
    """Inserts a new current secret; returns False if there is one already."""
    return await webhook_secrets.insert(owner, seal(secrets.token_bytes(KEY_BYTES)))
