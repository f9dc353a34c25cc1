"""GraphiQL: served from the package, under a strict policy, and working in a real browser."""

import json
import os
import re
from pathlib import Path

import httpx
import pytest

from tests.web.browser import browser_page, find_browser
from tests.web.processes import RunningServer
from web.graphiql import CONTENT_TYPES, FOLDER, wants_page


@pytest.fixture
def browser() -> str:
    executable = find_browser()
    if executable is None:
        reason = "a Chromium is needed to try GraphiQL in a browser"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return executable


async def test_a_browser_gets_the_page_and_a_client_does_not(client: httpx.AsyncClient) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = await client.get("/graphql", headers={"accept": accept})
    data = await client.get("/graphql", params={"query": "{ hello }"}, headers={"accept": accept})
    nothing = await client.get("/graphql")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "'unsafe-eval'" not in page.headers["content-security-policy"]
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert data.json()["data"] == {"hello": "hello world"}
    assert nothing.status_code == 400


def test_only_a_person_who_opens_the_address_wants_the_page() -> None:
    assert wants_page("GET", "text/html", False)
    assert not wants_page("POST", "text/html", False)
    assert not wants_page("GET", "*/*", False)
    assert not wants_page("GET", "text/html", True)


async def test_all_that_the_page_loads_is_in_the_package(client: httpx.AsyncClient) -> None:
    page = (FOLDER / "index.html").read_text()
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page)
    assert sorted(loaded) == ["/graphiql/graphiql.css", "/graphiql/graphiql.js", "data:,"]
    for name, content_type in CONTENT_TYPES.items():
        response = await client.get(f"/graphiql/{name}")
        assert response.headers["content-type"] == content_type
        assert response.content == (FOLDER / name).read_bytes()
        again = await client.get(f"/graphiql/{name}", headers={"if-none-match": response.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("name", ["index.html", "__init__.py", "build", "..%2F__init__.py", "nothing.js"])
async def test_nothing_else_of_the_package_is_served(client: httpx.AsyncClient, name: str) -> None:
    assert (await client.get(f"/graphiql/{name}")).status_code == 404


def test_the_licences_of_all_that_is_bundled_are_there() -> None:
    licences = (FOLDER / "LICENSES.txt").read_text()
    direct = json.loads((FOLDER / "build" / "package.json").read_text())["dependencies"]
    for name, version in direct.items():
        assert f"{name} {version}: MIT" in licences
    assert "@fontsource/fira-code" in licences
    assert "@fontsource/roboto" in licences


@pytest.mark.chromium
async def test_the_explorer_queries_and_subscribes_in_a_real_browser(
    browser: str, open_server: RunningServer, tmp_path: Path
) -> None:
    run = "document.querySelector('.graphiql-execute-button').click()"
    result = "document.querySelector('.result-window').innerText"
    async with browser_page(browser, tmp_path / "profile") as page:
        await page.open(open_server.graphql)
        await page.wait_for("!!document.querySelector('.graphiql-execute-button')")
        await page.wait_for("document.querySelector('.graphiql-query-editor').innerText.includes('Ekonte')")
        await page.evaluate(run)
        await page.wait_for(f"{result}.includes('system:read')")
        assert '"local"' in await page.evaluate(result)

        await page.evaluate(
            "document.querySelector('.graphiql-query-editor .CodeMirror')"
            ".CodeMirror.setValue('subscription Count { countTo(n: 4) }')"
        )
        # The explorer parses the typed text with a delay, and then names its tab.
        await page.wait_for("document.querySelector('.graphiql-tab-button').innerText.trim() === 'Count'")
        await page.evaluate(run)
        await page.wait_for(f"/countTo.{{1,4}}4/.test({result})")

        await page.evaluate("document.querySelector('.graphiql-sidebar button').click()")
        await page.wait_for("document.body.innerText.includes('A GraphQL schema provides a root type')")
        await page.screenshot(tmp_path / "graphiql.png")
        assert page.problems == []
        assert set(page.sockets) == {open_server.websocket}
        base = open_server.url
        assert {url for url in page.requested if not url.startswith(("data:", base))} == set()
    assert (tmp_path / "graphiql.png").stat().st_size > 20_000
