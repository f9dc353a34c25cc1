"""Signed links to files: making them, and telling a good one from a forged or expired one."""

import base64
import hashlib
import hmac
from enum import Enum
from urllib.parse import quote

# 32 bytes of SHA-256, so a signature cannot be guessed by trying.
_MESSAGE = "ekonte-file-link:1\n{file_id}\n{expires_at}"


class LinkState(Enum):
    GOOD = "good"
    FORGED = "forged"  # not signed by this server, or changed since
    EXPIRED = "expired"  # signed by this server, but its time is over


def sign(file_id: str, expires_at: int, key: bytes) -> str:
    """Signature of a link to `file_id` that is good until `expires_at`, in Unix seconds; base64url without padding."""
    message = _MESSAGE.format(file_id=file_id, expires_at=expires_at).encode()
    return base64.urlsafe_b64encode(hmac.digest(key, message, hashlib.sha256)).rstrip(b"=").decode()


def check(file_id: str, expires_at: str, signature: str, key: bytes, *, now: float) -> LinkState:
    """Whether a link as it came in may be followed at `now` (Unix seconds). Compares in constant time.

    Only a link that this server signed can be EXPIRED, so that guessing teaches nothing.
    """
    if not (expires_at.isascii() and expires_at.isdigit() and len(expires_at) <= 15):
        return LinkState.FORGED
    expected = sign(file_id, int(expires_at), key)
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "surrogatepass")):
        return LinkState.FORGED
    return LinkState.GOOD if now < int(expires_at) else LinkState.EXPIRED


def link_path(file_id: str, name: str, expires_at: int, key: bytes) -> str:
    """The path and query of a signed link: /files/<id>/<name>?expires=…&signature=….

    The name is for people and for saving; it is not signed, so renaming a file breaks no link.
    """
    signature = sign(file_id, expires_at, key)
    return f"/files/{quote(file_id, safe='')}/{quote(name, safe='')}?expires={expires_at}&signature={signature}"
