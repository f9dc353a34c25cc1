"""Host and Origin checks, request ids, log lines."""

from typing import Any

import httpx
import pytest
import structlog
from starlette.types import Receive, Scope, Send

from tests.web.conftest import SECRET, MakeSettings, client_of
from tests.web.tiny import Mutation
from web.graphql_errors import INTERNAL_MESSAGE
from web.middleware import RequestLog, is_loopback, origin_key, sane_request_id, split_host

QUERY = {"query": "{ hello }"}
MUTATION = {"query": "mutation { count }"}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:8000", "[::1]:8000", "LOCALHOST.", "127.8.9.1"]
)
async def test_names_of_this_machine_are_answered(client: httpx.AsyncClient, host: str) -> None:
    response = await client.post("/graphql", json=QUERY, headers={"host": host})
    assert response.status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "evil-localhost",
        "192.168.1.5",
        "[2001:db8::1]:8000",
        "localhost@evil.example",
        "localhost:8000/evil",
        "localhost, evil.example",
        "[::1",
        "localhost:99999",
        "",
    ],
)
@pytest.mark.parametrize("path", ["/graphql", "/files/x/y", "/graphiql/graphiql.js"])
async def test_other_names_are_refused(client: httpx.AsyncClient, host: str, path: str) -> None:
    before = Mutation.calls
    response = await client.request(
        "POST" if path == "/graphql" else "GET", path, json=MUTATION, headers={"host": host}
    )
    assert response.status_code == 421
    assert response.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert Mutation.calls == before


async def test_two_hosts_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("host", "localhost"), ("host", "evil.example")]
    assert (await client.post("/graphql", json=QUERY, headers=headers)).status_code == 421


async def test_allowed_hosts_are_answered_and_a_port_in_them_counts(make_settings: MakeSettings) -> None:
    settings = make_settings(secret=SECRET, allowed_hosts="films.example, other.example:8443")
    async with client_of(settings) as client:
        for host, status in {
            "films.example": 401,
            "films.example:8000": 401,
            "other.example:8443": 401,
            "other.example": 421,
            "sub.films.example": 421,
        }.items():
            assert (await client.post("/graphql", json=QUERY, headers={"host": host})).status_code == status


async def test_any_host_is_answered_where_all_are_allowed(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(secret=SECRET, allowed_hosts="*")) as client:
        assert (await client.post("/graphql", json=QUERY, headers={"host": "any.example"})).status_code == 401


async def test_health_is_answered_by_any_name(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await client.get(path, headers={"host": "10.1.2.3:8000"})).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:3000"},
        {"origin": "https://localhost:8000.evil.example"},
        {"origin": "http://localhost:8000@evil.example"},
        {"origin": "file://"},
        {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"sec-fetch-site": "same-site", "sec-fetch-mode": "cors"},
    ],
)
async def test_pages_of_other_sites_cannot_use_the_api(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    before = Mutation.calls
    post = await client.post("/graphql", json=MUTATION, headers=headers)
    stream = await client.post("/graphql", json=MUTATION, headers={**headers, "accept": "text/event-stream"})
    get = await client.get("/graphql", params=QUERY, headers=headers)
    preflight = await client.options(
        "/graphql",
        headers={**headers, "access-control-request-method": "POST", "access-control-request-headers": "content-type"},
    )
    for response in (post, stream, get, preflight):
        assert response.status_code == 403
        assert "access-control-allow-origin" not in response.headers
    assert post.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"
    assert Mutation.calls == before


@pytest.mark.parametrize("headers", [{}, {"origin": "http://localhost:8000"}, {"sec-fetch-site": "same-origin"}])
async def test_programs_and_our_own_page_can_use_the_api(client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    assert (await client.post("/graphql", json=QUERY, headers=headers)).status_code == 200


async def test_a_link_to_the_explorer_may_be_followed_from_anywhere(client: httpx.AsyncClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "accept": "text/html"}
    assert (await client.get("/graphql", headers=headers)).status_code == 200


async def test_allowed_origins_are_told_so_and_no_others(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(allowed_origins="https://studio.example")) as client:
        preflight = await client.options(
            "/graphql",
            headers={
                "origin": "https://studio.example",
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type, authorization, idempotency-key",
            },
        )
        allowed = await client.post("/graphql", json=QUERY, headers={"origin": "https://studio.example"})
        other = await client.post("/graphql", json=QUERY, headers={"origin": "http://studio.example"})
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == "https://studio.example"
    assert allowed.headers["access-control-allow-origin"] == "https://studio.example"
    assert "x-request-id" in allowed.headers["access-control-expose-headers"].lower()
    assert other.status_code == 403


async def test_a_request_id_is_taken_if_sane_and_made_otherwise(client: httpx.AsyncClient) -> None:
    taken = await client.get("/healthz", headers={"x-request-id": "Web.1_2-3"})
    made = [await client.get("/healthz", headers={"x-request-id": bad}) for bad in ("a b", "x" * 129, "", "a;b")]
    assert taken.headers["x-request-id"] == "Web.1_2-3"
    assert len({response.headers["x-request-id"] for response in made}) == 4
    assert all(sane_request_id(response.headers["x-request-id"]) for response in made)


async def test_the_log_line_has_the_path_without_its_query(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await client.get("/files/f1/film.mp4?expires=1&signature=abc", headers={"x-request-id": "r-9"})
    [line] = [line for line in lines if line["event"] == "request"]
    assert (line["method"], line["path"], line["status"]) == ("GET", "/files/f1/film.mp4", 403)
    assert line["request_id"] == "r-9"
    assert line["ms"] >= 0
    assert "abc" not in str(lines)


async def test_every_log_line_of_a_request_has_its_id(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        await client.post("/graphql", json={"query": "{ hello broken }"}, headers={"x-request-id": "r-7"})
    assert {line["event"] for line in lines} == {"hello.asked", "graphql.unexpected_error", "request"}
    assert {line["request_id"] for line in lines} == {"r-7"}


async def test_what_nobody_caught_becomes_a_neutral_500() -> None:
    async def fails(scope: Scope, receive: Receive, send: Send) -> None:
        raise RuntimeError("the password is swordfish")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(RequestLog(fails)), base_url="http://x") as client:
        response = await client.get("/")
    assert response.status_code == 500
    assert response.json()["errors"][0]["message"] == INTERNAL_MESSAGE
    assert response.json()["errors"][0]["extensions"]["requestId"] == response.headers["x-request-id"]


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("Example.COM:80", ("example.com", 80)),
        ("[::1]", ("::1", None)),
        ("[0:0:0:0:0:0:0:1]:8000", ("::1", 8000)),
        ("a b", None),
        ("a/b", None),
        (":80", None),
    ],
)
def test_hosts_have_one_spelling(host: str, expected: Any) -> None:
    assert split_host(host) == expected


def test_origins_have_one_spelling() -> None:
    assert origin_key("HTTPS://Example.com:443") == origin_key("https://example.com") == ("https", "example.com", 443)
    for none in ("null", "", "ftp://example.com", "https://", "https://example.com/path", "example.com"):
        assert origin_key(none) is None


def test_loopback_is_only_this_machine() -> None:
    assert all(is_loopback(name) for name in ("localhost", "a.localhost", "127.0.0.1", "::1"))
    assert not any(is_loopback(name) for name in ("0.0.0.0", "10.0.0.1", "localhost.example", "notlocalhost"))
