"""The link guard: fetches what a link from a user names, from public addresses only.

A name is looked up once, and the connection goes to the very address that was checked, so that a name cannot show one
address to the check and another to the connection. Each redirect passes the same guard. Proxies of the environment are
not used, since a proxy would look names up for itself.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

import anyio
import httpcore
import httpx
import structlog

from errors import BadInputError, FileTooLargeError

log = structlog.get_logger(__name__)

MAX_REDIRECTS = 3
MAX_URL_CHARACTERS = 4096
CONNECT_SECONDS = 10.0
READ_SECONDS = 20.0
TOTAL_SECONDS = 300.0
REDIRECTS = frozenset({301, 302, 303, 307, 308})

_TIMEOUTS = {"connect": CONNECT_SECONDS, "read": READ_SECONDS, "write": READ_SECONDS, "pool": CONNECT_SECONDS}

# Refused beyond what the ipaddress module knows (its tables differ between versions of Python): protocol assignments
# and 6to4 relays, the ways of carrying IPv4 inside IPv6 (RFC 6052, 3056, 4380, 4291, 2765), and site-local addresses.
_REFUSED_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "2002::/16",
        "2001::/23",
        "::/96",
        "::ffff:0:0:0/96",
        "fec0::/10",
    )
)

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Iterable[str]]]


class LinkRefusedError(Exception):
    """A link that the guard does not follow; the sentence names no address."""


@dataclass(frozen=True)
class FetchedFile:
    """What was fetched: where it lies, the content type that the other side claimed (lower case), its size in bytes."""

    path: Path
    content_type: str | None
    bytes: int


def is_public(address: IpAddress) -> bool:
    """Whether an address is of the public internet: of no machine, local network, carrier or special use."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if any(address in network for network in _REFUSED_NETWORKS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


def check_url(url: httpx.URL) -> None:
    """Raises LinkRefusedError where the link itself, before any look-up, is not one to follow."""
    if url.scheme not in ("http", "https"):
        raise LinkRefusedError("Only http and https links are fetched.")
    if url.userinfo:
        raise LinkRefusedError("A link must not hold a user name or password.")
    if not url.host:
        raise LinkRefusedError("The link names no host.")
    if url.port is not None and url.port not in (80, 443) and not 1024 < url.port < 65_536:
        raise LinkRefusedError("The link's port must be 80, 443 or above 1024.")


def _is_listed(host: str, port: int, allowed: Collection[str]) -> bool:
    name = host.lower().rstrip(".").strip("[]")
    shown = f"[{name}]" if ":" in name else name
    return any(entry.lower() in (name, shown, f"{shown}:{port}") for entry in allowed)


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to an address only after looking at it. The last door: every connection of the client passes here."""

    def __init__(self, *, allowed_private_hosts: Collection[str], resolver: Resolve) -> None:
        self._backend = httpcore.AnyIOBackend()
        self._allowed = allowed_private_hosts
        self._resolve = resolver

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        error: Exception | None = None
        for address in await self._addresses(host, port):
            try:
                return await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        raise error or httpcore.ConnectError("no address")

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        raise LinkRefusedError("Only http and https links are fetched.")

    async def sleep(self, seconds: float) -> None:
        await self._backend.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[IpAddress]:
        """The host's addresses, all of which are public; a name with one private address is refused as a whole."""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                found = await self._resolve(host.strip("[]"), port)
        except (OSError, TimeoutError, UnicodeError):
            raise LinkRefusedError("The link's host cannot be found.") from None
        addresses = [ipaddress.ip_address(text) for text in dict.fromkeys(found)]
        if not addresses:
            raise LinkRefusedError("The link's host cannot be found.")
        if not _is_listed(host, port, self._allowed) and not all(is_public(address) for address in addresses):
            log.warning("link.refused", host=host)
            raise LinkRefusedError("The link's host is not on the public internet.")
        return addresses


