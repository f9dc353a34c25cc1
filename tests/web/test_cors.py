"""What pages of other origins may send."""

import httpx
import pytest
from pydantic import ValidationError

from settings.connections import DEFAULT_HEADERS
from tests.web.conftest import MakeSettings, client_of

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
