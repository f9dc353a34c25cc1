"""Admission of operations: what is kept, what is charged, and what callers see over HTTP and WebSockets."""

import asyncio
import json
from typing import Any

import httpx
import pytest
import websockets

from errors import BadInputError, QueryTooComplexError, RateLimitedError
from tests.web.conftest import MakeSettings, client_of
from tests.web.processes import running_server
from tests.web.tiny import schema
from web.document_gate import MAX_CACHED_CHARACTERS, MAX_INLINE_CHARACTERS, DocumentGate
from web.operation_limits import OperationLimits

LARGE = "{ leaves(first: 100) { leaf { leaf { text } } } }"  # 100 * 4 points


def gate(**limits: Any) -> DocumentGate:
    return DocumentGate(schema._schema, OperationLimits(**limits))


async def test_the_gate_keeps_a_bounded_number_of_documents() -> None:
    opened = gate()
    queries = [f"{{ a{number}: hello }} # {'x' * 10_000}" for number in range(MAX_CACHED_CHARACTERS // 10_000 + 5)]
    for query in queries:
        await opened.admit(query, owner="ann")
    assert not opened.is_known(queries[0])
    assert opened.is_known(queries[-1])
    assert sum(map(opened.is_known, queries)) == MAX_CACHED_CHARACTERS // len(queries[-1])


async def test_a_kept_document_is_not_parsed_again() -> None:
    opened = gate()
    first = await opened.admit(LARGE, owner="ann")
    second = await opened.admit(LARGE, owner="bob")
    assert first is not None
    assert second is not None
    assert first.prepared is second.prepared


async def test_a_long_document_leaves_the_loop_free_while_it_is_parsed() -> None:
    query = "{ " + " ".join(f"a{number}: hello" for number in range(90)) + " }" + "#" * MAX_INLINE_CHARACTERS
    rounds = 0

    async def count() -> None:
        nonlocal rounds
        while True:
            rounds += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count())
    admission = await gate().admit(query, owner="ann")
    counting.cancel()
    assert admission is not None
    assert admission.prepared.errors == []
    assert rounds > 1


@pytest.mark.parametrize("query", [5, ["{ hello }"], {"a": 1}])
async def test_a_query_of_another_type_is_refused(query: object) -> None:
    with pytest.raises(BadInputError, match="`query` must be a string"):
        await gate().admit(query, owner="ann")


async def test_an_operation_costs_its_points_and_a_new_document_its_parsing() -> None:
    opened = gate(points_per_minute=100_000)
    first = await opened.admit("{ leaf { text } }", owner="ann")
    second = await opened.admit("{ leaf { text } }", owner="ann")
    other = await opened.admit("{ leaf { text } }", owner="bob")
    assert first is not None
    assert second is not None
    assert other is not None
    assert first.points_left == pytest.approx(100_000 - 1 - 2, abs=50)
    assert second.points_left is not None
    assert second.points_left == pytest.approx(100_000 - 1 - 4, abs=50)
    assert other.points_left == pytest.approx(100_000 - 2, abs=50)


async def test_a_refused_operation_is_not_charged() -> None:
    opened = gate(points_per_minute=1_000, max_points=300)
    for _ in range(20):
        with pytest.raises(QueryTooComplexError, match="400 points"):
            await opened.admit(LARGE, owner="ann")
    admission = await opened.admit("{ leaf { text } }", owner="ann")
    assert admission is not None
    assert admission.points_left is not None
    assert admission.points_left > 900


async def test_an_owner_whose_budget_is_used_up_is_refused_and_others_are_not() -> None:
    opened = gate(points_per_minute=1_000)
    for _ in range(2):
        await opened.admit(LARGE, owner="ann")
    with pytest.raises(RateLimitedError) as refused:
        await opened.admit("{ leaves(first: 100) { leaf { leaf { a: text b: text c: text } } } }", owner="ann")
    assert refused.value.retry_after_seconds is not None
    assert 1 <= refused.value.retry_after_seconds <= 60
    assert await opened.admit(LARGE, owner="bob") is not None


async def test_the_answer_tells_the_cost(client: httpx.AsyncClient) -> None:
    answer = (await client.post("/graphql", json={"query": LARGE})).json()
    cost = answer["extensions"]["cost"]
    assert (cost["points"], cost["nodes"], cost["maxPoints"]) == (400, 100, 50_000)
    assert 0 < cost["pointsLeft"] < 1_000_000
    assert len(answer["data"]["leaves"]) == 100


async def test_an_operation_that_costs_too_much_is_refused_before_it_runs(make_settings: MakeSettings) -> None:
    query = "query ($n: Int) { leaves(first: $n) { " + " ".join(f"a{number}: text" for number in range(20)) + " } }"
    async with client_of(make_settings(max_operation_points=1000)) as client:
        small = await client.post("/graphql", json={"query": query, "variables": {"n": 40}})
        large = await client.post("/graphql", json={"query": query, "variables": {"n": 60}})
    assert len(small.json()["data"]["leaves"]) == 40
    error = large.json()["errors"][0]
    assert (large.status_code, error["extensions"]["code"]) == (400, "QUERY_TOO_COMPLEX")
    assert "costs 1,260 points" in error["message"]
    assert "leaves(60)" in error["message"]


async def test_a_used_up_budget_is_429_with_the_time_to_come_again(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(points_per_minute=1000)) as client:
        for _ in range(10):
            response = await client.post("/graphql", json={"query": LARGE})
            if response.status_code != 200:
                break
    error = response.json()["errors"][0]
    assert response.status_code == 429
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["number"] == 42901
    assert int(response.headers["retry-after"]) == error["extensions"]["retryAfterSeconds"] >= 1


async def test_a_websocket_operation_over_a_limit_gets_an_error_and_the_connection_stays(tmp_path: Any) -> None:
    with running_server(tmp_path, EKONTE_POINTS_PER_MINUTE="1000", EKONTE_MAX_OPERATION_POINTS="1000") as server:
        async with websockets.connect(
            server.websocket, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]
        ) as socket:

            async def say(message: dict[str, Any]) -> dict[str, Any]:
                await socket.send(json.dumps(message))
                answer: dict[str, Any] = json.loads(await socket.recv())
                return answer

            await say({"type": "connection_init"})
            refused = []
            for number, query in enumerate(
                [LARGE.replace("text", " ".join(f"a{n}: text" for n in range(20)))] + [LARGE] * 5
            ):
                answer = await say({"id": str(number), "type": "subscribe", "payload": {"query": query}})
                if answer["type"] == "error":
                    refused.append(answer["payload"][0]["extensions"])
                else:
                    assert json.loads(await socket.recv())["type"] == "complete"
            assert refused[0]["code"] == "QUERY_TOO_COMPLEX"
            assert refused[-1]["code"] == "RATE_LIMITED"
            assert refused[-1]["retryAfterSeconds"] >= 1
            assert (await say({"type": "ping"}))["type"] == "pong"
