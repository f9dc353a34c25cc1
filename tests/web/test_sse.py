"""Subscriptions over server-sent events, against a real server."""

import json

import httpx

from tests.web.conftest import token_for
from tests.web.processes import RunningServer

SSE = {"accept": "text/event-stream"}


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
