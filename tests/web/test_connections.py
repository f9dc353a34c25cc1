"""Slow, silent, many and vanishing clients, as raw sockets against a server process with short time-outs."""

import contextlib
import json
import socket
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.web.processes import RunningServer, running_server

WAIT_SECONDS = 60.0
PER_ADDRESS = 12
HOST = b"host: localhost\r\n"
CHUNKED = b"transfer-encoding: chunked\r\n\r\n"


@pytest.fixture(scope="module")
def strict_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Its time-outs are short enough for tests to wait for. A proxy at 127.0.0.9 is trusted."""
    with running_server(
        tmp_path_factory.mktemp("strict"),
        EKONTE_REQUEST_HEAD_SECONDS="1",
        EKONTE_REQUEST_BODY_SECONDS="1",
        EKONTE_STALLED_SECONDS="1",
        EKONTE_KEEP_ALIVE_SECONDS="1",
        EKONTE_MAX_CONNECTIONS_PER_ADDRESS=str(PER_ADDRESS),
        EKONTE_TRUSTED_PROXIES="127.0.0.9",
    ) as server:
        yield server
        assert server.end() == 0
    assert not [line for line in server.log if "Traceback" in line]


def connect(server: RunningServer, source: str = "127.0.0.1") -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=WAIT_SECONDS, source_address=(source, 0))


def post(server: RunningServer, body: bytes, *headers: str, length: int | None = None) -> bytes:
    """A request on /graphql, or its beginning if `length` is more than that of the body."""
    head = [
        "POST /graphql HTTP/1.1",
        f"host: {server.url.removeprefix('http://')}",
        f"content-length: {len(body) if length is None else length}",
        *(headers or ("content-type: application/json",)),
    ]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def subscribe(server: RunningServer, field: str, *headers: str) -> bytes:
    body = json.dumps({"query": f"subscription {{ {field} }}"}).encode()
    return post(server, body, "content-type: application/json", "accept: text/event-stream", *headers)


def healthz(*headers: str) -> bytes:
    lines = "".join(f"{header}\r\n" for header in ("connection: close", *headers))
    return b"GET /healthz HTTP/1.1\r\n" + HOST + lines.encode() + b"\r\n"


def received_until_end(connection: socket.socket, drip: bytes = b"") -> bytes:
    """What the server sends until it closes, while a byte of `drip` is sent again and again."""
    received = b""
    deadline = time.monotonic() + WAIT_SECONDS
    connection.settimeout(0.1)
    while time.monotonic() < deadline:
        try:
            if drip:
                connection.sendall(drip)
            chunk = connection.recv(65536)
        except TimeoutError:
            continue
        except OSError:
            return received
        if not chunk:
            return received
        received += chunk
    raise AssertionError(f"the connection is still open after {received[-300:]!r}")


def wait_for_end(server: RunningServer, request_id: str) -> None:
    """Waits for the request's line in the log, which is written at its end."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not any(request_id in line for line in list(server.log)):
        assert time.monotonic() < deadline, "the request never ended"
        time.sleep(0.05)


JSON_BODY = ("content-type: application/json",)
MULTIPART = ("content-type: multipart/form-data; boundary=x", "x-requested-with: tests")
Slow = tuple[bytes | tuple[str, ...], bytes, bytes]
"""What is sent first (headers: of a body that does not come), what again and again, and the beginning of the answer."""

