"""Metrics of operations by name and type; names in invalid documents do not become labels."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.metric_values import values
from tests.web.conftest import MakeSettings, client_of, token_for
from tests.web.processes import RunningServer, running_server
from tests.web.test_graphql_limits import MANY
from tests.web.test_websocket import acknowledged


async def post(client: httpx.AsyncClient, query: str, **more: Any) -> httpx.Response:
    return await client.post("/graphql", json={"query": query, **more})


async def test_operations_are_counted_by_name_and_type(client: httpx.AsyncClient) -> None:
    await post(client, "query Greeting { hello }")
    await post(client, "query Greeting { hello }")
    await post(client, "{ hello }")
    await post(client, "mutation Count { count }")
    assert values("ekonte_graphql_operations_total") == {
        ("Greeting", "query"): 2,
        ("anonymous", "query"): 1,
        ("Count", "mutation"): 1,
    }
    assert values("ekonte_graphql_operation_seconds_count")["Greeting", "query"] == 2
    assert values("ekonte_active_owners") == {(): 1}


async def test_errors_are_counted_by_their_code(client: httpx.AsyncClient) -> None:
    await post(client, "query Refused { refused }")
    await post(client, "query Broken { broken }")
    await post(client, "query NoSuch { nothing }")
    await post(client, "query Half {")
    await post(client, MANY["aliases"])
    assert values("ekonte_graphql_errors_total") == {
        ("Refused", "query", "BAD_USER_INPUT"): 1,
        ("Broken", "query", "INTERNAL"): 1,
        ("invalid", "invalid", "BAD_USER_INPUT"): 2,
    }
    assert values("ekonte_graphql_refusals_total") == {("QUERY_TOO_COMPLEX",): 1}


async def test_a_name_is_a_label_only_where_the_document_is_valid(client: httpx.AsyncClient) -> None:
    for number in range(300):
        await post(client, f"query Name{number} {{ nothing }}")
    await post(client, "{ hello }", operationName="Another")
    await post(client, f"query {'A' * 100} {{ hello }}")
    assert set(values("ekonte_graphql_operations_total")) == {("invalid", "invalid"), ("other", "query")}


async def test_names_have_an_end(client: httpx.AsyncClient) -> None:
    for number in range(210):
        await post(client, f"query Name{number} {{ hello }}")
    counted = values("ekonte_graphql_operations_total")
    assert len(counted) == 201
    assert counted["other", "query"] == 10


async def test_a_request_without_a_token_is_refused_and_counted(make_settings: MakeSettings) -> None:
    settings = make_settings(secret="correct horse battery staple, twice over")
    async with client_of(settings) as client:
        await post(client, "{ hello }")
        for user in ("mei", "lin"):
            await client.post(
                "/graphql", json={"query": "{ hello }"}, headers={"authorization": f"Bearer {token_for(user)}"}
            )
    assert values("ekonte_graphql_refusals_total") == {("UNAUTHENTICATED",): 1}
    assert values("ekonte_active_owners") == {(): 2}


async def test_a_streamed_subscription_counts_when_it_ends(client: httpx.AsyncClient) -> None:
    query = {"query": "subscription Counting { countTo(n: 3) }"}
    await client.post("/graphql", json=query, headers={"accept": "text/event-stream"})
    assert values("ekonte_graphql_operations_total") == {("Counting", "subscription"): 1}
    assert values("ekonte_graphql_operation_seconds_count") == {}
    assert values("ekonte_graphql_subscriptions") == {("Counting",): 0}


TOKEN = "scrape-me-if-you-can"


@pytest.fixture
def server(tmp_path: Any) -> Any:
    with running_server(tmp_path, EKONTE_METRICS_TOKEN=TOKEN) as running:
        yield running


async def scraped(server: RunningServer) -> str:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{server.url}/metrics", headers={"authorization": f"Bearer {TOKEN}"})).text


async def test_open_sockets_and_subscriptions_are_seen_while_they_are_open(server: RunningServer) -> None:
    async with acknowledged(server) as socket:
        await socket.send(type="subscribe", id="1", payload={"query": "subscription Waiting { idle }"})
        await socket.receive()
        text = await scraped(server)
        assert "ekonte_websocket_connections 1.0" in text
        assert 'ekonte_graphql_subscriptions{operation="Waiting"} 1.0' in text
    async with asyncio.timeout(60):
        while "ekonte_websocket_connections 0.0" not in text:
            await asyncio.sleep(0.05)
            text = await scraped(server)
    assert 'ekonte_graphql_subscriptions{operation="Waiting"} 0.0' in text
