"""What pages of other origins may send."""

import contextlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from pydantic import ValidationError

from settings.connections import DEFAULT_HEADERS
from tests.web.browser import browser_page, find_browser
from tests.web.conftest import MakeSettings, client_of
from tests.web.processes import running_server

ORIGIN = "https://studio.example"


async def preflight(client: httpx.AsyncClient, headers: str, method: str = "POST") -> httpx.Response:
    asked = {
        "origin": ORIGIN,
        "access-control-request-method": method,
        **({"access-control-request-headers": headers} if headers else {}),
    }
    return await client.options("/graphql", headers=asked)


@pytest.mark.parametrize(
    "headers",
    [
        "",
        "authorization,content-type",
        "traceparent, tracestate",
        "baggage,content-type,sentry-trace",
        "apollographql-client-name,apollographql-client-version,content-type",
        "ApolloGraphQL-Client-Name",
        "x-apollo-operation-name, apollo-require-preflight",
        "x-requested-with,graphql-require-preflight",
        "cache-control,last-event-id",
        "x-graphql-event-stream-token",
    ],
)
async def test_what_known_clients_send_is_allowed(make_settings: MakeSettings, headers: str) -> None:
    async with client_of(make_settings(allowed_origins=ORIGIN)) as client:
        response = await preflight(client, headers)
    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == ORIGIN
    listed = [name.strip().lower() for name in response.headers["access-control-allow-headers"].split(",")]
    assert {name.strip().lower() for name in headers.split(",") if name} <= set(listed)


@pytest.mark.parametrize(
    "headers", ["x-other", "authorization, x-other", "apollographql", "apollographql-client-name,x"]
)
async def test_other_headers_are_refused(make_settings: MakeSettings, headers: str) -> None:
    async with client_of(make_settings(allowed_origins=ORIGIN)) as client:
        response = await preflight(client, headers)
    assert response.status_code == 400


async def test_the_headers_are_a_setting(make_settings: MakeSettings) -> None:
    values = {"allowed_origins": ORIGIN, "allowed_headers": "authorization, X-Team-*"}
    async with client_of(make_settings(**values)) as client:
        own = await preflight(client, "x-team-name,authorization")
        other = await preflight(client, "traceparent")
        method = await preflight(client, "x-team-name", method="DELETE")
    assert own.status_code == 200
    assert other.status_code == method.status_code == 400


@pytest.mark.parametrize("value", ["*", "a b", "x*y", "x-**"])
def test_a_header_that_is_none_stops_the_start(make_settings: MakeSettings, value: str) -> None:
    with pytest.raises(ValidationError, match="names of headers"):
        make_settings(allowed_headers=value)


def test_the_default_headers_are_in_order_and_lower_case() -> None:
    assert list(DEFAULT_HEADERS) == sorted({name.lower() for name in DEFAULT_HEADERS})


async def test_a_page_may_read_when_to_come_again(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(allowed_origins=ORIGIN)) as client:
        response = await client.post("/graphql", json={"query": "{ hello }"}, headers={"origin": ORIGIN})
    assert "retry-after" in response.headers["access-control-expose-headers"]


class EmptyPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        page = b"<!doctype html><title>ready</title><link rel=icon href=data:,>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:
        pass


@contextlib.contextmanager
def page_server() -> Iterator[str]:
    """The origin of an empty page."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


SENT = {
    "content-type": "application/json",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "baggage": "a=b",
    "sentry-trace": "1-2-1",
    "apollographql-client-name": "studio",
    "apollographql-client-version": "1",
    "x-apollo-operation-name": "Hello",
}


@pytest.mark.chromium
async def test_a_page_in_a_real_browser_may_send_them(tmp_path: Path) -> None:
    browser = find_browser()
    if browser is None:
        reason = "a Chromium is needed to try requests across origins"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    (tmp_path / "server").mkdir()
    with page_server() as origin, running_server(tmp_path / "server", EKONTE_ALLOWED_ORIGINS=origin) as server:

        def asking(headers: dict[str, str], query: str = "{ hello }") -> str:
            init = {"method": "POST", "headers": headers, "body": json.dumps({"query": query})}
            return (
                f"fetch({json.dumps(server.graphql)}, {json.dumps(init)})"
                ".then((response) => response.text(), (error) => String(error))"
            )

        async with browser_page(browser, tmp_path / "profile") as page:
            await page.open(origin)
            await page.wait_for("document.title === 'ready'")
            answer = await page.evaluate(asking(SENT))
            stream = await page.evaluate(
                asking({**SENT, "accept": "text/event-stream"}, "subscription { countTo(n: 2) }")
            )
            refused = await page.evaluate(asking({**SENT, "x-other": "1"}))
    assert json.loads(answer)["data"] == {"hello": "hello world"}
    assert stream.count("event: next") == 2
    assert "TypeError" in refused
