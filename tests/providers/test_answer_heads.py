"""Bounds of the head of an answer, against servers that never end it."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpcore
import pytest

from providers.answer_heads import HEAD_BYTES, BoundedHeadStream, end_head
from services.platform.links import LinkNotFetchedError, fetch_link

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


@contextlib.asynccontextmanager
async def endless(first: bytes, again: bytes, pause_seconds: float) -> AsyncIterator[int]:
    """The port of a server that answers with `first`, and then with `again` until its client leaves."""

    handlers: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handler = asyncio.current_task()
        assert handler is not None
        handlers.add(handler)
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(first)
            while True:
                writer.write(again)
                await writer.drain()
                await asyncio.sleep(pause_seconds)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.transport.abort()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            for handler in handlers:
                handler.cancel()
            await asyncio.gather(*handlers)


async def opened(port: int, head_seconds: float = 30.0) -> BoundedHeadStream:
    stream = await httpcore.AnyIOBackend().connect_tcp("127.0.0.1", port)
    bounded = BoundedHeadStream(stream, head_seconds=head_seconds)
    await bounded.write(b"GET / HTTP/1.1\r\n\r\n")
    return bounded


async def read_on(stream: BoundedHeadStream) -> None:
    while True:
        await stream.read(65_536, timeout=20)


@pytest.mark.parametrize("again", [CONTINUE * 500, b"HTTP/1.1 200 OK\r\n", b"x-header: y\r\n" * 500])
async def test_a_link_whose_head_never_ends_is_given_up(tmp_path: Path, again: bytes) -> None:
    async with endless(CONTINUE, again, 0) as port:
        with pytest.raises(LinkNotFetchedError, match="not HTTP"):
            await fetch_link(
                f"http://127.0.0.1:{port}/",
                max_bytes=1000,
                into=tmp_path / "file",
                allowed_private_hosts=(f"127.0.0.1:{port}",),
            )
    assert not (tmp_path / "file").exists()


@pytest.mark.parametrize("again", [CONTINUE, b"x"])
async def test_a_head_that_drips_has_a_time_from_the_request_on(again: bytes) -> None:
    async with endless(b"", again, 0.01) as port:
        stream = await opened(port, head_seconds=0.3)
        with pytest.raises(httpcore.ReadTimeout):
            await read_on(stream)
        await stream.aclose()


async def test_a_body_is_not_bounded_as_its_head_is() -> None:
    async with endless(b"", b"x" * 10_000, 0) as port:
        stream = await opened(port)
        assert await stream.read(65_536)
        end_head([("network_stream", stream)])
        read = 0
        while read < 3 * HEAD_BYTES:
            read += len(await stream.read(65_536))
        await stream.write(b"GET / HTTP/1.1\r\n\r\n")  # the next head is bounded again
        with pytest.raises(httpcore.RemoteProtocolError):
            await read_on(stream)
        await stream.aclose()
