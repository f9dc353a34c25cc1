"""The secrets that sign an owner's callbacks: created at first use, encrypted at rest, two valid during rotation."""

import secrets
from dataclasses import dataclass

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


@dataclass(frozen=True)
class OpenSecret:
    """A secret that its owner may see. Reading it raises ConfigurationError if no configured key decrypts it."""

    row: WebhookSecret

    @property
    def text(self) -> str:
        """whsec_ and base64."""
        return secret_text(open_sealed(self.row.sealed))

    @property
    def hint(self) -> str:
        """The last characters of the secret, by which a person tells two of them apart."""
        return self.text.rstrip("=")[-HINT_CHARACTERS:]


async def valid_secrets(owner: str) -> tuple[str, ...]:
    """The owner's valid secrets, newest first, each as whsec_ and base64; creates the first one.

    Raises ConfigurationError if no configured key decrypts them.
    """
    rows = await _valid(owner)
    if not any(row.retires_at is None for row in rows):
        await _insert(owner)
        rows = await _valid(owner)
    return tuple(OpenSecret(row).text for row in rows)


async def shown_secrets(owner: str) -> tuple[WebhookSecret, ...]:
    """The rows of the owner's valid secrets, newest first; none before the first one was needed."""
    rows = await _valid(owner)
    return tuple(rows)


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
