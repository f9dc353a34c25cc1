"""One server with tokens: what is revoked ends, what is too much is refused, and nothing of it lies open."""

import asyncio
import contextlib
import json
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.acceptance.deployment import EMBEDDED, Deployment
from tests.conftest import ROOT

SECRET = "another secret of these tests, long enough"
SESSION = "5e551010c0ffee5e551010c0ffee1234"
FOLLOW = "subscription { alerts { id } }"
ME = {"query": "{ me { scopes } }"}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    settings = {"EKONTE_SECRET": SECRET, "EKONTE_MAX_OWNER_CONNECTIONS": "2", "EKONTE_LOG_LEVEL": "DEBUG"}
    made = Deployment(EMBEDDED, tmp_path_factory.mktemp("tokens"), settings)
    try:
        made.create()
        made.start()
        yield made
    finally:
        made.close()


async def followed(deployment: Deployment, token: str | None) -> ClientConnection:
    """A connection with a subscription on it."""
    address = deployment.url.replace("http", "ws", 1) + "/graphql"
    socket = await connect(address, subprotocols=["graphql-transport-ws"])  # type: ignore[list-item]
    await socket.send(json.dumps({"type": "connection_init", "payload": {"Authorization": f"Bearer {token}"}}))
    with contextlib.suppress(ConnectionClosed):  # of one too many, in the middle of this
        await socket.recv()
        await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": {"query": FOLLOW}}))
    return socket


async def close_of(socket: ClientConnection) -> tuple[int, str]:
    with contextlib.suppress(ConnectionClosed):
        async with asyncio.timeout(30):
            async for _ in socket:
                pass
    return socket.close_code or 0, socket.close_reason or ""


def streaming(client: httpx.AsyncClient, token: str | None) -> Any:
    headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
    return client.stream("POST", "/graphql", headers=headers, json={"query": FOLLOW}, timeout=30)


def server_command(deployment: Deployment, *arguments: str, text: str = "") -> str:
    command = [sys.executable, "server.py", *arguments]
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=deployment.environment,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


async def test_a_revoked_token_is_refused_and_its_open_streams_end(deployment: Deployment) -> None:
    token, other = deployment.token("mira"), deployment.token("noor")
    async with httpx.AsyncClient(base_url=deployment.url) as client:
        socket = await followed(deployment, token)
        theirs = await followed(deployment, other)
        async with streaming(client, token) as stream:
            assert stream.status_code == 200
            await asyncio.to_thread(server_command, deployment, "revoke", "--token", "-", text=token or "")
            assert await close_of(socket) == (4403, "The token has been revoked.")
            assert "The token has been revoked." in "".join([text async for text in stream.aiter_text()])
        answer = await client.post("/graphql", headers={"authorization": f"Bearer {token}"}, json=ME)
        assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert (await client.post("/graphql", headers={"authorization": f"Bearer {other}"}, json=ME)).status_code == 200
        await theirs.send(json.dumps({"type": "ping"}))
        assert json.loads(await theirs.recv())["type"] == "pong"
        await theirs.close()
    assert "token " in server_command(deployment, "revoke", "--list")


async def test_an_owner_has_so_many_connections_and_an_ended_one_makes_room(deployment: Deployment) -> None:
    token = deployment.token("yuki")
    first = await followed(deployment, token)
    async with httpx.AsyncClient(base_url=deployment.url) as client:
        async with streaming(client, token) as stream:
            assert stream.status_code == 200
            third = await followed(deployment, token)
            code, reason = await close_of(third)
            assert (code, "EKONTE_MAX_OWNER_CONNECTIONS" in reason) == (4429, True)
            async with streaming(client, token) as refused:
                body = json.loads(await refused.aread())
            assert (refused.status_code, body["errors"][0]["extensions"]["code"]) == (429, "QUOTA_EXCEEDED")
        await first.close()
        again = await followed(deployment, token)
        await again.send(json.dumps({"type": "ping"}))
        assert json.loads(await again.recv())["type"] == "pong"
        await again.close()


async def test_nothing_lies_open_in_the_data_folder_or_in_the_log(deployment: Deployment) -> None:
    token = deployment.token("lin")
    create = "mutation ($input: CreateAccountsInput!) { createAccounts(input: $input) { successCount } }"
    account = {"name": "M", "type": "DOMESTIC", "sessionId": SESSION}
    async with httpx.AsyncClient(base_url=deployment.url, headers={"authorization": f"Bearer {token}"}) as client:
        body = {"query": create, "variables": {"input": {"accounts": [account]}}}
        assert (await client.post("/graphql", json=body)).json()["data"]["createAccounts"]["successCount"] == 1
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in all_in(deployment.data_dir)}
    open_to_others = {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077}
    assert open_to_others == {}
    said = deployment.server.said() if deployment.server else ""
    for hidden in (SECRET, SESSION, token or "", *(str(deployment.token(user)) for user in ("mira", "noor", "yuki"))):
        assert hidden not in said


def all_in(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]
