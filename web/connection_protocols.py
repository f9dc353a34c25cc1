"""uvicorn's protocols with the limits of web.connection_watch."""

import asyncio
import socket
from collections.abc import Callable
from typing import Any

import h11
import orjson
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from errors import BadInputError, EkonteError, RateLimitedError
from web.connection_watch import CLOSING_SECONDS, ConnectionWatch, Refusal, body_is_overdue
from web.graphql_errors import error_body

_KEEPALIVE = (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))


class BoundedSocket:
    """What both protocols share: ends a connection that does not end, or whose client reads nothing."""

    def __init__(self, watch: ConnectionWatch) -> None:
        self._watch = watch
        self._seen_at: float | None = None
        self._closing_seconds = 0.0
        self._stalled_seconds = 0.0
        self._unsent_bytes = 0

    def end_if_stuck(self, transport: asyncio.Transport, *, is_write_paused: bool, passed: float) -> bool:
        """Whether the connection was cut. passed: seconds since the last call."""
        unsent = transport.get_write_buffer_size()
        is_stalled = is_write_paused and unsent >= self._unsent_bytes > 0
        self._unsent_bytes = unsent
        self._stalled_seconds = self._stalled_seconds + passed if is_stalled else 0.0
        self._closing_seconds = self._closing_seconds + passed if transport.is_closing() else 0.0
        is_stuck = self._closing_seconds > CLOSING_SECONDS or self._stalled_seconds > self._watch.limits.stalled_seconds
        if is_stuck:
            transport.abort()
        return is_stuck

    def passed(self, now: float) -> float:
        """Seconds since the last call; at first 0."""
        before, self._seen_at = self._seen_at, now
        return 0.0 if before is None else now - before


class BoundedHTTP(BoundedSocket, H11Protocol):
    """HTTP/1.1 with a limit of connections, and time-outs of head, body and reading."""

    def __init__(self, watch: ConnectionWatch, **options: Any) -> None:
        BoundedSocket.__init__(self, watch)
        H11Protocol.__init__(self, **options)
        self.host = ""
        self._is_refused = False
        self._head_since: float | None = None
        self._head_bytes = 0
        self._body_bytes = 0
        self._body_seconds = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.host = self.client[0] if self.client else ""
        self._head_since = self.loop.time()
        _find_dead_peers(transport, self._watch.limits.stalled_seconds)
        refusal = self._watch.admit(self)
        if refusal is not None:
            self._refuse(refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.left(self)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        if self.conn.their_state is h11.SEND_BODY:
            self._body_bytes += len(data)
        elif self._head_since is None and self._has_no_request:
            self._head_since = self.loop.time()
        self._head_bytes += len(data)
        cycle = self.cycle
        super().data_received(data)
        if self.cycle is not cycle:
            self._head_since, self._head_bytes = None, 0
            self._body_bytes, self._body_seconds = len(data), 0.0
            self._watch.works(self)
        if self._has_no_request:  # the answer may have been written meanwhile
            self._watch.waits(self)

    def on_response_complete(self) -> None:
        cycle = self.cycle
        super().on_response_complete()
        if self.cycle is cycle and self._has_no_request:
            self._head_bytes = 0
            self._watch.waits(self)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._head_since = None
        made = self.ws_protocol_class

        def replacing(**options: Any) -> asyncio.Protocol:
            assert made is not None
            protocol = made(**options)
            assert isinstance(protocol, BoundedWebSocket)
            protocol.host = self.host
            self._watch.replace(self, protocol)
            return protocol

        self.ws_protocol_class = replacing  # type: ignore[assignment]
        super().handle_websocket_upgrade(event)

    @property
    def _has_no_request(self) -> bool:
        return self.conn.their_state is h11.IDLE and (self.cycle is None or self.cycle.response_complete)

    def evict(self) -> None:
        self.transport.abort()

    def check(self, now: float) -> None:
        passed = self.passed(now)
        if self._is_refused:
            self._closing_seconds += passed
            if self._closing_seconds > CLOSING_SECONDS:
                self.transport.abort()
            return
        if self.end_if_stuck(self.transport, is_write_paused=self.flow.write_paused, passed=passed):
            return
        limits = self._watch.limits
        if self._head_since is not None and now - self._head_since > limits.head_seconds:
            self._end("The head of the request took too long.")
        elif self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            if not self.flow.read_paused and not self.cycle.waiting_for_100_continue:
                self._body_seconds += passed
            if body_is_overdue(self._body_seconds, self._body_bytes, limits):
                self._end("The body of the request came too slowly.")

    def _end(self, message: str) -> None:
        """Ends the connection for its slowness, with status 408 if an answer can still be sent."""
        self._head_since = None
        is_answered = self.cycle is not None and (self.cycle.response_started or self.cycle.response_complete)
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        if is_answered or self._head_bytes + self._body_bytes == 0 or self.transport.is_closing():
            self.transport.abort()
            return
        self.transport.write(_response(408, "Request Timeout", BadInputError(message)))
        self.transport.close()

    def _refuse(self, refusal: Refusal) -> None:
        self._is_refused = True
        self.connections.discard(self)
        if not self._watch.linger(self):
            self.transport.abort()
            return
        status, message = refusal.value
        reason = "Too Many Requests" if status == 429 else "Service Unavailable"
        self.transport.write(_response(status, reason, RateLimitedError(message)))
        # What the client sends is read and discarded until it closes: closing first would destroy the answer.
        if self.transport.can_write_eof():
            self.transport.write_eof()


class BoundedWebSocket(BoundedSocket, WebSocketsSansIOProtocol):
    """A WebSocket; uvicorn's pings find the clients that are gone, and this cuts those that uvicorn waits for."""

    def __init__(self, watch: ConnectionWatch, **options: Any) -> None:
        BoundedSocket.__init__(self, watch)
        WebSocketsSansIOProtocol.__init__(self, **options)
        self.host = ""

    def connection_lost(self, exc: Exception | None) -> None:
        self._watch.left(self)
        super().connection_lost(exc)

    def evict(self) -> None:
        self.transport.abort()

    def check(self, now: float) -> None:
        self.end_if_stuck(self.transport, is_write_paused=not self.writable.is_set(), passed=self.passed(now))


def bounded_protocols(
    watch: ConnectionWatch,
) -> tuple[Callable[..., BoundedHTTP], Callable[..., BoundedWebSocket]]:
    """The `http` and `ws` of a uvicorn configuration."""

    def http(**options: Any) -> BoundedHTTP:
        return BoundedHTTP(watch, **options)

    def websocket(**options: Any) -> BoundedWebSocket:
        return BoundedWebSocket(watch, **options)

    return http, websocket


def _find_dead_peers(transport: asyncio.Transport, seconds: float) -> None:
    """Has the kernel end a connection whose peer acknowledges nothing any more, where the system can."""
    connected = transport.get_extra_info("socket")
    if connected is None or connected.family not in (socket.AF_INET, socket.AF_INET6):
        return
    connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (*_KEEPALIVE, ("TCP_USER_TIMEOUT", int(seconds * 1000))):
        if (option := getattr(socket, name, None)) is not None:
            connected.setsockopt(socket.IPPROTO_TCP, option, value)


def _response(status: int, reason: str, error: EkonteError) -> bytes:
    body = orjson.dumps(error_body(error))
    head = (
        f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json; charset=utf-8\r\n"
        f"content-length: {len(body)}\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
    )
    return head.encode() + body
