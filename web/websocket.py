"""graphql-transport-ws connections: token expiry, limits, and a context per operation."""

import asyncio
import contextlib
import functools
from collections.abc import Mapping
from typing import Any, Protocol, cast

from starlette.websockets import WebSocketDisconnect, WebSocketState
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.http.exceptions import WebSocketDisconnected
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler
from strawberry.subscriptions.protocols.graphql_transport_ws.types import (
    ConnectionInitMessage,
    Message,
    SubscribeMessage,
)

from errors import EkonteError, RateLimitedError
from services.platform.identity import Viewer
from services.platform.metrics.recording import record_refused_request
from services.platform.presence import Held, holding
from web.graphql_errors import error_body

# The protocol's code for Forbidden. Clients reconnect after it, possibly with a new token.
FORBIDDEN = 4403
# Clients do not reconnect by themselves after it.
TOO_MANY = 4429


class View(Protocol):
    """The part of the view that a connection uses."""

    def make_context(self, viewer: Viewer) -> object: ...

    async def wait_until_over(self, viewer: Viewer) -> str:
        """Returns why the caller's token is no longer accepted, as soon as that is so."""

    async def admit_operation(self, request: dict[str, Any], viewer: Viewer) -> str:
        """The document to execute. Raises EkonteError if the operation must not be executed."""


class Connection:
    """State of a WebSocket connection; `viewer` is None until it is authenticated."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.connection_params: dict[str, object] = {}
        self.viewer: Viewer | None = None


class TextWebSocketAdapter(ASGIWebSocketAdapter):
    """Sends JSON as text frames, as the protocol requires, although the encoder produces bytes."""

    async def send_json(self, message: Mapping[str, object]) -> None:
        try:
            await self.ws.send_text(self.view.encode_json_string(message))
        except WebSocketDisconnect as error:
            raise WebSocketDisconnected from error

    async def close(self, code: int, reason: str) -> None:
        if self.ws.application_state is not WebSocketState.DISCONNECTED:
            # A reason has at most 123 bytes in a close frame.
            await super().close(code, reason.encode()[:123].decode("utf-8", "ignore"))


class TransportHandler(BaseGraphQLTransportWSHandler[Any, None]):
    """One connection. `context` is created per operation, since data loaders live for one operation."""

    _expiry: asyncio.Task[None] | None = None

    @functools.cached_property
    def _held(self) -> contextlib.ExitStack:
        return contextlib.ExitStack()

    @property
    def context(self) -> Any:
        if self._connection.viewer is None:
            return self._connection
        return self._connection.view.make_context(self._connection.viewer)

    @context.setter
    def context(self, connection: Connection) -> None:
        self._connection = connection

    async def handle_connection_init(self, message: ConnectionInitMessage) -> None:
        # Clients without a payload send null, or none.
        given = message if message.get("payload") is not None else {**message, "payload": {}}
        await super().handle_connection_init(given)
        viewer = self._connection.viewer
        if self.connection_acknowledged and viewer is not None and not await self._hold(viewer):
            return
        if self.connection_acknowledged and viewer is not None and viewer.token is not None and not self._expiry:
            self._expiry = asyncio.create_task(self._close_when_over(viewer))

    async def _hold(self, viewer: Viewer) -> bool:
        """Counts the connection as one of its owner's until it ends, or closes it if the owner has too many."""
        try:
            self._held.enter_context(holding(Held.CONNECTIONS, viewer.id))
        except EkonteError as error:
            record_refused_request(error.code.value)
            await self.websocket.close(code=TOO_MANY, reason=error.message)
            return False
        return True

    async def _close_when_over(self, viewer: Viewer) -> None:
        reason = await self._connection.view.wait_until_over(viewer)
        with contextlib.suppress(Exception):
            await self.websocket.close(code=FORBIDDEN, reason=reason)
        await self.stop_operations()

    async def handle_task_exception(self, error: Exception) -> None:
        # A client that has disconnected gets no error; the operation just ends.
        if not isinstance(error, WebSocketDisconnected):
            await super().handle_task_exception(error)

    async def stop_operations(self) -> None:
        for operation_id in list(self.operations):
            await self.cleanup_operation(operation_id)

    async def handle_message(self, message: Message) -> None:
        if not isinstance(message, dict) or not isinstance(message.get("id", ""), str):
            await self.handle_invalid_message("A message must be an object, and its id a string")
        elif message.get("type") == "subscribe" and not isinstance(message.get("payload"), dict):
            await self.handle_invalid_message("The payload of subscribe must be an object")
        else:
            await super().handle_message(message)

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        if self.connection_acknowledged and message["id"] not in self.operations:
            try:
                message = await self._admitted(message)
            except EkonteError as error:
                record_refused_request(error.code.value)
                errors = error_body(error)["errors"]
                await self.send_message({"id": message["id"], "type": "error", "payload": errors})
                return
        await super().handle_subscribe(message)

    async def _admitted(self, message: SubscribeMessage) -> SubscribeMessage:
        """The message with the document that its hash stands for. Raises EkonteError if it must not be executed."""
        most = self.max_subscriptions_per_connection
        if most is not None and len(self.operations) >= most:
            raise RateLimitedError(f"A connection may have at most {most} concurrent operations.")
        payload: dict[str, Any] = dict(message["payload"])
        assert self._connection.viewer is not None
        query = await self._connection.view.admit_operation(payload, self._connection.viewer)
        return cast(SubscribeMessage, {**message, "payload": {**payload, "query": query}})

    async def shutdown(self) -> None:
        self._held.close()
        if self._expiry is not None:
            self._expiry.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._expiry
        await super().shutdown()
