"""The server's keys: one per purpose, derived from one secret, so that the key of one purpose is useless for another.

Derivation is HKDF-SHA256 (RFC 5869) with the purpose as its info. Without EKONTE_SECRET the secret is random, created
once in the data folder and readable by its owner only; it signs links and seals stored secrets, but not tokens.
Session ids have their own, replaceable keys (services/platform/sealing.py).
"""

import contextlib
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from errors import ConfigurationError
from services.platform.data_folder import unusable_folder
from settings import Settings

LOCAL_KEY_FILE = "local-secret.key"
KEY_BYTES = 32


class KeyPurpose(StrEnum):
    TOKENS = "tokens"
    FILE_LINKS = "file-links"


@dataclass(frozen=True)
class Keys:
    """Keys of 32 bytes. `tokens` is None if no secret is configured; no tokens can be created then."""

    tokens: bytes | None = field(repr=False)
    file_links: bytes = field(repr=False)


def derive_key(secret: bytes, purpose: KeyPurpose) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"ekonte/{purpose}".encode()).derive(secret)


def load_keys(settings: Settings) -> Keys:
    """Returns the keys of this deployment; creates the local secret if none is configured and none exists.

    Raises ConfigurationError if the data folder is unusable or the secret in it is damaged.
    """
    if settings.secret is not None:
        secret = settings.secret.get_secret_value().encode()
        tokens: bytes | None = derive_key(secret, KeyPurpose.TOKENS)
    else:
        try:
            secret = local_secret(settings.data_dir)
        except OSError as error:
            raise unusable_folder(settings.data_dir, error) from None
        except ValueError as error:
            raise ConfigurationError(f"EKONTE_DATA_DIR: {error}") from None
        tokens = None
    return Keys(
        tokens=tokens,
        file_links=derive_key(secret, KeyPurpose.FILE_LINKS),
    )


def local_secret(data_dir: Path) -> bytes:
    """Returns the random secret in `data_dir`, created on first use. Raises ValueError if it is damaged."""
    path = data_dir / LOCAL_KEY_FILE
    secret = create_once(path, lambda: secrets.token_bytes(KEY_BYTES))
    if len(secret) != KEY_BYTES:
        raise ValueError(f"{path} is not a key of {KEY_BYTES} bytes; remove it to create a new one.")
    return secret


def create_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """Returns the content of the file, which is created on first use with mode 600; two processes that start at once
    get the same content.

    The file appears under its name only when it is complete: it is written under another name and linked, and linking
    fails if another process was faster.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.parent / f".{path.name}.{secrets.token_hex(8)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(make())
                file.flush()
                os.fsync(file.fileno())
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
        finally:
            draft.unlink()
    return path.read_bytes()
