"""Automatic persisted queries: the store, and the protocol over POST, GET and WebSockets."""

import json
from typing import Any

import httpx
import pytest

from errors import BadInputError, PersistedQueryNotFoundError
from tests.web.processes import RunningServer
from tests.web.test_websocket import acknowledged
from tests.web.tiny import Mutation
from web.accept import GRAPHQL_JSON
from web.persisted_queries import PersistedQueries, hash_of

QUERY = "query Persisted { hello }"


def persisted(query: str = QUERY, **changes: Any) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hash_of(query), **changes}}


def test_a_document_is_found_by_its_hash_once_it_was_kept() -> None:
    store = PersistedQueries()
    with pytest.raises(PersistedQueryNotFoundError):
        store.find(None, persisted())
    assert store.find(QUERY, persisted()) == QUERY
    with pytest.raises(PersistedQueryNotFoundError):
        store.find(None, persisted())
    store.keep(QUERY, persisted())
    store.keep(QUERY, persisted())
    assert store.find(None, persisted()) == store.find("", persisted()) == QUERY
    assert store.find(None, persisted(sha256Hash=hash_of(QUERY).upper())) == QUERY


@pytest.mark.parametrize("extensions", [None, {}, {"persistedQuery": None}, {"other": 1}, []])
def test_other_requests_are_no_concern_of_the_store(extensions: object) -> None:
    assert PersistedQueries().find(QUERY, extensions) is None


@pytest.mark.parametrize(
    "field",
    [5, [], {}, {"version": 2, "sha256Hash": "0" * 64}, {"version": 1}, {"version": 1, "sha256Hash": "xyz"},
     {"version": 1, "sha256Hash": 5}, {"version": 1, "sha256Hash": "0" * 63}],
)  # fmt: skip
def test_a_field_that_is_none_is_refused(field: object) -> None:
    with pytest.raises(BadInputError, match=r"extensions\.persistedQuery"):
        PersistedQueries().find(QUERY, {"persistedQuery": field})


def test_a_hash_of_another_document_is_refused() -> None:
    with pytest.raises(BadInputError, match="is not the SHA-256"):
        PersistedQueries().find("{ other }", persisted())


def test_the_store_is_bounded_in_bytes_and_forgets_what_was_not_used() -> None:
    store = PersistedQueries(max_bytes=100)
    documents = [f"{{ f{number} }}".ljust(40) for number in range(3)]
    for document in documents[:2]:
        store.keep(document, persisted(document))
    store.find(None, persisted(documents[0]))
    store.keep(documents[2], persisted(documents[2]))
    assert store.find(None, persisted(documents[0])) == documents[0]
    with pytest.raises(PersistedQueryNotFoundError):
        store.find(None, persisted(documents[1]))
    store.keep("x" * 101, persisted("x" * 101))
    with pytest.raises(PersistedQueryNotFoundError):
        store.find(None, persisted("x" * 101))


async def test_a_client_sends_the_document_once(client: httpx.AsyncClient) -> None:
    parameters = {"extensions": json.dumps(persisted())}
    unknown = await client.get("/graphql", params=parameters)
    error = unknown.json()["errors"][0]
    assert unknown.status_code == 200  # as clients with application/json expect
    assert (error["message"], error["extensions"]["code"]) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    sent = await client.post("/graphql", json={"query": QUERY, "extensions": persisted()})
    got = await client.get("/graphql", params=parameters)
    posted = await client.post("/graphql", json={"extensions": persisted()})
    for answer in (sent, got, posted):
        assert answer.json()["data"] == {"hello": "hello world"}


async def test_an_unknown_hash_is_no_success_for_who_reads_the_status(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"extensions": persisted()}, headers={"accept": GRAPHQL_JSON})
    assert response.status_code == 404
    assert "data" not in response.json()


async def test_a_persisted_mutation_does_not_run_by_get(client: httpx.AsyncClient) -> None:
    mutation = "mutation { count }"
    before = Mutation.calls
    await client.post("/graphql", json={"query": mutation, "extensions": persisted(mutation)})
    assert Mutation.calls == before + 1
    response = await client.get("/graphql", params={"extensions": json.dumps(persisted(mutation))})
    assert response.status_code == 400
    await client.post("/graphql", json={"extensions": persisted(mutation)})
    assert Mutation.calls == before + 2


async def test_what_is_refused_is_not_kept(client: httpx.AsyncClient) -> None:
    for query in ("{ not graphql", "{ leaf " * 30 + "}" * 30):
        await client.post("/graphql", json={"query": query, "extensions": persisted(query)})
        response = await client.post("/graphql", json={"extensions": persisted(query)})
        assert response.json()["errors"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"


async def test_sockets_have_persisted_queries_too(open_server: RunningServer) -> None:
    query = "query OverSockets { hello }"
    told = []
    async with acknowledged(open_server) as socket:
        for payload in ({}, {"query": query}, {}):
            await socket.send(type="subscribe", id="1", payload={**payload, "extensions": persisted(query)})
            message = await socket.receive()
            told.append(message["payload"])
            if message["type"] == "next":
                assert (await socket.receive())["type"] == "complete"
    assert told[0][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert [payload["data"] for payload in told[1:]] == [{"hello": "hello world"}] * 2
