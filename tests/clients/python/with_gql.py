"""gql, unchanged, as its documentation says."""

import asyncio
import io

from gql import Client, FileVar, gql
from gql.transport.exceptions import TransportQueryError
from gql.transport.httpx import HTTPXAsyncTransport
from gql.transport.websockets import WebsocketsTransport
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

NAME = "gql 4"


async def main() -> None:
    http = HTTPXAsyncTransport(URL, headers={**HEADERS, **PREFLIGHT}, timeout=60)
    async with Client(transport=http, fetch_schema_from_transport=True) as session:
        assert session.client.schema is not None

        async def types() -> None:
            assert session.client.schema.get_type("Workflow") is not None

        async def query() -> None:
            assert await session.execute(gql(ME)) == {"me": {"owner": "mira"}}

        async def mutation() -> None:
            request = gql(CREATE)
            request.variable_values = {"input": account("gql")}
            assert (await session.execute(request))["createAccounts"]["successCount"] == 1

        async def upload() -> None:
            content = b"Anna came late, and the snow fell."
            request = gql(UPLOAD.replace("uploadFile", "uploadScriptFile"))
            request.variable_values = {"file": FileVar(io.BytesIO(content), filename="story.txt")}
            answer = await session.execute(request, upload_files=True)
            assert answer["uploadScriptFile"]["file"]["bytes"] == len(content)

        async def page(after: str | None) -> dict:
            request = gql(PAGE)
            request.variable_values = {"after": after}
            return (await session.execute(request))["accounts"]

        async def errors() -> None:
            told: list = []
            try:
                await session.execute(gql(REFUSED))
            except TransportQueryError as error:
                told = error.errors or []
            assert told[0]["extensions"]["code"] == "BAD_USER_INPUT"

        await check(NAME, "types", types)
        await check(NAME, "query", query)
        await check(NAME, "mutation", mutation)
        await check(NAME, "upload", upload)
        await check(NAME, "paging", lambda: every_page(page))
        await check(NAME, "errors", errors)

    sockets = WebsocketsTransport(SOCKET, init_payload=HEADERS, subprotocols=["graphql-transport-ws"])
    client = Client(transport=sockets)
    session = await client.connect_async(reconnecting=True, retry_connect=True)

    async def websocket() -> None:
        async with asyncio.timeout(100):
            async for result in session.subscribe(gql(CHANGES)):
                assert result["accountChanges"]["account"]["id"]
                break

    await check(NAME, "websocket", websocket)
    await asyncio.to_thread(wait_for_restart)

    async def reconnect() -> None:
        async with asyncio.timeout(100):
            while True:
                try:
                    return await websocket()
                except Exception:
                    await asyncio.sleep(0.3)

    await check(NAME, "reconnect", reconnect)
    await client.close_async()


asyncio.run(main())
