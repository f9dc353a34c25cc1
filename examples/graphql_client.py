"""A small GraphQL client: queries and mutations over HTTP, uploads as multipart, subscriptions over a WebSocket."""

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import urljoin, urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

SUBPROTOCOL = "graphql-transport-ws"
# Close codes after which reconnecting is useless, since the request itself is refused.
FATAL_CLOSE_CODES = {4400, 4401, 4403, 4406, 4409, 4429}
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
LOOPBACK = {"127.0.0.1", "localhost", "::1"}
FIRST_RECONNECT_SECONDS = 0.5
LAST_RECONNECT_SECONDS = 10.0


class GraphQLError(Exception):
    """The response contains errors. code: extensions.code of the first, e.g. BAD_USER_INPUT."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__("; ".join(str(error.get("message", "unknown error")) for error in errors))
        self.errors = errors
        self.code: str | None = errors[0].get("extensions", {}).get("code") if errors else None


class GraphQLClient:
    """A client of one GraphQL address, e.g. http://127.0.0.1:8000/graphql; an async context manager."""

    def __init__(
        self, url: str, *, token: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url = url
        self._token = token
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        # Proxies of the environment (HTTP_PROXY) cannot reach loopback addresses of this machine.
        self._may_use_proxy = urlsplit(url).hostname not in LOOPBACK
        self._http = httpx.AsyncClient(headers=headers, timeout=60, transport=transport, trust_env=self._may_use_proxy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def execute(
        self, document: str, variables: Mapping[str, Any] | None = None, *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Runs one query or mutation and returns its `data`. Raises GraphQLError, httpx.HTTPError.

        With an idempotency key, a repeated mutation has no further effect.
        """
        headers = {"Accept": "application/graphql-response+json, application/json"}
        if idempotency_key is not None:
            headers["Idempotency-Key"] = idempotency_key
        body = {"query": document, "variables": dict(variables or {})}
        return _data(await self._http.post(self.url, json=body, headers=headers))

    async def upload(self, document: str, path: Path, *, variable: str = "file", **variables: Any) -> dict[str, Any]:
        """Runs a mutation whose `variable` is a file, by the GraphQL multipart request specification."""
        operations = {"query": document, "variables": {**variables, variable: None}}
        parts = {"operations": json.dumps(operations), "map": json.dumps({"0": [f"variables.{variable}"]})}
        content = await asyncio.to_thread(path.read_bytes)
        return _data(
            await self._http.post(
                self.url,
                data=parts,
                files={"0": (path.name, content)},
                # Browsers send this header only after a CORS preflight, so other pages cannot forge uploads.
                headers={"GraphQL-Require-Preflight": "1"},
            )
        )

    async def subscribe(
        self, document: str, variables: Mapping[str, Any] | None = None
    ) -> AsyncGenerator[dict[str, Any], None]:
        """Yields the `data` of each event until the server completes the subscription.

        Reconnects after a broken connection. Nothing is missed, since Ekonte's subscriptions start with the current
        state. Raises GraphQLError if the subscription is refused, OSError if the server stays unreachable.
        """
        subscribe = {"query": document, "variables": dict(variables or {})}
        wait_seconds = FIRST_RECONNECT_SECONDS
        while True:
            try:
                async for data in self._events_of_one_connection(subscribe):
                    wait_seconds = FIRST_RECONNECT_SECONDS
                    yield data
                return
            except (ConnectionClosed, InvalidHandshake, OSError) as error:
                if isinstance(error, ConnectionClosed) and error.rcvd and error.rcvd.code in FATAL_CLOSE_CODES:
                    raise GraphQLError([{"message": error.rcvd.reason or f"closed with {error.rcvd.code}"}]) from error
                if wait_seconds > LAST_RECONNECT_SECONDS:
                    raise
            await asyncio.sleep(wait_seconds)
            wait_seconds *= 2

    async def _events_of_one_connection(self, subscribe: dict[str, Any]) -> AsyncGenerator[dict[str, Any], None]:
        async with AsyncExitStack() as stack:
            address = "ws" + self.url.removeprefix("http")
            proxy: Literal[True] | None = True if self._may_use_proxy else None
            socket = await stack.enter_async_context(
                connect(address, subprotocols=[SUBPROTOCOL], max_size=MAX_MESSAGE_BYTES, proxy=proxy)  # type: ignore[list-item]
            )
            payload = {"Authorization": f"Bearer {self._token}"} if self._token else {}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            async for raw in socket:
                message = json.loads(raw)
                match message["type"]:
                    case "connection_ack":
                        await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": subscribe}))
                    case "ping":
                        await socket.send(json.dumps({"type": "pong"}))
                    case "next":
                        if message["payload"].get("errors"):
                            raise GraphQLError(message["payload"]["errors"])
                        yield message["payload"]["data"]
                    case "error":
                        raise GraphQLError(message["payload"])
                    case "complete":
                        return
            # The loop also ends when the server closes normally (a restart), which is not the end of the events.
            raise ConnectionResetError("the server closed the connection before the subscription was complete")

    async def download(self, link: str, path: Path) -> Path:
        """Downloads a signed link, absolute or relative to the server, and returns the path."""
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_name(path.name + ".part")
        async with self._http.stream("GET", urljoin(self.url, link)) as answer:
            answer.raise_for_status()
            with unfinished.open("wb") as file:
                async for chunk in answer.aiter_bytes():
                    file.write(chunk)
        return unfinished.replace(path)


def _data(answer: httpx.Response) -> dict[str, Any]:
    """The response's data. The body is checked before the status, since errors have status 200 or 4xx."""
    try:
        body = answer.json()
    except ValueError:
        answer.raise_for_status()
        raise GraphQLError(
            [{"message": "The server did not answer with JSON; is this its /graphql address?"}]
        ) from None
    if body.get("errors"):
        raise GraphQLError(body["errors"])
    data: dict[str, Any] = body["data"]
    return data
