"""Conformance with the GraphQL over HTTP specification, and refused requests."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.web.conftest import SECRET, MakeSettings, client_of, token_for
from tests.web.processes import RunningServer
from tests.web.tiny import Mutation

AUDITS = Path(__file__).parent / "audits"
GRAPHQL_JSON = "application/graphql-response+json"


@pytest.fixture(scope="session")
def audit_folder() -> Path:
    """The audit package installed by npm, cached between runs."""
    if shutil.which("node") is None or shutil.which("npm") is None:
        reason = "Node.js and npm are needed for the audits of graphql-http"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "ekonte" / "graphql-http-audits"
    cache.mkdir(parents=True, exist_ok=True)
    lock = (AUDITS / "package-lock.json").read_text()
    installed = cache / "installed-lock.json"
    for name in ("package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(AUDITS / name, cache / name)
    if not installed.exists() or installed.read_text() != lock:
        subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=cache, check=True, timeout=240)
        installed.write_text(lock)
    return cache


@pytest.mark.node
def test_every_audit_of_graphql_http_passes(audit_folder: Path, open_server: RunningServer) -> None:
    run = subprocess.run(
        ["node", "audit.mjs", open_server.graphql],
        cwd=audit_folder,
        check=True,
        timeout=120,
        capture_output=True,
        text=True,
    )
    results = [json.loads(line) for line in run.stdout.splitlines()]
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61


def test_the_audits_lock_file_names_no_download_addresses() -> None:
    for lock in (AUDITS / "package-lock.json", Path("web/graphiql/build/package-lock.json")):
        packages = json.loads(lock.read_text())["packages"]
        assert all("resolved" not in package for package in packages.values())
        assert all("integrity" in package for name, package in packages.items() if name)


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
        (GRAPHQL_JSON, GRAPHQL_JSON),
        (f"{GRAPHQL_JSON}, application/json;q=0.9", GRAPHQL_JSON),
        (f"application/json, {GRAPHQL_JSON};q=0.5", "application/json"),
        (f"{GRAPHQL_JSON};q=0, */*", "application/json"),
    ],
)
async def test_the_answer_has_the_media_type_that_the_client_prefers(
    client: httpx.AsyncClient, accept: str | None, expected: str
) -> None:
    headers = {} if accept is None else {"accept": accept}
    if accept is None:
        del client.headers["accept"]
    response = await client.post("/graphql", json={"query": "{ hello }"}, headers=headers)
    assert response.headers["content-type"] == f"{expected}; charset=utf-8"
    assert response.json()["data"] == {"hello": "hello world"}


@pytest.mark.parametrize(
    "query", ["{", "{ nope }", "query Q($n: String!) { hello(name: $n) }", "query A{hello} query B{hello}"]
)
async def test_a_request_that_never_runs_is_400_without_data(client: httpx.AsyncClient, query: str) -> None:
    response = await client.post("/graphql", json={"query": query}, headers={"accept": GRAPHQL_JSON})
    body = response.json()
    assert response.status_code == 400
    assert "data" not in body
    assert body["errors"][0]["extensions"] == {
        "code": "BAD_USER_INPUT",
        "number": 40001,
        "requestId": response.headers["x-request-id"],
    }


async def test_an_operation_that_ran_is_200_though_a_field_failed(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ refused }"}, headers={"accept": GRAPHQL_JSON})
    assert response.status_code == 200
    assert response.json()["data"] is None


@pytest.mark.parametrize(
    "body",
    [
        "{",
        "5",
        '"text"',
        "[]",
        '[{"query": "{ hello }"}]',
        '{"query": 5}',
        "{}",
        '{"query": "{hello}", "operationName": {}}',
    ],
)
async def test_a_body_that_is_no_request_is_refused(client: httpx.AsyncClient, body: str) -> None:
    response = await client.post("/graphql", content=body, headers={"content-type": "application/json"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "text/plain;a=application/json"]
)
async def test_content_types_that_need_no_preflight_are_refused(client: httpx.AsyncClient, content_type: str) -> None:
    before = Mutation.calls
    content = json.dumps({"query": "mutation { count }"})
    response = await client.post("/graphql", content=content, headers={"content-type": content_type})
    assert response.status_code == 400
    assert Mutation.calls == before


async def test_get_runs_queries_and_no_mutation(client: httpx.AsyncClient) -> None:
    before = Mutation.calls
    query = await client.get(
        "/graphql", params={"query": "query($n: String!){hello(name: $n)}", "variables": '{"n": "you"}'}
    )
    mutation = await client.get("/graphql", params={"query": "mutation { count }"})
    streamed = await client.get(
        "/graphql", params={"query": "mutation { count }"}, headers={"accept": "text/event-stream"}
    )
    assert query.json()["data"] == {"hello": "hello you"}
    assert mutation.status_code == 400
    assert "count" not in streamed.text
    assert Mutation.calls == before


async def test_a_subscription_without_a_stream_is_told_where_to_go(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "subscription { countTo(n: 1) }"})
    assert response.status_code == 400
    assert "text/event-stream" in response.json()["errors"][0]["message"]


async def test_other_methods_are_told_which_there_are(client: httpx.AsyncClient) -> None:
    response = await client.put("/graphql", json={"query": "{ hello }"})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, POST"


async def test_a_json_body_over_the_limit_is_refused(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(max_json_bytes=1024)) as client:
        query = {"query": "{ hello }", "variables": {"text": "x" * 2000}}
        response = await client.post("/graphql", json=query)
        small = await client.post("/graphql", json={"query": "{ hello }"})
    assert response.status_code == 413
    assert response.json()["errors"][0]["extensions"]["code"] == "FILE_TOO_LARGE"
    assert small.status_code == 200


@pytest.mark.parametrize("authorization", [None, "Bearer nonsense", "Basic dXNlcjpwYXNz", "Bearer"])
async def test_without_a_good_token_the_answer_is_401(make_settings: MakeSettings, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    before = Mutation.calls
    async with client_of(make_settings(secret=SECRET)) as client:
        response = await client.post("/graphql", json={"query": "mutation { count }"}, headers=headers)
    error = response.json()["errors"][0]
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"
    assert (error["extensions"]["code"], error["extensions"]["number"]) == ("UNAUTHENTICATED", 40101)
    assert "data" not in response.json()
    assert Mutation.calls == before


async def test_a_good_token_says_who_is_asking(make_settings: MakeSettings) -> None:
    token = token_for("yuki", scopes=("system:read",))
    async with client_of(make_settings(secret=SECRET)) as client:
        response = await client.post(
            "/graphql", json={"query": "{ me { owner scopes } }"}, headers={"authorization": f"Bearer {token}"}
        )
    assert response.json()["data"] == {"me": {"owner": "yuki", "scopes": ["system:read"]}}


async def test_the_idempotency_key_reaches_the_one_mutation(client: httpx.AsyncClient) -> None:
    headers = {"idempotency-key": "abc-1"}
    one = await client.post("/graphql", json={"query": "mutation { idempotencyKey }"}, headers=headers)
    none = await client.post("/graphql", json={"query": "mutation { idempotencyKey }"})
    assert one.json()["data"] == {"idempotencyKey": "abc-1"}
    assert none.json()["data"] == {"idempotencyKey": None}


@pytest.mark.parametrize("key", ["", "x" * 256, "a\tb"])
async def test_an_idempotency_key_that_is_none_is_refused(client: httpx.AsyncClient, key: str) -> None:
    before = Mutation.calls
    response = await client.post("/graphql", json={"query": "mutation { count }"}, headers={"idempotency-key": key})
    assert response.status_code == 400
    assert Mutation.calls == before


@pytest.mark.parametrize(
    "query", ["mutation { a: count b: count }", "mutation { ...M } fragment M on Mutation { count }"]
)
async def test_an_idempotency_key_with_several_mutations_is_refused(client: httpx.AsyncClient, query: str) -> None:
    before = Mutation.calls
    response = await client.post("/graphql", json={"query": query}, headers={"idempotency-key": "abc-1"})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert Mutation.calls == before


async def test_introspection_and_suggestions_can_be_switched_off(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(introspection=False)) as client:
        asked = await client.post("/graphql", json={"query": "{ __schema { types { name } } }"})
        wrong = await client.post("/graphql", json={"query": "{ helo }"})
    assert "data" not in asked.json()
    assert wrong.json()["errors"][0]["message"] == "Cannot query field 'helo' on type 'Query'."


async def test_each_request_has_a_context_of_its_own(client: httpx.AsyncClient) -> None:
    response = await client.post("/graphql", json={"query": "{ requestId }"}, headers={"x-request-id": "mine.1"})
    assert response.json()["data"] == {"requestId": "mine.1"}
