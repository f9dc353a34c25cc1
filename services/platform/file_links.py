"""Creates signed links to files, and checks them."""

import base64
import hashlib
import hmac
import math
import mimetypes
import time
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from urllib.parse import quote

from models.files import StoredFile
from services.platform.keys import load_keys
from settings import Settings

STEPS_PER_LIFETIME = 24
MAX_NAME_CHARACTERS = 120
MAX_ENDING_CHARACTERS = 10
_SEPARATORS = frozenset('/\\:*?"<>|')  # of paths here and on Windows
_UNSAFE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_JOINERS = frozenset("\u200c\u200d")
_UNSPECIFIED = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - shown, not listened on

# 32 bytes of SHA-256, so a signature cannot be found by brute force.
_MESSAGE = "ekonte-file-link:1\n{file_id}\n{expires_at}"


class LinkState(Enum):
    GOOD = "good"
    FORGED = "forged"  # not signed by this server, or changed since
    EXPIRED = "expired"  # signed by this server, but past its expiry time


def sign(file_id: str, expires_at: int, key: bytes) -> str:
    """Returns the signature of a link to `file_id` that expires at `expires_at`, in Unix seconds; base64url without
    padding.
    """
    message = _MESSAGE.format(file_id=file_id, expires_at=expires_at).encode()
    return base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=").decode()


def check(file_id: str, expires_at: str, signature: str, key: bytes, *, now: float) -> LinkState:
    """Returns the state of a received link at `now` (Unix seconds). Compares in constant time.

    Only a link that this server signed can be EXPIRED, so a guessed link reveals nothing.
    """
    if not (expires_at.isascii() and expires_at.isdigit() and len(expires_at) <= 15):
        return LinkState.FORGED
    expected = sign(file_id, int(expires_at), key)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
        return LinkState.FORGED
    return LinkState.GOOD if now < int(expires_at) else LinkState.EXPIRED


def link_path(file_id: str, name: str, expires_at: int, key: bytes) -> str:
    """Returns the path and query of a signed link: /files/<id>/<name>?expires=…&signature=….

    The name is for display and for saving; it is not signed, so renaming a file breaks no link.
    """
    signature = sign(file_id, expires_at, key)
    return f"/files/{quote(file_id, safe='')}/{quote(name, safe='')}?expires={expires_at}&signature={signature}"


@dataclass(frozen=True)
class FileLinks:
    """Creates links that are valid for at least `seconds`. `base` precedes their path, e.g. "https://example.org"."""

    key: bytes
    seconds: int
    base: str = ""
    now: Callable[[], float] = time.time

    def url(self, file: StoredFile) -> str:
        """Returns the same link for a period (a 24th of its lifetime), so that browsers can cache the file."""
        step = max(1, self.seconds // STEPS_PER_LIFETIME)
        expires_at = math.ceil((self.now() + self.seconds) / step) * step
        return self.base + link_path(file.global_id, file_name(file), expires_at, self.key)


def file_name(file: StoredFile) -> str:
    """Returns the file's own name as `safe_name`, or one made from its hash and content type."""
    return safe_name(file.name) or f"{file.sha256[:12]}{mimetypes.guess_extension(file.content_type) or ''}"


def safe_name(name: str) -> str:
    """Returns a name that is one segment of a path in every client, proxy and file system; "" if nothing is left of it.

    Separators, control characters and invisible marks (of direction, for one) become "_"; those that join emoji stay.
    Dots and spaces go from its ends, as "." and ".." name folders. At most MAX_NAME_CHARACTERS, the ending kept.
    """
    kept = "".join("_" if _is_unsafe(character) else character for character in name).strip(". ")
    if not kept.strip("_"):
        return ""
    if len(kept) <= MAX_NAME_CHARACTERS:
        return kept
    stem, dot, ending = kept.rpartition(".")
    if not dot or len(ending) > MAX_ENDING_CHARACTERS:
        return kept[:MAX_NAME_CHARACTERS]
    return f"{stem[: MAX_NAME_CHARACTERS - len(ending) - 1].rstrip('. ')}.{ending}"


def _is_unsafe(character: str) -> bool:
    if character in _SEPARATORS:
        return True
    # Control characters, formats, surrogates, unassigned and private ones; line and paragraph separators.
    return unicodedata.category(character) in _UNSAFE_CATEGORIES and character not in _JOINERS


def links_of(settings: Settings, *, is_absolute: bool = False) -> FileLinks:
    """Returns the links of this deployment. They start with EKONTE_PUBLIC_URL; without it they are paths, or, if
    is_absolute, start with the address that the server listens on.
    """
    base = own_address(settings) if settings.public_url is None and is_absolute else (settings.public_url or "")
    return FileLinks(load_keys(settings).file_links, settings.link_seconds, base.rstrip("/"))


def own_address(settings: Settings) -> str:
    """Returns the server's URL for clients on this machine."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{_UNSPECIFIED.get(settings.host, host)}:{settings.port}"
