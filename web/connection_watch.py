"""Which connections are open, how many there may be, and how long they may wait; uvicorn bounds none of it.

Times are seconds of the event loop's clock. web.connection_protocols tells what happens, and does what is decided here.
"""

import asyncio
import ipaddress
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

import structlog

log = structlog.get_logger(__name__)

# A body may be slower than this only for the first `body_seconds`. The slowest mobile network brings several times it.
MIN_BODY_BYTES_PER_SECOND = 1024
CHECK_SECONDS = 1.0
# A connection that is being closed, or was refused, may take this long to deliver what was written last.
CLOSING_SECONDS = 5.0
# Refusals are logged together, since somebody who causes them causes many.
LOG_SECONDS = 60.0
# Refused connections that are still open, at most; more are cut without an answer.
MAX_REFUSED = 64

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


@dataclass(frozen=True)
class ConnectionLimits:
    """connections, per_address: how many may be open. head_seconds: from the first moment of a connection, or the first
    byte of a further request, until the head of the request is there. body_seconds: see `body_is_overdue`.
    stalled_seconds: how long a client may read nothing of an answer. proxies: peers that are not counted as an address.
    """

    connections: int = 2000
    per_address: int = 500
    head_seconds: float = 10
    body_seconds: float = 30
    stalled_seconds: float = 60
    proxies: tuple[Network, ...] = ()


class Refusal(Enum):
    """Why a connection is refused: its status and message."""

    ADDRESS = (429, "Too many connections from your address. Close some, or reuse them.")
    FULL = (503, "The server has as many connections as it may have. Try again in a moment.")


def body_is_overdue(waited_seconds: float, received_bytes: int, limits: ConnectionLimits) -> bool:
    """Whether a body comes too slowly. waited_seconds: how long the server was ready to read it. Each received byte
    buys time, so that large bodies need a rate and no shorter time than they take.
    """
    return waited_seconds > limits.body_seconds + received_bytes / MIN_BODY_BYTES_PER_SECOND


def address_key(host: str) -> str:
    """What is counted as one address: an IPv4 address, or the /64 network that a subscriber has of IPv6."""
    try:
        address = ipaddress.ip_address(host.split("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)


def is_in(host: str, networks: Collection[Network]) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return any(address in network for network in networks)


class Watched(Protocol):
    """A connection, as the watch sees it."""

    host: str

    def check(self, now: float) -> None:
        """Called every CHECK_SECONDS: ends the connection if it has waited for too long."""

    def evict(self) -> None:
        """Ends the connection at once; it has no request."""


class ConnectionWatch:
    """The open connections of one server. Those without a request make room for new ones, the oldest first, so that
    somebody who opens many and sends nothing keeps nobody out.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: dict[Watched, str | None] = {}
        self._counts: Counter[str] = Counter()
        # Connections without a request, oldest first: all, and those of each address.
        self._waiting: dict[Watched, None] = {}
        self._waiting_of: dict[str, dict[Watched, None]] = {}
        self._refused: set[Watched] = set()
        self._refusals = 0

    @property
    def open(self) -> int:
        return len(self._open)

    @property
    def refused(self) -> int:
        return len(self._refused)

    def admit(self, connection: Watched) -> Refusal | None:
        """Counts a new connection, which has no request yet; another one without a request may have to go for it.
        If it must be refused the reason, and it is not counted.
        """
        key = None if is_in(connection.host, self.limits.proxies) else address_key(connection.host)
        if (
            key is not None
            and self._counts[key] >= self.limits.per_address
            and not self._evict(self._waiting_of.get(key))
        ):
            return Refusal.ADDRESS
        if self.open >= self.limits.connections and not self._evict(self._waiting):
            return Refusal.FULL
        self._add(connection, key)
        self.waits(connection)
        return None

    def replace(self, old: Watched, new: Watched) -> None:
        """A connection goes on with another protocol."""
        key = self._open.get(old)
        self.left(old)
        self._add(new, key)

    def waits(self, connection: Watched) -> None:
        """The connection has no request. Twice: no change."""
        if connection in self._open and connection not in self._waiting:
            self._waiting[connection] = None
            if (key := self._open[connection]) is not None:
                self._waiting_of.setdefault(key, {})[connection] = None

    def works(self, connection: Watched) -> None:
        """The connection has a request. Twice: no change."""
        if connection not in self._waiting:
            return
        del self._waiting[connection]
        if (key := self._open[connection]) is not None:
            del self._waiting_of[key][connection]
            if not self._waiting_of[key]:
                del self._waiting_of[key]

    def left(self, connection: Watched) -> None:
        """The connection has ended. Twice: no change."""
        self._refused.discard(connection)
        if connection not in self._open:
            return
        self.works(connection)
        if (key := self._open.pop(connection)) is not None:
            self._counts[key] -= 1
            if self._counts[key] <= 0:
                del self._counts[key]

    def linger(self, connection: Watched) -> bool:
        """Whether a refused connection may stay open until its client has read why."""
        self._refusals += 1
        if len(self._refused) >= MAX_REFUSED:
            return False
        self._refused.add(connection)
        return True

    async def run(self) -> None:
        """Checks all connections again and again, until it is cancelled."""
        loop = asyncio.get_running_loop()
        told_at = loop.time() - LOG_SECONDS
        while True:
            await asyncio.sleep(CHECK_SECONDS)
            if self._refusals and loop.time() - told_at >= LOG_SECONDS:
                log.warning("connections.refused", count=self._refusals, open=self.open)
                told_at, self._refusals = loop.time(), 0
            for number, connection in enumerate([*self._open, *self._refused]):
                connection.check(loop.time())
                if number % 500 == 499:
                    await asyncio.sleep(0)

    def _add(self, connection: Watched, key: str | None) -> None:
        self._open[connection] = key
        if key is not None:
            self._counts[key] += 1

    def _evict(self, waiting: dict[Watched, None] | None) -> bool:
        if not waiting:
            return False
        oldest = next(iter(waiting))
        self.left(oldest)
        oldest.evict()
        return True
