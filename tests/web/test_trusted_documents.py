"""A deployment that executes only the documents of its own clients, in the forms of their build tools."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from errors import ConfigurationError
from tests.web.conftest import MakeSettings, client_of
from web.trusted_documents import load_trusted_documents, sha256_of

HELLO = "query Hello($name: String!) {\n  hello(name: $name)\n}"
HASH = sha256_of(HELLO)
VARIABLES = {"name": "Mei"}
APOLLO = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": HASH, "name": "Hello", "type": "query", "body": HELLO}],
}
FORBIDDEN = "This server executes only the documents that it was given; "


@pytest.fixture(params=["apollo", "relay", "codegen", "folder"])
def documents(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """The document in the form of each tool; Relay's ids are what its server or MD5 made them."""
    if request.param == "folder":
        (tmp_path / "hello.graphql").write_text(HELLO)
        (tmp_path / "notes.txt").write_text("not a document")
        return tmp_path
    content = {"apollo": APOLLO, "relay": {"d41d8cd9": HELLO}, "codegen": {f"sha256:{HASH}": HELLO}}[request.param]
    path = tmp_path / "documents.json"
    path.write_text(json.dumps(content))
    return path


REQUESTS: list[dict[str, Any]] = [
    {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
    {"query": HELLO, "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
    {"query": HELLO},
    {"documentId": HASH},
    {"documentId": f"sha256:{HASH}"},
    {"doc_id": HASH, "query": None},
    {"id": HASH},
]


async def test_known_documents_are_executed_however_clients_name_them(
    make_settings: MakeSettings, documents: Path
) -> None:
    async with client_of(make_settings(trusted_documents=documents)) as client:
        for body in REQUESTS:
            response = await client.post("/graphql", json={**body, "variables": VARIABLES})
            assert response.json().get("data") == {"hello": "hello Mei"}, body
        got = await client.get("/graphql", params={"documentId": HASH, "variables": json.dumps(VARIABLES)})
        apollo = json.dumps({"persistedQuery": {"version": 1, "sha256Hash": HASH}})
        also = await client.get("/graphql", params={"extensions": apollo, "variables": json.dumps(VARIABLES)})
    assert got.json()["data"] == also.json()["data"] == {"hello": "hello Mei"}


@pytest.mark.parametrize(
    "body",
    [
        {"query": "{ hello }"},
        {"query": f"{HELLO} "},
        {"query": "{ hello }", "documentId": HASH},
        {"query": "{ hello }", "extensions": {"persistedQuery": {"version": 1, "sha256Hash": HASH}}},
        {"query": "{ __schema { types { name } } }"},
        {"documentId": "0" * 64},
        {"documentId": "x" * 10_000},
        {"documentId": 5},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}},
        {"extensions": {"persistedQuery": HASH}},
        {"variables": VARIABLES},
        {},
    ],
)
async def test_everything_else_is_refused(make_settings: MakeSettings, tmp_path: Path, body: dict[str, Any]) -> None:
    path = tmp_path / "manifest.json"
    path.write_text(json.dumps(APOLLO))
    async with client_of(make_settings(trusted_documents=path)) as client:
        response = await client.post("/graphql", json=body)
    error = response.json()["errors"][0]
    assert (response.status_code, error["extensions"]["code"]) == (403, "FORBIDDEN")
    assert error["message"].startswith(FORBIDDEN)


async def test_without_the_setting_any_document_is_executed(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": HELLO, "variables": VARIABLES, "id": "mine"})
    assert response.json()["data"] == {"hello": "hello Mei"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "cannot be read"),
        ("{", "is not JSON"),
        ("{}", "contains no documents"),
        ("[]", "is neither Apollo's manifest nor a map"),
        ('{"a": 5}', "is neither Apollo's manifest nor a map"),
        ('{"format": "apollo-persisted-query-manifest"}', "is neither Apollo's manifest nor a map"),
        ('{"format": "apollo-persisted-query-manifest", "operations": [{"id": "a"}]}', "is neither Apollo's manifest"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_start(tmp_path: Path, content: str | None, reason: str) -> None:
    path = tmp_path / "documents.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(ConfigurationError, match=f"EKONTE_TRUSTED_DOCUMENTS: .*{reason}"):
        load_trusted_documents(path)
