"""Fetches links from users, from public addresses only: every connection passes the address guard, including those of
redirects (`providers/guard.py`).
"""

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import anyio
import httpcore
import httpx

from errors import BadInputError, FileTooLargeError
from providers.answer_heads import end_head
from providers.guard import (
    CONNECT_SECONDS,
    LinkRefusedError,
    NameServiceUnavailableError,
    Resolve,
    guarded_pool,
    resolve,
)
from providers.retry_after import retry_after_seconds

MAX_REDIRECTS = 3
MAX_URL_CHARACTERS = 4096
READ_SECONDS = 20.0
TOTAL_SECONDS = 300.0
# Of a link that is fetched while its caller waits for the answer.
REQUEST_SECONDS = 60.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_TIMEOUTS = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": CONNECT_SECONDS}


# Statuses of a temporary failure: 408 Request Timeout, 425 Too Early, 429 Too Many Requests, and all of 5xx.
_TRANSIENT_STATUSES = frozenset({408, 425, 429})


class LinkNotFetchedError(BadInputError):
    """A link that could not be fetched. is_transient: a later request may succeed. retry_after_seconds: how long the
    server asks to wait (at most half an hour), if it does.
    """

    def __init__(
        self,
        message: str,
        *,
        path: Sequence[str | int] = (),
        is_transient: bool = False,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(message, path=path)
        self.is_transient = is_transient
        self.retry_after_seconds = retry_after_seconds


class _TemporaryRefusalError(LinkRefusedError):
    """The server responded that it is temporarily unavailable, perhaps with the seconds to wait."""

    def __init__(self, message: str, retry_after_seconds: float | None) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True)
class FetchedFile:
    """A fetched file: its path, the content type that the server sent (lower case), and its size in bytes."""

    path: Path
    content_type: str | None
    bytes: int


def parse_url(text: str) -> httpx.URL:
    """The URL, whose host can be read: httpx takes `https://xn--/` and `http://[1`. Raises httpx.InvalidURL."""
    try:
        urlsplit(text)
        url = httpx.URL(text)
        _ = url.host
    except ValueError:  # of idna too
        raise httpx.InvalidURL("The host cannot be read.") from None
    return url


def check_url(url: httpx.URL) -> None:
    """Raises LinkRefusedError if the URL itself, before any look-up, is not allowed."""
    if url.scheme not in ("http", "https"):
        raise LinkRefusedError("Only http and https links are fetched.")
    if url.userinfo:
        raise LinkRefusedError("A link must not hold a user name or password.")
    if not url.host:
        raise LinkRefusedError("The link has no host.")
    if url.port is not None and url.port not in (80, 443) and not 1024 < url.port < 65_536:
        raise LinkRefusedError("The link's port must be 80, 443 or above 1024.")


async def fetch_link(
    url: str,
    *,
    max_bytes: int,
    into: Path,
    allowed_private_hosts: Collection[str] = (),
    resolver: Resolve = resolve,
    total_seconds: float = TOTAL_SECONDS,
) -> FetchedFile:
    """Fetches the link into the file `into`, which must not exist and is removed again if anything fails.

    Hosts in `allowed_private_hosts` (`host` or `host:port`) may have private addresses. Raises LinkNotFetchedError,
    whose message names no address, or FileTooLargeError.
    """
    is_transient = True
    wait_seconds: float | None = None
    try:
        async with (
            asyncio.timeout(total_seconds),
            guarded_pool(allowed_private_hosts=allowed_private_hosts, resolver=resolver) as pool,
        ):
            return await _follow(pool, url, max_bytes, into)
    except LinkRefusedError as error:
        reason = str(error)
        is_transient = isinstance(error, NameServiceUnavailableError | _TemporaryRefusalError)
        wait_seconds = error.retry_after_seconds if isinstance(error, _TemporaryRefusalError) else None
    except TimeoutError:
        reason = "The download took too long."
    except httpcore.TimeoutException:
        reason = "The server did not respond in time."
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        reason = "The server could not be reached, or its response was not HTTP."
    except httpx.InvalidURL:
        reason = "It is not a valid URL."
        is_transient = False
    message = f"The link cannot be fetched. {reason}"
    raise LinkNotFetchedError(message, is_transient=is_transient, retry_after_seconds=wait_seconds)


async def _follow(pool: httpcore.AsyncConnectionPool, link: str, max_bytes: int, into: Path) -> FetchedFile:
    for _ in range(MAX_REDIRECTS + 1):
        if len(link) > MAX_URL_CHARACTERS:
            raise LinkRefusedError("The link is too long.")
        url = parse_url(link)
        check_url(url)
        async with pool.stream(
            "GET", _target(url), headers=_headers(url), extensions={"timeout": _TIMEOUTS}
        ) as response:
            end_head(response.extensions.items())
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status in REDIRECTS and "location" in headers:
                link = str(url.join(headers["location"]))
                continue
            if response.status != 200:
                message = f"The server responded with status {response.status}."
                if response.status >= 500 or response.status in _TRANSIENT_STATUSES:
                    raise _TemporaryRefusalError(message, retry_after_seconds(headers, datetime.now(UTC)))
                raise LinkRefusedError(message)
            if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
                raise LinkRefusedError("The server sent a compressed response, which was not requested.")
            size = await _save(response, headers.get("content-length", ""), max_bytes, into)
            content_type = headers.get("content-type", "").split(";")[0].strip().lower()
            return FetchedFile(into, content_type or None, size)
    raise LinkRefusedError(f"It redirects more than {MAX_REDIRECTS} times.")


def _target(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _headers(url: httpx.URL) -> list[tuple[bytes, bytes]]:
    # The body is saved as it was sent: nothing is decompressed, so a small response cannot become a large file.
    return [(b"Host", url.netloc), (b"User-Agent", b"Ekonte"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity")]


async def _save(response: httpcore.Response, declared: str, max_bytes: int, into: Path) -> int:
    too_large = FileTooLargeError(f"The linked file has more than {max_bytes:,} bytes.")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_large
    size = 0
    is_complete = False
    file = await anyio.open_file(into, "xb")
    try:
        async with file:
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > max_bytes:
                    raise too_large
                await file.write(chunk)
        is_complete = True
    finally:
        if not is_complete:
            await anyio.Path(into).unlink(missing_ok=True)
    return size
