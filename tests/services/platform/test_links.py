"""The link guard: real servers on this machine for what is allowed, made-up addresses for what is not."""

import asyncio
import contextlib
import gzip
import ipaddress
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from errors import BadInputError, EkonteError, FileTooLargeError
from providers.guard import is_public, resolve
from services.platform.links import MAX_REDIRECTS, LinkNotFetchedError, fetch_link, parse_url


class Server:
    """A small HTTP server on 127.0.0.1 that answers each path with raw bytes and counts its requests."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.requests: list[str] = []
        self.delay_seconds = 0.0
        self.port = 0
        self.running: set[asyncio.Task[None]] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self.running.add(task)
        try:
            await self.answer(reader, writer)
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            await asyncio.sleep(self.delay_seconds)
            writer.write(self.answers.get(head.split(" ")[1], answer(b"not here", status="404 Not Found")))
            await writer.drain()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def allowed(self) -> tuple[str, ...]:
        return (f"127.0.0.1:{self.port}",)


def answer(body: bytes = b"", *, status: str = "200 OK", **headers: str) -> bytes:
    lines = {"Content-Length": str(len(body)), "Connection": "close"}
    lines.update({name.replace("_", "-"): value for name, value in headers.items()})
    return (
        f"HTTP/1.1 {status}\r\n".encode()
        + b"".join(f"{n}: {v}\r\n".encode() for n, v in lines.items())
        + b"\r\n"
        + body
    )


def redirect(to: str) -> bytes:
    return answer(status="302 Found", Location=to)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    state = Server()
    listening = await asyncio.start_server(state.serve, "127.0.0.1", 0)
    state.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield state
        for task in state.running:
            task.cancel()
        await asyncio.gather(*state.running, return_exceptions=True)


def resolver(*addresses: str) -> Callable[[str, int], Awaitable[list[str]]]:
    async def resolve_to(host: str, port: int) -> list[str]:
        return list(addresses)

    return resolve_to


async def refused(url: str, into: Path, **options: Any) -> EkonteError:
    with structlog.testing.capture_logs(), pytest.raises(EkonteError) as caught:
        await fetch_link(url, **{"max_bytes": 1000, "into": into, "total_seconds": 20.0, **options})
    assert not into.exists()
    return caught.value


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "fetched"


async def test_an_allowed_host_is_fetched(server: Server, into: Path) -> None:
    server.answers["/a.txt?x=1"] = answer(b"story" * 100, Content_Type="Text/Plain; charset=utf-8")
    file = await fetch_link(
        f"{server.address}/a.txt?x=1", max_bytes=500, into=into, allowed_private_hosts=server.allowed
    )
    assert (file.path, file.content_type, file.bytes) == (into, "text/plain", 500)
    assert into.read_bytes() == b"story" * 100


@pytest.mark.parametrize("allowed", [(), ("127.0.0.1:1",), ("localhost",), ("example.com",)])
async def test_a_private_host_that_is_not_allowed_is_never_asked(
    server: Server, into: Path, allowed: tuple[str, ...]
) -> None:
    server.answers["/"] = answer(b"inside")
    error = await refused(f"{server.address}/", into, allowed_private_hosts=allowed)
    assert isinstance(error, BadInputError)
    assert (
        error.message == "The link cannot be fetched. The link's host does not exist, or is not on the public internet."
    )
    assert server.requests == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "127.0.0.1.",
    ],
)
async def test_other_spellings_of_this_machine_are_this_machine(server: Server, into: Path, host: str) -> None:
    server.answers["/"] = answer(b"inside")
    await refused(f"http://{host}:{server.port}/", into)
    assert server.requests == []


PRIVATE = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255",
    "192.168.0.1", "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.8", "192.0.2.1", "198.18.0.1",
    "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::", "::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "::ffff:0:10.0.0.1",
    "fe80::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "64:ff9b::a00:1", "64:ff9b::808:808",
    "64:ff9b:1::1", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_addresses_of_special_use_are_not_public(address: str) -> None:
    assert not is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "100.63.255.255", "172.32.0.1", "::ffff:8.8.8.8", "2606:4700::1111"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", ["10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::a00:1"])
async def test_a_public_name_with_a_private_address_is_refused_without_saying_which(into: Path, address: str) -> None:
    error = await refused("http://films.example/", into, resolver=resolver(address))
    assert (
        error.message == "The link cannot be fetched. The link's host does not exist, or is not on the public internet."
    )
    assert address not in error.message


async def test_one_private_address_among_public_ones_refuses_the_name(into: Path) -> None:
    error = await refused("http://films.example/", into, resolver=resolver("8.8.8.8", "10.0.0.1"))
    assert "not on the public internet" in error.message


async def test_the_connection_goes_to_the_address_that_was_checked(server: Server, into: Path) -> None:
    """A name that answers differently each time is asked once; what was checked is what is connected to."""
    asked: list[str] = []

    async def changing(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.255.255.1"]

    server.answers["/"] = answer(b"right")
    await fetch_link(
        f"http://films.example:{server.port}/",
        max_bytes=10,
        into=into,
        allowed_private_hosts=("films.example",),
        resolver=changing,
    )
    assert asked == ["films.example"]
    assert f"Host: films.example:{server.port}".lower() in server.requests[0].lower()


async def test_https_asks_by_name_and_wants_a_certificate_that_is_trusted(into: Path, tmp_path: Path) -> None:
    """The connection goes to an address; the certificate must still be the name's, by an authority that is known."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "films.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("films.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = tmp_path / "server.pem"
    encoding = serialization.Encoding.PEM
    pem.write_bytes(
        certificate.public_bytes(encoding)
        + key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    asked_for: list[str | None] = []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    context.sni_callback = lambda connection, server_name, _: asked_for.append(server_name)
    requests: list[object] = []
    listening = await asyncio.start_server(lambda *streams: requests.append(streams), "127.0.0.1", 0, ssl=context)
    async with listening:
        port = listening.sockets[0].getsockname()[1]
        allowed = ("films.example",)
        url = f"https://films.example:{port}/"
        error = await refused(url, into, allowed_private_hosts=allowed, resolver=resolver("127.0.0.1"))
    assert "could not be reached" in error.message
    assert asked_for == ["films.example"]
    assert requests == []


async def test_an_allowed_name_does_not_allow_its_address(server: Server, into: Path) -> None:
    await refused(f"{server.address}/", into, allowed_private_hosts=("films.example",))
    assert server.requests == []


async def test_redirects_are_followed_a_few_times(server: Server, into: Path) -> None:
    for number in range(MAX_REDIRECTS):
        server.answers[f"/{number}"] = redirect(f"/{number + 1}" if number % 2 else f"{server.address}/{number + 1}")
    server.answers[f"/{MAX_REDIRECTS}"] = answer(b"at last")
    file = await fetch_link(f"{server.address}/0", max_bytes=10, into=into, allowed_private_hosts=server.allowed)
    assert file.bytes == 7
    server.answers[f"/{MAX_REDIRECTS}"] = redirect("/one-more")
    into.unlink()
    error = await refused(f"{server.address}/0", into, allowed_private_hosts=server.allowed)
    assert "redirects" in error.message


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://localhost:1/",
        "file:///etc/passwd",
        "http://u:p@127.0.0.1/",
        "gopher://x/",
        "//[::1]/",
    ],
)
async def test_each_redirect_passes_the_guard(server: Server, into: Path, target: str) -> None:
    server.answers["/"] = redirect(target)
    await refused(f"{server.address}/", into, allowed_private_hosts=server.allowed)
    assert len(server.requests) == 1


