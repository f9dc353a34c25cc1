"""sgqlc, unchanged, as its documentation says: types from the introspection, operations from the types."""

import asyncio
import json
import subprocess
import sys
from pathlib import Path

from sgqlc.endpoint.http import HTTPEndpoint
from sgqlc.operation import Operation
from telling import CREATE, HEADERS, ME, PREFLIGHT, REFUSED, TOKEN, URL, account, check, every_page

NAME = "sgqlc 18"
endpoint = HTTPEndpoint(URL, {**HEADERS, **PREFLIGHT})


async def types() -> None:
    folder = Path.cwd()
    bearer = f"Authorization: Bearer {TOKEN}"
    program = [sys.executable, "-m", "sgqlc.introspection", "--exclude-deprecated", "-H", bearer, URL, "schema.json"]
    subprocess.run(program, check=True, cwd=folder)
    codegen = Path(sys.executable).parent / "sgqlc-codegen"
    subprocess.run([codegen, "schema", "schema.json", "ekonte_schema.py"], check=True, cwd=folder)


def data(answer: dict) -> dict:
    assert "errors" not in answer, answer
    return answer["data"]


async def main() -> None:
    await check(NAME, "types", types)
    sys.path.insert(0, str(Path.cwd()))
    import ekonte_schema

    async def query() -> None:
        operation = Operation(ekonte_schema.Query, name="Me")
        operation.me.owner()
        assert (operation + endpoint(operation)).me.owner == "mira"
        assert data(endpoint(ME)) == {"me": {"owner": "mira"}}

    async def mutation() -> None:
        assert data(endpoint(CREATE, {"input": account("sgqlc")}))["createAccounts"]["successCount"] == 1

    async def page(after: str | None) -> dict:
        operation = Operation(ekonte_schema.Query, name="Page")
        found = operation.accounts(first=2, after=after)
        found.nodes.id()
        found.page_info.__fields__("has_next_page", "end_cursor")
        return json.loads(json.dumps(data(endpoint(operation))["accounts"]))

    async def errors() -> None:
        assert endpoint(REFUSED)["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"

    await check(NAME, "query", query)
    await check(NAME, "mutation", mutation)
    await check(NAME, "paging", lambda: every_page(page))
    await check(NAME, "errors", errors)


asyncio.run(main())
