"""How a check is told to the tests: one JSON object a line."""

import json
import sys
import traceback
from collections.abc import Awaitable, Callable

ME = "query Me { me { owner } }"
CREATE = "mutation Create($input: CreateAccountsInput!) { createAccounts(input: $input) { successCount } }"
UPLOAD = "mutation Send($file: Upload!) { uploadFile(file: $file) { file { bytes } } }"
PAGE = (
    "query Page($after: String) "
    "{ accounts(first: 2, after: $after) { nodes { id } pageInfo { hasNextPage endCursor } } }"
)
CHANGES = "subscription Changes { accountChanges { deletedAccountId account { id name } } }"
REFUSED = "query Refused { accounts(first: 100000) { totalCount } }"

URL, TOKEN = sys.argv[1:3]
SOCKET = URL.replace("http", "ws", 1)
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
PREFLIGHT = {"GraphQL-Require-Preflight": "true"}


def account(name: str) -> dict[str, object]:
    return {"accounts": [{"name": name, "type": "DOMESTIC", "sessionId": f"session-of-{name}"}]}


async def check(client: str, what: str, run: Callable[[], Awaitable[None]]) -> None:
    error = None
    try:
        await run()
    except Exception:
        error = traceback.format_exc()
    print(json.dumps({"client": client, "check": what, "error": error}), flush=True)


def wait_for_restart() -> None:
    """Has the reader of the output restart the server, and returns after it."""
    print(json.dumps({"waiting": "restart"}), flush=True)
    sys.stdin.readline()


async def every_page(page: Callable[[str | None], Awaitable[dict[str, object]]]) -> None:
    seen: list[str] = []
    after: str | None = None
    while True:
        connection: dict = await page(after)
        seen += [node["id"] for node in connection["nodes"]]
        if not connection["pageInfo"]["hasNextPage"]:
            break
        after = connection["pageInfo"]["endCursor"]
    assert len(seen) >= 5, seen
    assert len(set(seen)) == len(seen), seen