SLOW: dict[str, Slow] = {
    "nothing": (b"", b"", b""),
    "a head without an end": (b"GET / HTTP/1.1\r\nx: ", b"", b"HTTP/1.1 408"),
    "a slow head": (b"GET / HTTP/1.1\r\nx: ", b"a", b"HTTP/1.1 408"),
    "an idle connection": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\n", b"", b"HTTP/1.1 200"),
    "a slow second head": (b"GET /healthz HTTP/1.1\r\n" + HOST + b"\r\nGET", b"x", b"HTTP/1.1 200"),
    "a slow chunk": (
        b"POST /graphql HTTP/1.1\r\n" + HOST + b"transfer-encoding: chunked\r\n\r\n5;",
        b"x",
        b"HTTP/1.1 4",
    ),
    "a long line": (b"GET / HTTP/1.1\r\nx: " + b"a" * 20_000, b"", b"HTTP/1.1 400"),
    "many lines": (b"GET / HTTP/1.1\r\n" + b"x: a\r\n" * 4_000, b"", b"HTTP/1.1 400"),
    "TLS": (b"\x16\x03\x01\x02\x00", b"", b"HTTP/1.1 400"),
    "no body": (JSON_BODY, b"", b"HTTP/1.1 408"),
    "a slow body": (JSON_BODY, b" ", b"HTTP/1.1 408"),
    "no body after 100 Continue": ((*JSON_BODY, "expect: 100-continue"), b"", b"HTTP/1.1 100"),
    "no upload": (MULTIPART, b"", b"HTTP/1.1 408"),
    "a slow upload": (MULTIPART, b"-", b"HTTP/1.1 4"),
    "a slow body that was refused": (("content-type: text/plain",), b" ", b"HTTP/1.1 4"),
}


@pytest.fixture(scope="module")
def slow_clients(strict_server: RunningServer) -> dict[str, bytes]:
    """What each of SLOW was told until the server closed its connection; all at once, since each takes seconds."""

    def ended(number: int, first: bytes | tuple[str, ...], drip: bytes) -> bytes:
        request = first if isinstance(first, bytes) else post(strict_server, b"", *first, length=100_000)
        with connect(strict_server, f"127.0.2.{number}") as connection:
            with contextlib.suppress(ConnectionError):
                connection.sendall(request)
            return received_until_end(connection, drip)

    with ThreadPoolExecutor(len(SLOW)) as threads:
        told = [threads.submit(ended, number, *case[:2]) for number, case in enumerate(SLOW.values(), 1)]
        return {name: one.result() for name, one in zip(SLOW, told, strict=True)}


@pytest.mark.parametrize("name", SLOW)
def test_a_connection_that_is_too_slow_ends(slow_clients: dict[str, bytes], name: str) -> None:
    _, drip, expected = SLOW[name]
    if expected and drip and not slow_clients[name]:
        return  # a client that goes on writing may have its connection reset before it has read the answer
    assert slow_clients[name].startswith(expected)
    assert expected or slow_clients[name] == b""


def test_what_has_come_of_a_body_buys_time_for_the_rest(strict_server: RunningServer) -> None:
    body = json.dumps({"query": "{ hello }", "variables": {"x": "x" * 20_000}}).encode()
    headers = ("content-type: application/json", "connection: close")
    with connect(strict_server) as connection:
        connection.sendall(post(strict_server, body[:15_000], *headers, length=len(body)))
        time.sleep(3)  # a body of which nothing comes is ended after one
        connection.sendall(body[15_000:])
        received = received_until_end(connection)
    assert b'{"data":{"hello":"hello world"}' in received


def frame(**message: object) -> bytes:
    """A masked text frame of less than 126 bytes."""
    text = json.dumps(message).encode()
    return bytes([0x81, 0x80 | len(text)]) + b"\0\0\0\0" + text