def guarded_pool(
    *, allowed_private_hosts: Collection[str] = (), resolver: Resolve = resolve
) -> httpcore.AsyncConnectionPool:
    """HTTP connections that are all guarded. They follow no redirect and know no proxy.

    What the guard refuses comes out of its requests as LinkRefusedError.
    """
    backend = GuardedBackend(allowed_private_hosts=allowed_private_hosts, resolver=resolver)
    return httpcore.AsyncConnectionPool(network_backend=backend, max_connections=1, retries=0)


async def fetch_link(
    url: str,
    *,
    max_bytes: int,
    into: Path,
    allowed_private_hosts: Collection[str] = (),
    resolver: Resolve = resolve,
    total_seconds: float = TOTAL_SECONDS,
) -> FetchedFile:
    """Fetches what the link names into the file `into`, which is made anew and removed again when anything fails.

    Hosts in `allowed_private_hosts` (`host` or `host:port`) may have
    private addresses. Raises BadInputError, whose reason names no address, or FileTooLargeError.
    """
    try:
        async with (
            asyncio.timeout(total_seconds),
            guarded_pool(allowed_private_hosts=allowed_private_hosts, resolver=resolver) as pool,
        ):
            return await _follow(pool, url, max_bytes, into)
    except LinkRefusedError as error:
        reason = str(error)
    except TimeoutError:
        reason = "It took too long."
    except httpcore.TimeoutException:
        reason = "The other side did not answer in time."
    except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol):
        reason = "The other side could not be reached, or did not speak HTTP."
    except httpx.InvalidURL:
        reason = "It is not a web address."
    raise BadInputError(f"The link cannot be fetched. {reason}")


async def _follow(pool: httpcore.AsyncConnectionPool, link: str, max_bytes: int, into: Path) -> FetchedFile:
    for _ in range(MAX_REDIRECTS + 1):
        if len(link) > MAX_URL_CHARACTERS:
            raise LinkRefusedError("The link is too long.")
        url = httpx.URL(link)
        check_url(url)
        async with pool.stream(
            "GET", _target(url), headers=_headers(url), extensions={"timeout": _TIMEOUTS}
        ) as response:
            headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers}
            if response.status in REDIRECTS and "location" in headers:
                link = str(url.join(headers["location"]))
                continue
            if response.status != 200:
                raise LinkRefusedError(f"The other side answered with status {response.status}.")
            if headers.get("content-encoding", "identity").strip().lower() not in ("identity", ""):
                raise LinkRefusedError("The other side sends it compressed, although it was asked not to.")
            size = await _save(response, headers.get("content-length", ""), max_bytes, into)
            content_type = headers.get("content-type", "").split(";")[0].strip().lower()
            return FetchedFile(into, content_type or None, size)
    raise LinkRefusedError(f"It redirects more than {MAX_REDIRECTS} times.")


def _target(url: httpx.URL) -> httpcore.URL:
    return httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)


def _headers(url: httpx.URL) -> list[tuple[bytes, bytes]]:
    # What is saved is what was sent: nothing is unpacked here, so a small answer cannot become a large file.
    return [(b"Host", url.netloc), (b"User-Agent", b"Ekonte"), (b"Accept", b"*/*"), (b"Accept-Encoding", b"identity")]


async def _save(response: httpcore.Response, declared: str, max_bytes: int, into: Path) -> int:
    too_large = FileTooLargeError(f"What the link names has more than {max_bytes:,} bytes.")
    if declared.isdecimal() and int(declared) > max_bytes:
        raise too_large
    size = 0
    is_whole = False
    file = await anyio.open_file(into, "xb")
    try:
        async with file:
            async for chunk in response.aiter_stream():
                size += len(chunk)
                if size > max_bytes:
                    raise too_large
                await file.write(chunk)
        is_whole = True
    finally:
        if not is_whole:
            await anyio.Path(into).unlink(missing_ok=True)
    return size
