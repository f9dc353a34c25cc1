"""The example client against real sockets and a mock HTTP transport."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import graphql_client
import httpx
import pytest
from graphql_client import GraphQLClient, GraphQLError
from websockets.asyncio.server import ServerConnection, serve

Handler = Callable[[ServerConnection], Awaitable[None]]


@asynccontextmanager
async def listening(handler: Handler) -> AsyncIterator[str]:
    async with serve(handler, "127.0.0.1", 0, subprotocols=["graphql-transport-ws"]) as server:  # type: ignore[list-item]
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/graphql"


async def begin(socket: ServerConnection) -> tuple[dict[str, Any], dict[str, Any]]:
    """Performs the handshake; returns the payloads of connection_init and subscribe."""
    opening = json.loads(await socket.recv())
    await socket.send('{"type": "connection_ack"}')
    return opening["payload"], json.loads(await socket.recv())["payload"]


async def send(socket: ServerConnection, kind: str, payload: Any = None) -> None:
    await socket.send(json.dumps({"id": "1", "type": kind, "payload": payload}))


async def test_a_subscription_yields_each_event_and_ends_when_it_is_complete() -> None:
    seen: list[Any] = []

    async def handler(socket: ServerConnection) -> None:
        seen.extend(await begin(socket))
        await socket.send('{"type": "ping"}')
        assert json.loads(await socket.recv()) == {"type": "pong"}
        await send(socket, "next", {"data": {"n": 1}})
        await send(socket, "next", {"data": {"n": 2}})
        await send(socket, "complete")

    async with listening(handler) as url, GraphQLClient(url, token="t") as client:
        assert [event async for event in client.subscribe("subscription { n }", {"a": 1})] == [{"n": 1}, {"n": 2}]
    assert seen == [{"Authorization": "Bearer t"}, {"query": "subscription { n }", "variables": {"a": 1}}]


@pytest.mark.parametrize("code", [1000, 1011])
async def test_a_subscription_goes_on_over_a_new_connection(code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphql_client, "FIRST_RECONNECT_SECONDS", 0.01)
    connections = 0

    async def handler(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await begin(socket)
        await send(socket, "next", {"data": {"n": connections}})
        if connections == 1:
            await socket.close(code)
        else:
            await send(socket, "complete")

    async with listening(handler) as url, GraphQLClient(url) as client:
        assert [event async for event in client.subscribe("subscription { n }")] == [{"n": 1}, {"n": 2}]
    assert connections == 2


async def test_a_proxy_is_not_asked_for_a_server_on_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)

    async def handler(socket: ServerConnection) -> None:
        await begin(socket)
        await send(socket, "complete")

    async with listening(handler) as url, GraphQLClient(url) as client:
        assert [event async for event in client.subscribe("subscription { n }")] == []
        # The listener speaks WebSocket only, so any response of it, even an error, shows that no proxy was used.
        with pytest.raises((httpx.HTTPStatusError, httpx.RemoteProtocolError, GraphQLError)):
            await client.execute("{ n }")


async def test_a_server_that_stays_away_ends_the_subscription_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graphql_client, "FIRST_RECONNECT_SECONDS", 0.01)
    monkeypatch.setattr(graphql_client, "LAST_RECONNECT_SECONDS", 0.02)
    async with listening(begin) as url:  # type: ignore[arg-type]
        pass
    async with GraphQLClient(url) as client:
        with pytest.raises(OSError):
            await anext(client.subscribe("subscription { n }"))


async def test_a_refused_subscription_is_not_tried_again() -> None:
    connections = 0

    async def handler(socket: ServerConnection) -> None:
        nonlocal connections
        connections += 1
        await socket.recv()
        await socket.close(4403, "The token has expired.")

    async with listening(handler) as url, GraphQLClient(url) as client:
        with pytest.raises(GraphQLError, match="The token has expired"):
            await anext(client.subscribe("subscription { n }"))
    assert connections == 1


async def test_errors_of_a_subscription_are_raised_with_their_code() -> None:
    async def handler(socket: ServerConnection) -> None:
        await begin(socket)
        await send(socket, "error", [{"message": "There is no such workflow.", "extensions": {"code": "NOT_FOUND"}}])
        await socket.wait_closed()

    async with listening(handler) as url, GraphQLClient(url) as client:
        with pytest.raises(GraphQLError) as caught:
            await anext(client.subscribe("subscription { n }"))
    assert caught.value.code == "NOT_FOUND"


def client_answering(answer: Callable[[httpx.Request], httpx.Response], **options: Any) -> GraphQLClient:
    return GraphQLClient("http://server/graphql", transport=httpx.MockTransport(answer), **options)


async def test_a_query_gives_its_data_and_sends_token_and_key() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert json.loads(request.content) == {"query": "{ me { owner } }", "variables": {}}
        assert request.headers["authorization"] == "Bearer t"
        assert request.headers["idempotency-key"] == "k"
        return httpx.Response(200, json={"data": {"me": {"owner": "mei"}}})

    async with client_answering(answer, token="t") as client:
        assert await client.execute("{ me { owner } }", idempotency_key="k") == {"me": {"owner": "mei"}}


async def test_errors_in_the_body_win_over_the_status() -> None:
    body = {"errors": [{"message": "No.", "extensions": {"code": "BAD_USER_INPUT"}}]}
    async with client_answering(lambda request: httpx.Response(400, json=body)) as client:
        with pytest.raises(GraphQLError, match="No") as caught:
            await client.execute("{ x }")
    assert caught.value.code == "BAD_USER_INPUT"


async def test_an_answer_that_is_no_json_names_the_likely_mistake() -> None:
    async with client_answering(lambda request: httpx.Response(200, text="<html>")) as client:
        with pytest.raises(GraphQLError, match="/graphql"):
            await client.execute("{ x }")


async def test_an_upload_follows_the_multipart_specification(tmp_path: Path) -> None:
    path = tmp_path / "story.txt"
    path.write_text("下雪了。", "utf-8")

    def answer(request: httpx.Request) -> httpx.Response:
        body = request.content.decode()
        assert '{"0": ["variables.file"]}' in body
        assert '"variables": {"workflowId": "wf_1", "file": null}' in body
        assert 'name="0"; filename="story.txt"' in body
        assert "下雪了。" in body
        assert request.headers["graphql-require-preflight"] == "1"
        return httpx.Response(200, json={"data": {"id": "file_1"}})

    async with client_answering(answer) as client:
        assert await client.upload("mutation { … }", path, workflowId="wf_1") == {"id": "file_1"}


async def test_a_download_leaves_nothing_half_written(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert str(request.url) == "http://server/files/file_1/film.mp4?signature=s"
        return httpx.Response(403)

    async with client_answering(answer) as client:
        with pytest.raises(httpx.HTTPStatusError):
            await client.download("/files/file_1/film.mp4?signature=s", tmp_path / "film.mp4")
    assert list(tmp_path.iterdir()) == []


async def test_a_download_is_saved_under_its_path(tmp_path: Path) -> None:
    async with client_answering(lambda request: httpx.Response(200, content=b"film")) as client:
        assert await client.download("/files/f", tmp_path / "a" / "film.mp4") == tmp_path / "a" / "film.mp4"
    assert (tmp_path / "a" / "film.mp4").read_bytes() == b"film"