def test_a_websocket_that_reads_nothing_is_cut(strict_server: RunningServer) -> None:
    handshake = (
        f"GET /graphql HTTP/1.1\r\nhost: {strict_server.url.removeprefix('http://')}\r\n"
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n"
        "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-protocol: graphql-transport-ws\r\n"
        "x-request-id: reads-no-frame\r\n\r\n"
    )
    with connect(strict_server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(handshake.encode())
        assert connection.recv(12) == b"HTTP/1.1 101"
        connection.sendall(frame(type="connection_init"))
        connection.sendall(frame(type="subscribe", id="1", payload={"query": "subscription { hurried }"}))
        wait_for_end(strict_server, "reads-no-frame")


def test_a_client_that_reads_nothing_is_cut(strict_server: RunningServer) -> None:
    with connect(strict_server) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(subscribe(strict_server, "hurried", "x-request-id: reads-nothing"))
        wait_for_end(strict_server, "reads-nothing")


@pytest.mark.parametrize("is_reset", [False, True], ids=["closed", "reset"])
@pytest.mark.parametrize("what", ["endless", "idle", "hurried", "upload", "json"])
def test_a_client_that_leaves_ends_its_request_and_no_error_is_logged(
    open_server: RunningServer, what: str, is_reset: bool
) -> None:
    request_id = f"left-{what}-{is_reset}"
    with connect(open_server) as connection:
        if what in ("upload", "json"):
            kind = "multipart/form-data; boundary=x" if what == "upload" else "application/json"
            begun = b'--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n{' if what == "upload" else b"{"
            headers = (f"content-type: {kind}", "x-requested-with: tests", f"x-request-id: {request_id}")
            connection.sendall(post(open_server, begun, *headers, length=5000))
        else:
            connection.sendall(subscribe(open_server, what, f"x-request-id: {request_id}"))
            assert connection.recv(100)
        if is_reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    wait_for_end(open_server, request_id)
    assert not [line for line in list(open_server.log) if request_id in line and "Traceback" in line]
    assert not [line for line in list(open_server.log) if "Exception in ASGI application" in line]


def test_connections_without_a_request_keep_nobody_out(strict_server: RunningServer) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(3 * PER_ADDRESS):
            stack.enter_context(connect(strict_server, "127.0.0.5"))
        connection = stack.enter_context(connect(strict_server, "127.0.0.5"))
        connection.sendall(healthz())
        assert received_until_end(connection).startswith(b"HTTP/1.1 200")


def test_an_address_with_all_its_connections_at_work_is_told_so(strict_server: RunningServer) -> None:
    with contextlib.ExitStack() as stack:
        for _ in range(PER_ADDRESS):
            connection = stack.enter_context(connect(strict_server, "127.0.0.6"))
            connection.sendall(subscribe(strict_server, "idle"))
            assert connection.recv(100)
        refused = stack.enter_context(connect(strict_server, "127.0.0.6"))
        told = received_until_end(refused)
        assert httpx.get(f"{strict_server.url}/healthz").status_code == 200
    assert told.startswith(b"HTTP/1.1 429")
    assert b"RATE_LIMITED" in told


def test_behind_a_trusted_proxy_its_clients_are_counted(strict_server: RunningServer) -> None:
    told = {}
    with contextlib.ExitStack() as stack:
        for _ in range(PER_ADDRESS):
            connection = stack.enter_context(connect(strict_server, "127.0.0.9"))
            connection.sendall(subscribe(strict_server, "idle", "x-forwarded-for: 198.51.100.7"))
            assert connection.recv(100)
        for peer, client in (
            ("127.0.0.9", "198.51.100.7"),
            ("127.0.0.9", "198.51.100.8"),
            ("127.0.0.9", "198.51.100.8, 198.51.100.7"),  # the last is what the proxy itself has seen
            ("127.0.0.7", "198.51.100.7"),  # a peer that is no proxy cannot say who it is
        ):
            connection = stack.enter_context(connect(strict_server, peer))
            connection.sendall(healthz(f"x-forwarded-for: {client}"))
            told[peer, client] = received_until_end(connection)
    assert [answer[9:12] for answer in told.values()] == [b"429", b"200", b"429", b"200"]
    assert b"RATE_LIMITED" in told["127.0.0.9", "198.51.100.7"]


def test_a_full_server_says_so(tmp_path: Path) -> None:
    with running_server(tmp_path, EKONTE_MAX_CONNECTIONS="16") as server, contextlib.ExitStack() as stack:
        for number in range(16):
            connection = stack.enter_context(connect(server, f"127.0.1.{number + 1}"))
            connection.sendall(subscribe(server, "idle"))
            assert connection.recv(100)
        told = received_until_end(stack.enter_context(connect(server)))
    assert told.startswith(b"HTTP/1.1 503")
