"""Session ids of accounts: sealed at rest, opened only where one is to be sent, known again by a keyed hash.

The hash's key is a random one that is kept sealed in the database: hashes outlive every other key.
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
    """The session, sealed; each time another text."""
    return sealing.seal(session.encode())


def open_session(sealed: str) -> str:
    """The session itself. Raises ConfigurationError where none of the keys opens it."""
    return open_sealed(sealed).decode()


def credential_of(account: Account) -> Credential:
    """The account as its provider needs it. Raises ConfigurationError where none of the keys opens its session."""
    site = account.site.value if account.site is not None else ""
    return Credential(account.id, site, open_session(account.session_sealed))


def fingerprint(session: str, hash_key: bytes) -> str:
    """64 hexadecimal digits: HMAC-SHA256, so that nobody without the key can try sessions against the database."""
    return hmac.new(hash_key, session.encode(), "sha256").hexdigest()


async def session_hash_key() -> bytes:
    """The key of this deployment's fingerprints, made at first use; processes that are first at once get one.

    Raises ConfigurationError where none of the keys opens it.
    """
    sealed = await fact(FACT)
    if sealed is None:
        await add_fact(FACT, sealing.seal(secrets.token_bytes(HASH_KEY_BYTES)))
        sealed = await fact(FACT)
    assert sealed is not None, "whoever was first has written it"
    return open_sealed(sealed)


async def check_encryption() -> None:
    """For the start: ConfigurationError where this process could not open the sessions of the database.

    The hash's key stands for all of them, since it is sealed anew after the last session is.
    """
    await session_hash_key()


async def reseal_all() -> int:
    """Seals everything with the first key that another one sealed, deleted accounts too; how many secrets it were.

    A secret that is changed meanwhile is left as it is then. Running it twice does nothing more.
    """
    count = await _reseal("account", "session_sealed", accounts.replace_seal)
    count += await _reseal("webhook_secret", "sealed", webhook_secrets.replace_seal)
    await set_fact(FACT, sealing.seal(await session_hash_key()))
    return count


async def _reseal(table: str, column: str, replace_seal: Callable[[int, str, str], Awaitable[bool]]) -> int:
    count, last_id = 0, 0
    # Accounts that were deleted long ago have lost their session: there is nothing to open.
    while rows := await execute(
        f"SELECT id, {column} AS sealed FROM {table} WHERE id > ? AND {column} <> '' ORDER BY id LIMIT ?",
        last_id,
        RESEAL_BATCH,
    ):
        for row in rows:
            anew = resealed(row["sealed"])
            if anew != row["sealed"] and await replace_seal(row["id"], row["sealed"], anew):
                count += 1
        last_id = rows[-1]["id"]
    return count
