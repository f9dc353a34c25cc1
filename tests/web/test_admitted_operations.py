"""Time-outs of operations: queries are cancelled, mutations are not."""

import httpx
import pytest
import structlog

from tests.web.conftest import MakeSettings, client_of

GRAPHQL = {"accept": "application/graphql-response+json"}


@pytest.fixture
def quick(make_settings: MakeSettings) -> httpx.AsyncClient:
    return client_of(make_settings(query_timeout_seconds=0.05))


async def test_a_query_that_takes_too_long_is_cancelled_and_told(quick: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logged:
        async with quick:
            response = await quick.post("/graphql", json={"query": "{ hello waits }"}, headers=GRAPHQL)
    error = response.json()["errors"][0]
    assert response.status_code == 504
    assert (error["extensions"]["code"], error["extensions"]["number"]) == ("TIMED_OUT", 50401)
    assert error["message"] == "The query took longer than the allowed 0.05 s, so it was cancelled."
    assert "data" not in response.json()
    assert "waits.cancelled" in [entry["event"] for entry in logged]


async def test_a_query_in_a_stream_is_cancelled_too(quick: httpx.AsyncClient) -> None:
    async with quick:
        response = await quick.post("/graphql", json={"query": "{ waits }"}, headers={"accept": "text/event-stream"})
    assert "TIMED_OUT" in response.text


async def test_a_mutation_runs_to_its_end_however_long_it_takes(quick: httpx.AsyncClient) -> None:
    async with quick:
        response = await quick.post("/graphql", json={"query": "mutation { takes(seconds: 0.2) }"})
    assert response.json()["data"] == {"takes": 0.2}


async def test_a_text_that_is_no_graphql_is_told_with_its_place(client: httpx.AsyncClient) -> None:
    named = {"query": "query A { hello( }", "operationName": "A"}
    response = await client.post("/graphql", json=named, headers=GRAPHQL)
    error = response.json()["errors"][0]
    assert response.status_code == 400
    assert error["message"] == "Syntax Error: Expected Name, found '}'."
    assert error["locations"] == [{"line": 1, "column": 18}]
