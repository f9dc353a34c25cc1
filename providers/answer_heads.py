"""Bounds of the head of an answer that a stranger's server sends: in bytes, and in time from the request to its end.

Interim answers (100 Continue) come before the head, as many as a server likes, and httpcore reads them all; a time-out
between two reads never ends such a stream.
"""

import ssl
import time
from collections.abc import Iterable
from typing import Any

import httpcore

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 30.0
# One read of interim answers is parsed at once, in 30 ms for 16 kB.
_READ_BYTES = 16 * 1024


class BoundedHeadStream(httpcore.AsyncNetworkStream):
    """A connection. Whoever has the head of an answer says so by `head_is_over`; a request begins the next one.

    Reads raise ReadTimeout or RemoteProtocolError when the head exceeds its bounds.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream, *, head_seconds: float = HEAD_SECONDS) -> None:
        self._stream = stream
        self._head_seconds = head_seconds
        self._deadline: float | None = None
        self._bytes = 0

    def head_is_over(self) -> None:
        self._deadline = None

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        if self._deadline is None:
            return await self._stream.read(max_bytes, timeout)
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout("the head of the answer took too long")
        if self._bytes >= HEAD_BYTES:
            raise httpcore.RemoteProtocolError("the head of the answer is too long")
        read = await self._stream.read(min(max_bytes, _READ_BYTES), left if timeout is None else min(left, timeout))
        self._bytes += len(read)
        return read

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)
        # From the last part of the request on.
        self._deadline, self._bytes = time.monotonic() + self._head_seconds, 0

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        secured = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return BoundedHeadStream(secured, head_seconds=self._head_seconds)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def end_head(extensions: Iterable[tuple[str, Any]]) -> None:
    """To be called with the extensions of an answer of httpcore whose head is there."""
    stream = dict(extensions).get("network_stream")
    if isinstance(stream, BoundedHeadStream):
        stream.head_is_over()