async def test_a_redirect_to_another_port_of_an_allowed_host_is_refused(server: Server, into: Path) -> None:
    server.answers["/"] = redirect(f"http://127.0.0.1:{server.port - 1}/")
    error = await refused(f"{server.address}/", into, allowed_private_hosts=server.allowed)
    assert "not on the public internet" in error.message


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://films.example/x", "Only http and https"),
        ("file:///etc/passwd", "Only http and https"),
        ("javascript:alert(1)", "Only http and https"),
        ("films.example/x", "Only http and https"),
        ("http://user:password@films.example/", "user name or password"),
        ("http://films.example:22/", "port"),
        ("http://films.example:25/", "port"),
        ("http:///x", "host"),
        ("http://films.example:99999/", ""),
        ("http://[::1/", ""),
        ("http://" + "x" * 5000, "too long"),
        ("http://a\x00b/", ""),
    ],
)
async def test_links_that_are_none_are_refused(into: Path, url: str, reason: str) -> None:
    error = await refused(url, into, resolver=resolver("8.8.8.8"))
    assert isinstance(error, BadInputError)
    assert reason in error.message
    assert "password@" not in error.message


async def test_a_file_over_the_limit_is_refused_though_its_length_is_hidden(server: Server, into: Path) -> None:
    server.answers["/declared"] = answer(b"x" * 1001)
    server.answers["/hidden"] = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + b"x" * 5000
    for path in ("/declared", "/hidden"):
        error = await refused(f"{server.address}{path}", into, allowed_private_hosts=server.allowed)
        assert isinstance(error, FileTooLargeError)


