"""The address guard: connections to addresses of the public internet only, and to private hosts that are listed.

A name is looked up once, and the connection goes to the very address that was checked, so that a name cannot show one
address to the check and another to the connection. Proxies of the environment are not used, since a proxy would look
names up for itself.
"""

import asyncio
import contextlib
import ipaddress
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator
from functools import partial
from weakref import WeakKeyDictionary

import anyio
import anyio.to_thread
import httpcore
import httpx
import structlog

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
LOOKUPS_AT_ONCE = 128
"In one process: twice as many as there are callbacks at once, so that links find room beside them."
KEEPALIVE_SECONDS = 15.0  # shorter than servers keep a connection, so that it does not end under a request

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

_NAME_SERVICE_AWAY = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM})

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Iterable[str]]]


class LinkRefusedError(Exception):
    """A link that the guard does not follow; the sentence names no address."""


class HostNotFoundError(LinkRefusedError):
    """A host without an address, now: it does not exist, or the name service is away."""


class NameServiceAwayError(HostNotFoundError):
    """Nobody could say whether the host has an address."""


def is_public(address: IpAddress) -> bool:
    """Whether an address is of the public internet: of no machine, local network, carrier or special use."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if any(address in network for network in _REFUSED_NETWORKS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


_lookups: WeakKeyDictionary[asyncio.AbstractEventLoop, anyio.CapacityLimiter] = WeakKeyDictionary()


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver.

    In threads of its own: a name whose servers never answer keeps one for half a minute, and among the event loop's few
    it would keep all other connections waiting, too.
    """
    room = _lookups.setdefault(asyncio.get_running_loop(), anyio.CapacityLimiter(LOOKUPS_AT_ONCE))
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await anyio.to_thread.run_sync(look_up, limiter=room, abandon_on_cancel=True)
    return [str(entry[4][0]) for entry in found]


def _is_listed(host: str, port: int, allowed: Collection[str]) -> bool:
    name = host.lower().rstrip(".").strip("[]")
    shown = f"[{name}]" if ":" in name else name
    return any(entry.lower() in (name, shown, f"{shown}:{port}") for entry in allowed)


async def checked_addresses(
    host: str, port: int, *, allowed_private_hosts: Collection[str] = (), resolver: Resolve = resolve
) -> list[IpAddress]:
    """The host's addresses, all of which are public; a name with one private address is refused as a whole.

    Raises LinkRefusedError, HostNotFoundError or NameServiceAwayError.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await resolver(host.strip("[]"), port)
    except (OSError, TimeoutError, UnicodeError) as error:
        if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno in _NAME_SERVICE_AWAY):
            raise NameServiceAwayError("The link's host cannot be looked up at the moment.") from None
        raise HostNotFoundError("The link's host cannot be found.") from None
    addresses = [ipaddress.ip_address(text) for text in dict.fromkeys(found)]
    if not addresses:
        raise HostNotFoundError("The link's host cannot be found.")
    if not _is_listed(host, port, allowed_private_hosts) and not all(is_public(address) for address in addresses):
        log.warning("link.refused", host=host)
        raise LinkRefusedError("The link's host is not on the public internet.")
    return addresses


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
        return await checked_addresses(host, port, allowed_private_hosts=self._allowed, resolver=self._resolve)


def guarded_pool(
    *, allowed_private_hosts: Collection[str] = (), resolver: Resolve = resolve, max_connections: int = 1
) -> httpcore.AsyncConnectionPool:
    """HTTP connections that are all guarded. They follow no redirect and know no proxy.

    What the guard refuses comes out of its requests as LinkRefusedError.
    """
    backend = GuardedBackend(allowed_private_hosts=allowed_private_hosts, resolver=resolver)
    return httpcore.AsyncConnectionPool(
        network_backend=backend, max_connections=max_connections, keepalive_expiry=KEEPALIVE_SECONDS, retries=0
    )


class GuardedTransport(httpx.AsyncBaseTransport):
    """A guarded pool for an httpx client. What the guard refuses is a ConnectError, whose cause is LinkRefusedError."""

    def __init__(
        self, *, allowed_private_hosts: Collection[str] = (), resolver: Resolve = resolve, max_connections: int
    ) -> None:
        self._pool = guarded_pool(
            allowed_private_hosts=allowed_private_hosts, resolver=resolver, max_connections=max_connections
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not isinstance(request.stream, httpx.AsyncByteStream):
            raise TypeError("the body must be readable without blocking")
        url = request.url
        with _httpx_errors():
            answer = await self._pool.handle_async_request(
                httpcore.Request(
                    request.method,
                    httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_GuardedStream(answer), extensions=answer.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _GuardedStream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextlib.contextmanager
def _httpx_errors() -> Iterator[None]:
    """Errors of httpcore as those of httpx, which have the same names."""
    try:
        yield
    except LinkRefusedError as error:
        raise httpx.ConnectError(str(error)) from error
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.UnsupportedProtocol,
        httpcore.ProxyError,
    ) as error:
        raise getattr(httpx, type(error).__name__)(str(error)) from None
