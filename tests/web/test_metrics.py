"""/metrics on the server's own port, only with the token."""

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.web.conftest import MakeSettings, client_of

TOKEN = "scrape-me-if-you-can"


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_the_token_opens_it(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(metrics_token=TOKEN)) as client:
        response = await client.get("/metrics", headers=bearer(TOKEN))
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-store"
    assert "ekonte_build_info" in {family.name for family in text_string_to_metric_families(response.text)}


@pytest.mark.parametrize(
    "headers",
    [{}, bearer("wrong"), bearer(TOKEN[:-1]), bearer("ключ"), {"authorization": f"Basic {TOKEN}"}, bearer("")],
    ids=["none", "wrong", "shorter", "not ASCII", "another scheme", "empty"],
)
async def test_without_the_token_it_is_not_there(make_settings: MakeSettings, headers: dict[str, str]) -> None:
    encoded = {name: value.encode() for name, value in headers.items()}
    async with client_of(make_settings(metrics_token=TOKEN)) as client:
        response = await client.get("/metrics", headers=encoded)
    assert (response.status_code, response.content) == (404, b"")


async def test_where_no_token_is_set_it_is_not_there(client: httpx.AsyncClient) -> None:
    for headers in ({}, bearer(""), bearer("None")):
        assert (await client.get("/metrics", headers=headers)).status_code == 404


async def test_a_collector_may_ask_by_the_servers_address(make_settings: MakeSettings) -> None:
    async with client_of(make_settings(metrics_token=TOKEN), base_url="http://10.1.2.3:8000") as client:
        assert (await client.get("/metrics", headers=bearer(TOKEN))).status_code == 200
        assert (await client.get("/graphql")).status_code == 421
