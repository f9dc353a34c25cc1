"""A GraphQL client for tests: HTTP, multipart, graphql-transport-ws and SSE, with nothing of the server's own code."""

import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect


class Refused(Exception):
    """An answer with errors. `code`: the first one's extensions.code."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        super().__init__(json.dumps(errors, ensure_ascii=False))
        self.errors = errors
        self.code = errors[0].get("extensions", {}).get("code")


class Client:
    """One caller. Use it as an async context manager."""

    def __init__(self, url: str, token: str | None = None) -> None:
        self.url, self.token = url, token
        headers = {"Accept": "application/graphql-response+json"}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        # The server closes a connection that was idle for five seconds; one that is about to be is not used any more.
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20, keepalive_expiry=2)
        self.http = httpx.AsyncClient(headers=headers, timeout=60, trust_env=False, limits=limits)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()

    async def do(self, document: str, *, header_key: str | None = None, **variables: Any) -> Any:
        """The data of a query or mutation: where it has one root field, that field's. Raises Refused."""
        headers = {} if header_key is None else {"Idempotency-Key": header_key}
        body = {"query": document, "variables": variables}
        return _data((await self.http.post(f"{self.url}/graphql", json=body, headers=headers)).json())

    async def upload(self, document: str, content: bytes, name: str, **variables: Any) -> Any:
        """A mutation whose variable `file` is a file, as the GraphQL multipart request specification has it."""
        operations = json.dumps({"query": document, "variables": {**variables, "file": None}})
        answer = await self.http.post(
            f"{self.url}/graphql",
            data={"operations": operations, "map": json.dumps({"0": ["variables.file"]})},
            files={"0": (name, content)},
            headers={"GraphQL-Require-Preflight": "1"},
        )
        return _data(answer.json())

    async def bytes_of(self, link: str) -> bytes:
        answer = await self.http.get(httpx.URL(self.url).join(link))
        assert answer.status_code == 200, answer.text
        return answer.content

    @contextlib.asynccontextmanager
    async def socket(self) -> AsyncIterator[ClientConnection]:
        """An open WebSocket that has shaken hands."""
        address = f"ws{self.url.removeprefix('http')}/graphql"
        async with connect(address, subprotocols=["graphql-transport-ws"], proxy=None) as socket:  # type: ignore[list-item]
            payload = {"Authorization": f"Bearer {self.token}"} if self.token is not None else {}
            await socket.send(json.dumps({"type": "connection_init", "payload": payload}))
            message = json.loads(await socket.recv())
            assert message["type"] == "connection_ack", message
            yield socket

    async def follow(self, document: str, **variables: Any) -> AsyncIterator[Any]:
        """Each event of a subscription, until the server completes it. Raises Refused."""
        async with self.socket() as socket:
            payload = {"query": document, "variables": variables}
            await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
            async for raw in socket:
                message = json.loads(raw)
                match message["type"]:
                    case "next":
                        yield _data(message["payload"])
                    case "error":
                        raise Refused(message["payload"])
                    case "complete":
                        return
                    case "ping":
                        await socket.send('{"type":"pong"}')
            raise ConnectionError("the socket was closed before the subscription was complete")

    async def follow_by_sse(self, document: str, **variables: Any) -> AsyncIterator[Any]:
        """The same over Server-Sent Events in distinct connections mode."""
        body = {"query": document, "variables": variables}
        async with self.http.stream(
            "POST", f"{self.url}/graphql", json=body, headers={"Accept": "text/event-stream"}, timeout=None
        ) as answer:
            assert answer.status_code == 200
            assert answer.headers["content-type"].startswith("text/event-stream")
            event = ""
            async for line in answer.aiter_lines():
                if line.startswith("event:"):
                    event = line.removeprefix("event:").strip()
                    if event == "complete":
                        return
                elif line.startswith("data:") and event == "next":
                    yield _data(json.loads(line.removeprefix("data:")))
            raise ConnectionError("the stream ended before the subscription was complete")


def _data(answer: dict[str, Any]) -> Any:
    if answer.get("errors"):
        raise Refused(answer["errors"])
    data = answer["data"]
    return next(iter(data.values())) if len(data) == 1 else data
