"""Subscriptions over server-sent events, against a real server."""

import json

import httpx
import pytest

from tests.web.conftest import token_for
from tests.web.processes import RunningServer
from tests.web.tiny import Mutation
from web.sse import LineEvents

SSE = {"accept": "text/event-stream"}
URQL = "application/graphql-response+json, application/json, text/event-stream"


def events(text: str) -> list[tuple[str, object]]:
    """The events of a stream whose lines end with LF."""
    assert "\r" not in text
    found = []
    for block in text.strip().split("\n\n"):
        lines = dict(line.split(": ", 1) if ": " in line else (line.rstrip(":"), "") for line in block.split("\n"))
        found.append((lines["event"], json.loads(lines["data"]) if lines.get("data") else None))
    return found


async def test_a_subscription_is_a_stream_of_next_and_one_complete(open_server: RunningServer) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(open_server.graphql, json={"query": "subscription { countTo(n: 2) }"}, headers=SSE)
    assert response.headers["content-type"].startswith("text/event-stream")
    assert events(response.text) == [
        ("next", {"data": {"countTo": 1}}),
        ("next", {"data": {"countTo": 2}}),
        ("complete", None),
    ]


async def test_a_stream_ends_when_the_token_does(token_server: RunningServer) -> None:
    headers = {**SSE, "authorization": f"Bearer {token_for('mei', seconds=2)}"}
    async with httpx.AsyncClient(timeout=20) as client:
        response = await client.post(token_server.graphql, json={"query": "subscription { endless }"}, headers=headers)
    received = events(response.text)
    assert received[0] == ("next", {"data": {"endless": 1}})
    assert received[-1] == ("complete", None)
    last = received[-2][1]
    assert isinstance(last, dict)
    assert last["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_client_that_leaves_ends_its_stream_on_the_server(open_server: RunningServer) -> None:
    request_id = "leaves-early"
    async with (
        httpx.AsyncClient() as client,
        client.stream(
            "POST",
            open_server.graphql,
            json={"query": "subscription { endless }"},
            headers={**SSE, "x-request-id": request_id},
        ) as response,
    ):
        async for _ in response.aiter_lines():
            break
    # The log line of a request is written at its end.
    async with httpx.AsyncClient() as client:
        for _ in range(200):
            if any(request_id in line for line in list(open_server.log)):
                return
            await client.get(f"{open_server.url}/healthz")
    raise AssertionError("the stream went on without anybody to read it")


@pytest.mark.parametrize("accept", ["application/json, text/event-stream;q=0", URQL])
async def test_queries_and_mutations_get_json_wherever_it_is_acceptable(
    open_server: RunningServer, accept: str
) -> None:
    async with httpx.AsyncClient() as client:
        for query in ("{ hello }", "mutation { idempotencyKey }"):
            response = await client.post(open_server.graphql, json={"query": query}, headers={"accept": accept})
            assert response.headers["content-type"].startswith("application/")
            assert "data" in response.json()


async def test_a_subscription_streams_although_json_is_preferred(open_server: RunningServer) -> None:
    async with httpx.AsyncClient() as client:
        query = {"query": "subscription { countTo(n: 1) }"}
        response = await client.post(open_server.graphql, json=query, headers={"accept": URQL})
        got = await client.get(open_server.graphql, params=query, headers=SSE)
        refused = await client.post(
            open_server.graphql, json=query, headers={"accept": "application/json, text/event-stream;q=0"}
        )
    assert events(response.text) == events(got.text) == [("next", {"data": {"countTo": 1}}), ("complete", None)]
    assert refused.status_code == 400
    assert "text/event-stream" in refused.json()["errors"][0]["message"]


async def test_who_takes_only_a_stream_gets_everything_as_one(open_server: RunningServer) -> None:
    async with httpx.AsyncClient() as client:
        answers = [
            events((await client.post(open_server.graphql, json={"query": query}, headers=SSE)).text)
            for query in ("{ hello }", "{ nope }", "{", "{ leaf " * 30 + "}" * 30, "query A{hello} query B{hello}")
        ]
    (kind, payload), end = answers[0]
    assert isinstance(payload, dict)
    assert (kind, payload["data"], end) == ("next", {"hello": "hello world"}, ("complete", None))
    for answer in answers[1:]:
        [(kind, body), last] = answer
        assert kind == "next"
        assert isinstance(body, dict)
        assert list(body) == ["errors"]
        assert last == ("complete", None)


async def test_who_takes_only_a_stream_is_refused_by_the_status_without_a_token(token_server: RunningServer) -> None:
    async with httpx.AsyncClient() as client:
        response = await client.post(token_server.graphql, json={"query": "{ hello }"}, headers=SSE)
    assert response.status_code == 401
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_who_takes_nothing_that_there_is_is_told_so_and_nothing_runs(client: httpx.AsyncClient) -> None:
    before = Mutation.calls
    for accept in ("image/png", "multipart/mixed", "*/*;q=0"):
        response = await client.post("/graphql", json={"query": "mutation { count }"}, headers={"accept": accept})
        assert response.status_code == 406
        assert response.headers["content-type"].startswith("application/json")
        error = response.json()["errors"][0]
        assert error["extensions"]["code"] == "NOT_ACCEPTABLE"
        assert "application/json" in error["message"]
    assert Mutation.calls == before


async def test_an_accept_header_in_two_lines_is_one(client: httpx.AsyncClient) -> None:
    headers = [("accept", "image/png"), ("accept", "application/json;q=0.1"), ("content-type", "application/json")]
    response = await client.post("/graphql", content=b'{"query": "{ hello }"}', headers=headers)
    assert response.json()["data"] == {"hello": "hello world"}


def test_events_and_comments_end_with_line_feeds() -> None:
    lines = LineEvents()
    assert lines.encode_next({"data": None}, json.dumps) == 'event: next\ndata: {"data": null}\n\n'
    assert lines.encode_complete() == "event: complete\ndata: \n\n"
    assert lines.heartbeat_message(json.dumps).startswith(":")
    assert lines.heartbeat_message(json.dumps).endswith("\n\n")
    assert "\r" not in lines.heartbeat_message(json.dumps)
