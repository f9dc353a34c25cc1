"""ariadne-codegen, unchanged, as its documentation says: a client made of documents and the introspected schema."""

import asyncio
import io
import json
import subprocess
import sys
from pathlib import Path

from telling import (
    CHANGES,
    CREATE,
    HEADERS,
    ME,
    PAGE,
    PREFLIGHT,
    REFUSED,
    SOCKET,
    UPLOAD,
    URL,
    account,
    check,
    every_page,
    wait_for_restart,
)

NAME = "ariadne-codegen 0.19"


async def types() -> None:
    folder = Path.cwd()
    documents = [ME, CREATE, PAGE, CHANGES, REFUSED, UPLOAD.replace("uploadFile", "uploadScriptFile")]
    (folder / "documents.graphql").write_text("\n".join(documents))
    (folder / "pyproject.toml").write_text(
        f"""
[tool.ariadne-codegen]
remote_schema_url = {json.dumps(URL)}
queries_path = "documents.graphql"
target_package_name = "ekonte_client"

[tool.ariadne-codegen.remote_schema_headers]
Authorization = {json.dumps(HEADERS["Authorization"])}
"""
    )
    subprocess.run([Path(sys.executable).parent / "ariadne-codegen"], check=True, cwd=folder, stdout=sys.stderr)


async def main() -> None:
    await check(NAME, "types", types)
    sys.path.insert(0, str(Path.cwd()))
    from ekonte_client import Client, CreateAccountsInput, GraphQLClientGraphQLMultiError, Upload

    client = Client(url=URL, headers={**HEADERS, **PREFLIGHT}, ws_url=SOCKET, ws_connection_init_payload=HEADERS)

    async def query() -> None:
        assert (await client.me()).me.owner == "mira"

    async def mutation() -> None:
        given = CreateAccountsInput.model_validate(account("ariadne"))
        assert (await client.create(given)).create_accounts.success_count == 1

    async def upload() -> None:
        content = b"Anna came late, and the snow fell."
        sent = await client.send(Upload(filename="story.txt", content=io.BytesIO(content), content_type="text/plain"))
        file = sent.model_dump(by_alias=True)["uploadScriptFile"]["file"]
        assert int(file["bytes"]) == len(content)

    async def page(after: str | None) -> dict:
        return (await client.page(after)).model_dump(by_alias=True)["accounts"]

    async def errors() -> None:
        told: list = []
        try:
            await client.refused()
        except GraphQLClientGraphQLMultiError as error:
            told = error.errors
        assert told[0].extensions["code"] == "BAD_USER_INPUT"

    async def websocket() -> None:
        async with asyncio.timeout(100):
            async for change in client.changes():
                assert change.account_changes.account.id
                return

    await check(NAME, "query", query)
    await check(NAME, "mutation", mutation)
    await check(NAME, "upload", upload)
    await check(NAME, "paging", lambda: every_page(page))
    await check(NAME, "errors", errors)
    await check(NAME, "websocket", websocket)
    await asyncio.to_thread(wait_for_restart)
    # It does not reconnect by itself: whoever iterates begins again.
    await check(NAME, "reconnect", websocket)


asyncio.run(main())
