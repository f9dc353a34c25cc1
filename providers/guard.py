"""SSRF protection: HTTP connections to public addresses and explicitly allowed private hosts only.

A name is resolved once, and the connection goes to the address that was checked, which prevents DNS rebinding. Proxies
of the environment are not used, since a proxy would resolve names itself.
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

from providers.answer_heads import BoundedHeadStream, end_head

log = structlog.get_logger(__name__)

CONNECT_SECONDS = 10.0
MAX_LOOKUPS = 128
"Concurrent DNS lookups of one process: twice the concurrent callbacks, so that links are not blocked by them."
KEEPALIVE_SECONDS = 15.0  # shorter than usual on servers, so that they do not close a connection during a request

# Refused in addition to the ipaddress module's tables, which differ between Python versions: protocol assignments, 6to4
# relays, IPv4 embedded in IPv6 (RFC 6052, 3056, 4380, 4291, 2765), and site-local addresses.
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

_NAME_SERVICE_ERRORS = frozenset({socket.EAI_AGAIN, socket.EAI_FAIL, socket.EAI_SYSTEM})

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[Iterable[str]]]


class LinkRefusedError(Exception):
    """A link that must not be fetched. The message contains no address."""


HOST_REFUSED = "The link's host does not exist, or is not on the public internet."
"The same for a name that does not exist and for one with a private address: otherwise refusals would list inner names."


class HostNotFoundError(LinkRefusedError):
    """The host cannot be resolved: it does not exist, or the name service is unavailable."""


class NameServiceUnavailableError(HostNotFoundError):
    """The name service did not answer."""


def is_public(address: IpAddress) -> bool:
    """Whether an address is public: not loopback, private, carrier-grade NAT or reserved for special use."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return is_public(address.ipv4_mapped)
    if any(address in network for network in _REFUSED_NETWORKS):
        return False
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


_lookups: WeakKeyDictionary[asyncio.AbstractEventLoop, anyio.CapacityLimiter] = WeakKeyDictionary()


async def resolve(host: str, port: int) -> list[str]:
    """The addresses of a host by the system's resolver.

    Runs in separate threads: a lookup that is never answered blocks its thread for half a minute, and in the event
    loop's small default pool it would delay all other connections.
    """
    capacity = _lookups.setdefault(asyncio.get_running_loop(), anyio.CapacityLimiter(MAX_LOOKUPS))
    look_up = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await anyio.to_thread.run_sync(look_up, limiter=capacity, abandon_on_cancel=True)
    return [str(entry[4][0]) for entry in found]


def _is_listed(host: str, port: int, allowed: Collection[str]) -> bool:
    name = host.lower().rstrip(".").strip("[]")
    shown = f"[{name}]" if ":" in name else name
    return any(entry.lower() in (name, shown, f"{shown}:{port}") for entry in allowed)


async def checked_addresses(
    host: str, port: int, *, allowed_private_hosts: Collection[str] = (), resolver: Resolve = resolve
) -> list[IpAddress]:
    """Resolves a host; all of its addresses must be public, unless it is listed in allowed_private_hosts.

    Raises LinkRefusedError, HostNotFoundError or NameServiceUnavailableError.
    """
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            found = await resolver(host.strip("[]"), port)
    except (OSError, TimeoutError, UnicodeError) as error:
        if isinstance(error, TimeoutError) or (isinstance(error, OSError) and error.errno in _NAME_SERVICE_ERRORS):
            raise NameServiceUnavailableError("The link's host cannot be looked up at the moment.") from None
        raise HostNotFoundError(HOST_REFUSED) from None
    addresses = [ipaddress.ip_address(text) for text in dict.fromkeys(found)]
    if not addresses:
        raise HostNotFoundError(HOST_REFUSED)
    if not _is_listed(host, port, allowed_private_hosts) and not all(is_public(address) for address in addresses):
        log.warning("link.refused", host=host)
        raise LinkRefusedError(HOST_REFUSED)
    return addresses


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Network backend that checks the address of every connection before connecting."""

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
                stream = await self._backend.connect_tcp(str(address), port, timeout, local_address, socket_options)
                return BoundedHeadStream(stream)
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
    """A connection pool with address checks, without redirects and proxies.

    Its requests raise LinkRefusedError for refused hosts.
    """
    backend = GuardedBackend(allowed_private_hosts=allowed_private_hosts, resolver=resolver)
    return httpcore.AsyncConnectionPool(
        network_backend=backend, max_connections=max_connections, keepalive_expiry=KEEPALIVE_SECONDS, retries=0
    )


class GuardedTransport(httpx.AsyncBaseTransport):
    """guarded_pool as a transport for httpx. A refused host raises ConnectError with LinkRefusedError as its cause."""

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
        end_head(answer.extensions.items())
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
    """Translates httpcore's exceptions into httpx's, which have the same names."""
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
