"""Health and readiness."""

from typing import Any

import httpx
import pytest
import structlog

from tests.web.conftest import MakeSettings, client_of
from web.health import ReadyRoute


async def test_a_running_process_is_up(client: httpx.AsyncClient) -> None:
    response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "up"})


async def test_the_root_sends_browsers_to_the_page_and_tells_others_the_endpoints(client: httpx.AsyncClient) -> None:
    browser = await client.get("/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    other = await client.get("/")
    assert (browser.status_code, browser.headers["location"]) == (307, "/graphql")
    assert other.status_code == 200
    assert (other.json()["graphql"], other.json()["readiness"]) == ("/graphql", "/readyz")
    for name in ("health", "readiness"):
        assert (await client.get(other.json()[name])).status_code == 200
    assert (await client.post("/")).status_code == 405


async def test_readiness_says_what_is_missing(make_settings: MakeSettings) -> None:
    missing = {"database": None, "migrations": "2 are not applied", "worker": None}
    async with client_of(make_settings(), missing=missing) as client:
        response = await client.get("/readyz")
    assert response.status_code == 503
    assert response.json() == {
        "ready": False,
        "checks": {"database": "ok", "migrations": "2 are not applied", "worker": "ok"},
        "missing": ["migrations"],
    }
    assert response.headers["cache-control"] == "no-store"


async def test_with_everything_there_it_is_ready(client: httpx.AsyncClient) -> None:
    response = await client.get("/readyz")
    assert (response.status_code, response.json()["ready"]) == (200, True)


@pytest.mark.parametrize("error", [RuntimeError("postgres://user:password@db")])
async def test_a_check_that_breaks_is_not_ready_and_shows_nothing(error: Exception) -> None:
    async def breaks() -> dict[str, Any]:
        raise error

    with structlog.testing.capture_logs() as lines:
        response = await ReadyRoute(breaks).answer(None)  # type: ignore[arg-type]
    assert response.status_code == 503
    assert b"password" not in response.body
    assert [line["event"] for line in lines] == ["readiness.failed"]
