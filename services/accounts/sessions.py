"""Session ids of accounts: encrypted at rest, decrypted only to be sent, and identified by a keyed hash.

The hash key is random and stored encrypted in the database, so that hashes survive a rotation of the other keys.
"""

import hmac
import secrets
from collections.abc import Awaitable, Callable

from models.accounts import Account
from models.database import execute
from providers.pooled import Credential
from services.platform import sealing
from services.platform.deployment_facts import add_fact, fact, set_fact
from services.platform.sealing import open_sealed, resealed
from services.stores import accounts, webhook_secrets

FACT = "session_hash_key"
HASH_KEY_BYTES = 32
RESEAL_BATCH = 500


def seal(session: str) -> str:
    """The encrypted session; every call returns a different text."""
    return sealing.seal(session.encode())


def open_session(sealed: str) -> str:
    """The decrypted session. Raises ConfigurationError if no configured key decrypts it."""
    return open_sealed(sealed).decode()


def credential_of(account: Account) -> Credential:
    """The account's credential for its provider. Raises ConfigurationError if no key decrypts its session."""
    site = account.site.value if account.site is not None else ""
    return Credential(account.id, site, open_session(account.session_sealed))


def fingerprint(session: str, hash_key: bytes) -> str:
    """64 hexadecimal digits: HMAC-SHA256, so that sessions cannot be tested against the database without the key."""
    return hmac.new(hash_key, session.encode(), "sha256").hexdigest()


async def session_hash_key() -> bytes:
    """The key of this deployment's fingerprints, created at first use. Concurrent first calls get the same key.

    Raises ConfigurationError if no configured key decrypts it.
    """
    sealed = await fact(FACT)
    if sealed is None:
        await add_fact(FACT, sealing.seal(secrets.token_bytes(HASH_KEY_BYTES)))
        sealed = await fact(FACT)
    assert sealed is not None, "add_fact stored it, here or in another process"
    return open_sealed(sealed)


async def check_encryption() -> None:
    """Checks at startup that this process can decrypt the sessions; raises ConfigurationError if not.

    Decrypting the hash key is enough, since `reseal_all` re-encrypts it after the last session.
    """
    await session_hash_key()


async def reseal_all() -> int:
    """Re-encrypts with the first key all secrets encrypted with another key, including those of deleted accounts;
    returns how many.

    A secret that changes concurrently keeps its new value. Idempotent.
    """
    count = await _reseal("account", "session_sealed", accounts.replace_seal)
    count += await _reseal("webhook_secret", "sealed", webhook_secrets.replace_seal)
    await set_fact(FACT, sealing.seal(await session_hash_key()))
    return count


async def _reseal(table: str, column: str, replace_seal: Callable[[int, str, str], Awaitable[bool]]) -> int:
    count, last_id = 0, 0
    # The session of accounts deleted long ago was erased: there is nothing to decrypt.
    while rows := await execute(
        f"SELECT id, {column} AS sealed FROM {table} WHERE id > ? AND {column} <> '' ORDER BY id LIMIT ?",
        last_id,
        RESEAL_BATCH,
    ):
        for row in rows:
            replacement = resealed(row["sealed"])
            if replacement != row["sealed"] and await replace_seal(row["id"], row["sealed"], replacement):
                count += 1
        last_id = rows[-1]["id"]
    return count
