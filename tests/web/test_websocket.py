"""graphql-transport-ws against a server process: handshake, tokens, limits, token expiry."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import websockets
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from tests.web.conftest import token_for
from tests.web.processes import RunningServer, running_server
from tests.web.test_graphql_limits import MANY
from tests.web.tiny import SECRET_TEXT
from web.graphql_view import MAX_OPERATIONS_PER_CONNECTION

TRANSPORT_WS = Subprotocol("graphql-transport-ws")


class Socket:
    """An open WebSocket that speaks JSON."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection

    async def send(self, **message: Any) -> None:
        await self.connection.send(json.dumps(message))

    async def receive(self) -> dict[str, Any]:
        frame = await asyncio.wait_for(self.connection.recv(), 60)
        assert isinstance(frame, str)
        return dict(json.loads(frame))

    async def results(self, id: str, query: str) -> list[dict[str, Any]]:
        """All messages of one operation, up to its end."""
        await self.send(type="subscribe", id=id, payload={"query": query})
        messages = []
        while not messages or messages[-1]["type"] not in ("complete", "error"):
            message = await self.receive()
            if message["id"] == id:
                messages.append(message)
        return messages

    async def close_code(self) -> int:
        """Reads until the server closes; returns the close code."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.wait_for(self.connection.recv(), 60)
        code = self.connection.close_code
        assert code is not None
        return code


@contextlib.asynccontextmanager
async def connected(server: RunningServer, **options: Any) -> AsyncIterator[Socket]:
    """An open, unauthenticated WebSocket."""
    # With an unbounded receive queue, leaving early does not delay the closing handshake.
    options = {"subprotocols": [TRANSPORT_WS], "proxy": None, "max_queue": None, **options}
    async with websockets.connect(server.websocket, **options) as connection:
        yield Socket(connection)


@contextlib.asynccontextmanager
async def acknowledged(server: RunningServer, **payload: Any) -> AsyncIterator[Socket]:
    """A WebSocket after connection_init."""
    async with connected(server) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.receive() == {"type": "connection_ack"}
        yield socket


async def test_a_subscription_runs_to_its_end(open_server: RunningServer) -> None:
    async with acknowledged(open_server) as socket:
        messages = await socket.results("1", "subscription { countTo(n: 3) }")
    assert [message["payload"]["data"]["countTo"] for message in messages[:-1]] == [1, 2, 3]
    assert messages[-1] == {"id": "1", "type": "complete"}


@pytest.mark.parametrize("name", ["Authorization", "authorization", "authToken"])
async def test_a_token_in_connection_init_says_who_is_asking(token_server: RunningServer, name: str) -> None:
    token = token_for("mei")
    value = token if name == "authToken" else f"Bearer {token}"
    async with acknowledged(token_server, **{name: value}) as socket:
        messages = await socket.results("1", "{ me { owner } }")
    assert messages[0]["payload"]["data"] == {"me": {"owner": "mei"}}


@pytest.mark.parametrize(
    "payload", [{}, {"Authorization": "Bearer nonsense"}, {"authToken": 5}, {"Authorization": ["x"]}]
)
async def test_without_a_good_token_the_socket_is_closed_as_forbidden(
    token_server: RunningServer, payload: dict[str, Any]
) -> None:
    async with connected(token_server) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.close_code() == 4403


async def test_the_handshake_header_is_no_token(token_server: RunningServer) -> None:
    async with connected(token_server, additional_headers={"Authorization": f"Bearer {token_for('mei')}"}) as socket:
        await socket.send(type="connection_init", payload={})
        assert await socket.close_code() == 4403


async def test_nothing_runs_before_connection_init(open_server: RunningServer) -> None:
    async with connected(open_server) as socket:
        await socket.send(type="subscribe", id="1", payload={"query": "{ hello }"})
        assert await socket.close_code() == 4401


async def test_subscriptions_end_when_the_token_does(token_server: RunningServer) -> None:
    async with acknowledged(token_server, authToken=token_for("mei", seconds=2)) as socket:
        await socket.send(type="subscribe", id="1", payload={"query": "subscription { endless }"})
        first = await socket.receive()
        assert await socket.close_code() == 4403
    assert first["payload"]["data"] == {"endless": 1}
    assert socket.connection.close_reason == "The token has expired."


async def test_the_old_protocol_is_not_spoken(open_server: RunningServer) -> None:
    async with websockets.connect(
        open_server.websocket, subprotocols=[Subprotocol("graphql-ws")], proxy=None
    ) as connection:
        assert await Socket(connection).close_code() == 4406


async def test_errors_before_and_during_a_subscription_are_presented(open_server: RunningServer) -> None:
    async with acknowledged(open_server) as socket:
        syntax = await socket.results("1", "{")
        validation = await socket.results("2", "{ nope }")
        broken = await socket.results("3", "subscription { breaks }")
        conflict = await socket.results("4", "subscription { conflicts }")
    for messages in (syntax, validation):
        assert [message["type"] for message in messages] == ["error"]
        assert messages[0]["payload"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert broken[0]["payload"]["data"] == {"breaks": 1}
    assert broken[1]["payload"]["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert SECRET_TEXT not in json.dumps(broken)
    assert conflict[1]["payload"]["errors"][0]["message"] == "Somebody else was quicker."
    assert conflict[1]["payload"]["errors"][0]["extensions"]["number"] == 40901


async def test_limits_hold_on_sockets_too(open_server: RunningServer) -> None:
    async with acknowledged(open_server) as socket:
        messages = await socket.results("1", MANY["aliases"])
        again = await socket.results("1", "{ hello }")
    assert messages[0]["payload"][0]["extensions"]["code"] == "QUERY_TOO_COMPLEX"
    assert again[0]["payload"]["data"] == {"hello": "hello world"}


async def test_a_connection_runs_a_bounded_number_of_operations(open_server: RunningServer) -> None:
    async with acknowledged(open_server) as socket:
        for number in range(MAX_OPERATIONS_PER_CONNECTION):
            await socket.send(type="subscribe", id=f"e{number}", payload={"query": "subscription { idle }"})
        refused = await socket.results("one too many", "{ hello }")
    assert refused[0]["payload"][0]["extensions"]["code"] == "RATE_LIMITED"


@pytest.mark.parametrize(
    "text",
    ["nonsense", "[]", "5", "{}", '{"type": "subscribe", "id": "1", "payload": 5}', '{"type": "subscribe", "id": {}}'],
)
async def test_a_message_that_is_none_closes_the_socket_as_a_bad_request(open_server: RunningServer, text: str) -> None:
    async with acknowledged(open_server) as socket:
        await socket.connection.send(text)
        assert await socket.close_code() == 4400


async def test_each_operation_has_a_context_of_its_own(open_server: RunningServer) -> None:
    async with acknowledged(open_server) as socket:
        await socket.send(type="subscribe", id="e", payload={"query": "subscription { endless }"})
        first, second = [await socket.results(id, "{ requestId contextNumber }") for id in ("1", "2")]
    data = [messages[0]["payload"]["data"] for messages in (first, second)]
    assert data[0]["requestId"] == data[1]["requestId"]
    assert len(data[0]["requestId"]) == 32


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Host": "evil.example"},
        {"Origin": "http://localhost:1"},
    ],
)
async def test_pages_of_other_sites_get_no_socket(open_server: RunningServer, headers: dict[str, str]) -> None:
    host = {"Host": headers["Host"]} if "Host" in headers else {}
    with pytest.raises(InvalidStatus) as refused:
        async with websockets.connect(
            open_server.websocket,
            subprotocols=[TRANSPORT_WS],
            proxy=None,
            origin=headers.get("Origin"),  # type: ignore[arg-type]
            additional_headers=host,
        ):
            pass
    assert refused.value.response.status_code in (400, 403)


async def test_a_page_of_this_server_gets_a_socket(open_server: RunningServer) -> None:
    async with connected(open_server, origin=open_server.url) as socket:
        await socket.send(type="connection_init")
        assert (await socket.receive())["type"] == "connection_ack"


async def test_a_client_that_vanishes_amid_its_results_is_no_error(tmp_path: Path) -> None:
    with running_server(tmp_path) as server:
        for _ in range(30):
            async with acknowledged(server) as socket:
                await socket.send(type="subscribe", id="1", payload={"query": "subscription { hurried }"})
                await socket.receive()
                socket.connection.transport.abort()
        async with acknowledged(server) as socket:
            assert len(await socket.results("1", "subscription { countTo(n: 3) }")) == 4
        assert server.end() == 0
    assert [line for line in server.log if '"level":"error"' in line or "Traceback" in line] == []


@pytest.mark.parametrize("init", [{}, {"payload": None}, {"payload": {}}, {"payload": None, "extra": 1}])
async def test_a_connection_without_a_payload_is_acknowledged(open_server: RunningServer, init: dict[str, Any]) -> None:
    async with connected(open_server) as socket:
        await socket.send(type="connection_init", **init)
        assert await socket.receive() == {"type": "connection_ack"}


async def test_without_a_payload_there_is_no_token(token_server: RunningServer) -> None:
    async with connected(token_server) as socket:
        await socket.send(type="connection_init", payload=None)
        assert await socket.close_code() == 4403


@pytest.mark.parametrize("payload", [5, "text", [], True])
async def test_a_payload_that_is_no_object_is_a_bad_request(open_server: RunningServer, payload: object) -> None:
    async with connected(open_server) as socket:
        await socket.send(type="connection_init", payload=payload)
        assert await socket.close_code() == 4400


async def test_nulls_and_unknown_fields_do_no_harm(open_server: RunningServer) -> None:
    async with acknowledged(open_server) as socket:
        for payload in ({"payload": None}, {}, {"payload": {"a": 1}, "extra": True}):
            await socket.send(type="ping", **payload)
            assert (await socket.receive())["type"] == "pong"
        await socket.send(type="pong", payload=None)
        nothing = {"variables": None, "extensions": None, "operationName": None, "unknown": [1]}
        await socket.send(type="subscribe", id="1", payload={"query": "{ hello }", **nothing}, more=None)
        assert (await socket.receive())["payload"]["data"] == {"hello": "hello world"}
        assert (await socket.receive())["type"] == "complete"
        await socket.send(type="complete", id="never heard of")
        await socket.send(type="subscribe", id="2", payload={"query": "{ hello }", "extensions": 5})
        refused = await socket.receive()
    assert "`extensions`" in refused["payload"][0]["message"]
