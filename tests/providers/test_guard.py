"""The guarded httpx transport; refused addresses are tested with links."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpcore
import httpx
import pytest
import structlog

from providers.guard import GuardedTransport, LinkRefusedError, resolve


@pytest.fixture
async def port() -> AsyncIterator[Callable[[bytes], int]]:
    """A server that answers each request with the bytes of `answers`."""
    answers: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answers[-1])
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)

    def answering(answer: bytes) -> int:
        answers.append(answer)
        number: int = server.sockets[0].getsockname()[1]
        return number

    async with server:
        yield answering


def client(*allowed: str) -> httpx.AsyncClient:
    transport = GuardedTransport(allowed_private_hosts=allowed, max_connections=2)
    return httpx.AsyncClient(transport=transport, trust_env=False)


async def test_a_listed_host_is_asked(port: Callable[[bytes], int]) -> None:
    number = port(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: a\r\nConnection: close\r\n\r\nhello")
    async with client(f"127.0.0.1:{number}") as asking:
        answer = await asking.post(f"http://127.0.0.1:{number}/x?y=1", json={"a": 1})
    assert (answer.status_code, answer.text, answer.headers["x-kind"]) == (200, "hello", "a")


async def test_another_is_refused_as_a_connection_that_was_not_made(port: Callable[[bytes], int]) -> None:
    number = port(b"")
    async with client() as asking:
        with structlog.testing.capture_logs(), pytest.raises(httpx.ConnectError) as refused:
            await asking.get(f"http://127.0.0.1:{number}/")
    assert isinstance(refused.value.__cause__, LinkRefusedError)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (b"", httpx.RemoteProtocolError),
        (b"nonsense\r\n\r\n", httpx.RemoteProtocolError),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf", httpx.RemoteProtocolError),
    ],
)
async def test_faults_are_those_of_httpx(
    port: Callable[[bytes], int], answer: bytes, error: type[httpx.HTTPError]
) -> None:
    number = port(answer)
    async with client("127.0.0.1") as asking:
        with pytest.raises(error):
            await asking.get(f"http://127.0.0.1:{number}/")


async def test_a_port_where_nobody_listens_is_a_connection_that_was_not_made(port: Callable[[bytes], int]) -> None:
    listening = await asyncio.start_server(lambda *streams: None, "127.0.0.1", 0)
    number = listening.sockets[0].getsockname()[1]
    listening.close()
    await listening.wait_closed()
    async with client("127.0.0.1") as asking:
        with pytest.raises(httpx.ConnectError):
            await asking.get(f"http://127.0.0.1:{number}/")


def test_every_error_of_the_connections_has_its_twin_in_httpx() -> None:
    families = (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
        httpcore.ProxyError,
    )
    members = [kind for family in families for kind in (family, *family.__subclasses__())]
    assert all(issubclass(getattr(httpx, kind.__name__), httpx.TransportError) for kind in members)


async def test_names_whose_servers_do_not_answer_keep_no_other_lookup_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    look_up = socket.getaddrinfo

    def slow(host: str, *arguments: Any, **named: Any) -> Any:
        if host.startswith("silent"):
            answers.wait(30)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return look_up(host, *arguments, **named)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    silent = [asyncio.create_task(resolve(f"silent{number}.test", 443)) for number in range(40)]
    try:
        await asyncio.sleep(0)
        async with asyncio.timeout(60):
            assert await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 443)
    finally:
        answers.set()
        outcomes = await asyncio.gather(*silent, return_exceptions=True)
    assert {type(outcome) for outcome in outcomes} == {socket.gaierror}
