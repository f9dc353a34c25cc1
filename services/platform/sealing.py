"""Encrypts secrets at rest with Fernet under EKONTE_ENCRYPTION_KEYS, and decrypts them where they are needed.

The first key encrypts, all of them decrypt. To replace a key, put the new one first, run `server.py reseal`, then
remove the old one. Without that setting, one key is created in the data folder.
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
    """Returns the secret, encrypted with the first key; the result differs each time."""
    return _keyring().encrypt(secret).decode()


def open_sealed(sealed: str) -> bytes:
    """Returns the decrypted secret. Raises ConfigurationError if no key decrypts it."""
    try:
        return _keyring().decrypt(sealed.encode())
    except InvalidToken:
        raise ConfigurationError(
            "EKONTE_ENCRYPTION_KEYS: none of the keys decrypts the secrets of this database. Add the key that encrypted"
            " them, or use the data folder that contains it (encryption.key)."
        ) from None


def resealed(sealed: str) -> str:
    """Returns the same secret under the first key; unchanged if that key sealed it."""
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
    """Keys by data folder, read or created on first use."""

    def __missing__(self, data_dir: Path) -> str:
        self[data_dir] = _local_key(data_dir)
        return self[data_dir]


def _local_key(data_dir: Path) -> str:
    """Returns the data folder's key. Raises ConfigurationError if the folder is unusable or the key is damaged."""
    path = data_dir / KEY_FILE
    try:
        key = create_once(path, Fernet.generate_key).decode("ascii", "replace")
    except OSError as error:
        raise unusable_folder(data_dir, error) from None
    try:
        Fernet(key)
    except ValueError:
        raise ConfigurationError(
            f"EKONTE_DATA_DIR: {path} is not a Fernet key; restore the one that encrypted the secrets of the database."
        ) from None
    return key
