"""Secrets at rest: sealed with Fernet under EKONTE_ENCRYPTION_KEYS, and opened only where they are needed.

The first key seals, all of them open, so a key is replaced by putting a new one before it and, once `server.py reseal`
has run, leaving it out. Without that setting the key is one made once in the data folder.
"""

import functools
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import SecretStr

from errors import ConfigurationError
from services.platform.data_folder import unusable_folder
from services.platform.keys import create_once
from services.platform.runtime import runtime
from settings import get_settings

KEY_FILE = "encryption.key"


def seal(secret: bytes) -> str:
    """The secret, sealed with the first key; each time another text."""
    return _keyring().encrypt(secret).decode()


def open_sealed(sealed: str) -> bytes:
    """The secret itself. Raises ConfigurationError where none of the keys opens it."""
    try:
        return _keyring().decrypt(sealed.encode())
    except InvalidToken:
        raise ConfigurationError(
            "EKONTE_ENCRYPTION_KEYS: none of the keys opens the secrets of this database. Name the key that sealed"
            " them, or give this process the data folder that has it (encryption.key)."
        ) from None


def resealed(sealed: str) -> str:
    """The same secret under the first key; unchanged where that sealed it already."""
    return sealed if _opens(Fernet(_keys()[0]), sealed) else seal(open_sealed(sealed))


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
    return _configured(settings.encryption_keys) or (runtime().state(LocalKeys)[settings.data_dir],)


def _configured(keys: tuple[SecretStr, ...]) -> tuple[str, ...]:
    return tuple(key.get_secret_value() for key in keys)


class LocalKeys(dict[Path, str]):
    """Keys by their data folder, read or made at first use."""

    def __missing__(self, data_dir: Path) -> str:
        self[data_dir] = _local_key(data_dir)
        return self[data_dir]


def _local_key(data_dir: Path) -> str:
    """The data folder's own key. Raises ConfigurationError where the folder cannot be used or the key is damaged."""
    path = data_dir / KEY_FILE
    try:
        key = create_once(path, Fernet.generate_key).decode("ascii", "replace")
    except OSError as error:
        raise unusable_folder(data_dir, error) from None
    try:
        Fernet(key)
    except ValueError:
        raise ConfigurationError(
            f"EKONTE_DATA_DIR: {path} is no Fernet key; bring back the one that sealed the secrets of the database."
        ) from None
    return key