async def test_a_compressed_answer_is_not_unpacked(server: Server, into: Path) -> None:
    server.answers["/"] = answer(gzip.compress(b"x" * 1_000_000), Content_Encoding="gzip")
    error = await refused(f"{server.address}/", into, allowed_private_hosts=server.allowed, max_bytes=10_000_000)
    assert "compressed" in error.message
    assert "accept-encoding: identity" in server.requests[0].lower()


@pytest.mark.parametrize("raw", [b"nonsense\r\n\r\n", answer(status="500 Oops"), answer(status="206 Partial"), b""])
async def test_an_answer_that_is_none_is_bad_input(server: Server, into: Path, raw: bytes) -> None:
    server.answers["/"] = raw
    error = await refused(f"{server.address}/", into, allowed_private_hosts=server.allowed)
    assert isinstance(error, BadInputError)


async def test_an_answer_that_breaks_off_leaves_no_file(server: Server, into: Path) -> None:
    server.answers["/"] = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nConnection: close\r\n\r\nhalf"
    error = await refused(f"{server.address}/", into, allowed_private_hosts=server.allowed)
    assert isinstance(error, BadInputError)


async def test_the_whole_fetch_has_a_time_limit(server: Server, into: Path) -> None:
    server.delay_seconds = 30
    error = await refused(f"{server.address}/", into, allowed_private_hosts=server.allowed, total_seconds=0.2)
    assert "too long" in error.message


async def test_a_port_where_nobody_listens_says_nothing_of_addresses(server: Server, into: Path) -> None:
    port = server.port
    error = await refused(
        f"http://films.example:{port}/",
        into,
        allowed_private_hosts=("films.example",),
        resolver=resolver("127.0.0.2" if port else ""),
    )
    assert "127.0.0.2" not in error.message


async def test_a_name_that_is_nowhere_is_refused(into: Path) -> None:
    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError("no such name")

    for missing in (nowhere, resolver()):
        error = await refused("http://films.example/", into, resolver=missing)
        assert "does not exist" in error.message


async def test_proxies_of_the_environment_are_not_used(
    server: Server, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, server.address)
    error = await refused("http://films.example/", into, resolver=resolver("10.0.0.1"))
    assert "not on the public internet" in error.message
    assert server.requests == []


async def test_an_existing_file_is_not_written_over(server: Server, into: Path) -> None:
    server.answers["/"] = answer(b"new")
    into.write_bytes(b"old")
    with pytest.raises(FileExistsError):
        await fetch_link(f"{server.address}/", max_bytes=10, into=into, allowed_private_hosts=server.allowed)
    assert into.read_bytes() == b"old"


async def test_the_systems_resolver_knows_this_machine() -> None:
    assert "127.0.0.1" in await resolve("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("raw", "is_transient"),
    [
        (answer(status="503 Busy"), True),
        (answer(status="429 Too Many Requests"), True),
        (b"", True),
        (answer(status="404 Not Found"), False),
        (answer(status="206 Partial"), False),
        (redirect("ftp://127.0.0.1/a"), False),
    ],
)
async def test_a_refusal_says_whether_it_is_transient(
    server: Server, into: Path, raw: bytes, is_transient: bool
) -> None:
    server.answers["/"] = raw
    error = await refused(f"{server.address}/", into, allowed_private_hosts=server.allowed)
    assert isinstance(error, LinkNotFetchedError)
    assert error.is_transient is is_transient


async def test_a_host_that_does_not_exist_and_a_private_one_are_refused_alike_and_for_good(into: Path) -> None:
    errors = [
        await refused("http://pictures.example/a.png", into, resolver=resolver(*addresses))
        for addresses in ((), ("10.0.0.1",))
    ]
    assert errors[0].message == errors[1].message
    for error in errors:
        assert isinstance(error, LinkNotFetchedError)
        assert not error.is_transient


@pytest.mark.parametrize(
    "text",
    [
        "https://xn--/",
        "https://xn--a/",
        "http://[1",
        "https://\ud800/",
        "https://" + "\u00e9" * 80 + "/",
        "https://a/\x01",
    ],
)
async def test_a_link_whose_host_cannot_be_read_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(httpx.InvalidURL):
        parse_url(text)
    with pytest.raises(LinkNotFetchedError):
        await fetch_link(text, max_bytes=10, into=tmp_path / "file")
