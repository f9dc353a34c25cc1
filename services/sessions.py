"""Session ids of accounts: sealed at rest, opened only where one is to be sent, known again by a keyed hash.

Sealed with Fernet under EKONTE_ENCRYPTION_KEYS: the first key seals, all of them open, so a key is replaced by putting
a new one before it and, once `server.py reseal` has run, leaving it out. Without that setting the key is one made once
in the data folder. The hash's key is a random one that is kept sealed in the database: hashes outlive every other key.
"""

import functools
import hmac
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from errors import ConfigurationError
from models.accounts import Account
from models.database import execute
from providers.pooled import Credential
from services.data_folder import unusable_folder
from services.keys import made_once
from settings import get_settings

KEY_FILE = "encryption.key"
FACT = "session_hash_key"
HASH_KEY_BYTES = 32
RESEAL_BATCH = 500


def seal(session: str) -> str:
    """The session, sealed with the first key; each time another text."""
    return _keyring().encrypt(session.encode()).decode()


def open_session(sealed: str) -> str:
    """The session itself. Raises ConfigurationError where none of the keys opens it."""
    return _open(sealed).decode()


def resealed(sealed: str) -> str:
    """The same session under the first key; unchanged where that sealed it already."""
    return sealed if _opens(Fernet(_keys()[0]), sealed) else seal(open_session(sealed))


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
    rows = await execute("SELECT value FROM deployment_fact WHERE name = ?", FACT)
    if not rows:
        await execute(
            "INSERT INTO deployment_fact (name, value) VALUES (?, ?) ON CONFLICT (name) DO NOTHING RETURNING name",
            FACT,
            _keyring().encrypt(secrets.token_bytes(HASH_KEY_BYTES)).decode(),
        )
        rows = await execute("SELECT value FROM deployment_fact WHERE name = ?", FACT)
    return _open(rows[0]["value"])


async def check_encryption() -> None:
    """For the start: ConfigurationError where this process could not open the sessions of the database.

    The hash's key stands for all of them, since it is sealed anew after the last session is.
    """
    await session_hash_key()


async def reseal_all() -> int:
    """Seals everything with the first key that another one sealed, deleted accounts too; how many sessions it were.

    A session that is changed meanwhile is left as it is then. Running it twice does nothing more.
    """
    count, last_id = 0, 0
    while rows := await execute(
        "SELECT id, session_sealed FROM account WHERE id > ? ORDER BY id LIMIT ?", last_id, RESEAL_BATCH
    ):
        for row in rows:
            if (anew := resealed(row["session_sealed"])) != row["session_sealed"]:
                changed = await execute(
                    "UPDATE account SET session_sealed = ? WHERE id = ? AND session_sealed = ? RETURNING id",
                    anew,
                    row["id"],
                    row["session_sealed"],
                )
                count += len(changed)
        last_id = rows[-1]["id"]
    sealed_key = _keyring().encrypt(await session_hash_key()).decode()
    await execute("UPDATE deployment_fact SET value = ? WHERE name = ? RETURNING name", sealed_key, FACT)
    return count


# ---------------------------------------------------------------- keys


def _open(sealed: str) -> bytes:
    try:
        return _keyring().decrypt(sealed.encode())
    except InvalidToken:
        raise ConfigurationError(
            "EKONTE_ENCRYPTION_KEYS: none of the keys opens the session ids of this database. Name the key that sealed"
            " them, or give this process the data folder that has it (encryption.key)."
        ) from None


def _opens(key: Fernet, sealed: str) -> bool:
    try:
        key.decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def _keyring() -> MultiFernet:
    return _keyring_of(_keys())


@functools.lru_cache(maxsize=8)
def _keyring_of(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def _keys() -> tuple[str, ...]:
    settings = get_settings()
    return _configured(settings.encryption_keys) or (_local_key(settings.data_dir),)


def _configured(keys: tuple[SecretStr, ...]) -> tuple[str, ...]:
    return tuple(key.get_secret_value() for key in keys)


@functools.lru_cache(maxsize=8)
def _local_key(data_dir: Path) -> str:
    """The data folder's own key. Raises ConfigurationError where the folder cannot be used or the key is damaged."""
    path = data_dir / KEY_FILE
    try:
        key = made_once(path, Fernet.generate_key).decode("ascii", "replace")
    except OSError as error:
        raise unusable_folder(data_dir, error) from None
    try:
        Fernet(key)
    except ValueError:
        raise ConfigurationError(
            f"EKONTE_DATA_DIR: {path} is no Fernet key; bring back the one that sealed the session ids."
        ) from None
    return key
