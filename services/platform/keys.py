"""The server's keys: each purpose has its own, derived from one secret, so that no key opens what another guards.

Derivation is HKDF-SHA256 (RFC 5869) with the purpose as its info. Without EKONTE_SECRET the secret is a random one,
made once in the data folder and readable by its owner alone; it signs links and seals stored secrets, but no tokens.
Session ids have keys of their own, which can be changed (services/platform/sealing.py).
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
    """Keys of 32 bytes. `tokens` is None where no secret is configured: then nobody can make a token."""

    tokens: bytes | None = field(repr=False)
    file_links: bytes = field(repr=False)


def derive_key(secret: bytes, purpose: KeyPurpose) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"ekonte/{purpose}".encode()).derive(secret)


def load_keys(settings: Settings) -> Keys:
    """The keys of this deployment; makes the local secret where none is configured and none was made before.

    Raises ConfigurationError where the data folder cannot be used, or the secret in it is damaged.
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
    """The random secret in `data_dir`, made at first use. Raises ValueError where it is damaged."""
    path = data_dir / LOCAL_KEY_FILE
    secret = create_once(path, lambda: secrets.token_bytes(KEY_BYTES))
    if len(secret) != KEY_BYTES:
        raise ValueError(f"{path} is not a key of {KEY_BYTES} bytes; remove it to have a new one made.")
    return secret


def create_once(path: Path, make: Callable[[], bytes]) -> bytes:
    """What is in the file, made at first use with mode 600; two processes that start at once get one.

    The file appears under its name only when it is whole: it is written aside and linked, and linking fails where
    another process was quicker.
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
