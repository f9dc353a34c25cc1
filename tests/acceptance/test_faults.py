"""Faults made to happen: no room, lost connections, clients that vanish. The work goes on, or fails and can go on."""

import asyncio
import json
import os
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from tests.acceptance import stories
from tests.acceptance.client import Refused
from tests.acceptance.conftest import Deploy
from tests.acceptance.deployment import EMBEDDED, SCALED, Deployment
from tests.acceptance.filming import (
    artifacts,
    begin,
    builds,
    check_logs,
    check_storage,
    ended,
    follow_to_end,
    number,
    until,
)

SCALED_ONLY = [pytest.mark.postgres, pytest.mark.redis]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of 64 megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("mounting a small disk is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_fails_the_job_and_retrying_succeeds_once_there_is_room(
    deploy: Deploy, small_disk: Path
) -> None:
    deployment = deploy(EMBEDDED, STORAGE_URL=f"file://{small_disk}")
    filling = small_disk / "filling"
    async with deployment.client() as client:
        workflow_id = await begin(client, stories.ENGLISH, targetShots=3, pauseAfter=["STORYBOARD"])

        async def paused() -> Any:
            return (await client.do(stories.WORKFLOW, id=workflow_id))["status"] == "PAUSED"

        await until("the pause", paused)
        free = os.statvfs(small_disk)
        filling.write_bytes(b"\0" * (free.f_bavail * free.f_frsize - 8192))
        before = await artifacts(deployment)
        await client.do(stories.steering("resumeWorkflow"), id=workflow_id)
        workflow = await ended(client, workflow_id)
        assert workflow["status"] == "FAILED"
        assert workflow["error"]["code"] == "STORAGE_ERROR"
        assert workflow["error"]["retryable"] is True
        failed = [build for build in await builds(deployment, workflow_id) if build["status"] == "FAILED"]
        assert {build["tries"] for build in failed} == {3}
        assert await artifacts(deployment) == before
        assert not list((small_disk / ".incoming").iterdir()), "nothing is left half-written"

        with pytest.raises(Refused) as refused:
            await client.upload(
                "mutation ($file: Upload!) { uploadFile(file: $file) { file { id } } }",
                b"A text. " * 20_000,
                "text.txt",
            )
        assert refused.value.code == "STORAGE_FAILED"
        assert not await deployment.rows("SELECT id FROM stored_file WHERE is_upload")

        filling.unlink()
        await client.do(stories.steering("retryWorkflow"), id=workflow_id)
        workflow = await ended(client, workflow_id)
        assert workflow["status"] == "SUCCEEDED", workflow
    made = await artifacts(deployment)
    assert {place: made[place] for place in before} == before
    rows = await deployment.rows("SELECT state FROM stored_file")
    assert {row["state"] for row in rows} == {"READY"}
    check_logs(deployment)


async def cut_database_connections(deployment: Deployment) -> None:
    await deployment.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
        " AND pid <> pg_backend_pid()"
    )


def cut_redis_connections(deployment: Deployment) -> None:
    """Closes all connections of this deployment and forgets all messages."""
    number_in_redis = deployment.redis_url.rsplit("/", 1)[1]
    with Redis.from_url(deployment.redis_url) as redis:
        own = redis.client_id()
        for connection in redis.client_list():
            if connection["db"] == number_in_redis and int(connection["id"]) != own:
                redis.client_kill_filter(_id=connection["id"])
        redis.flushdb()


@pytest.mark.postgres
@pytest.mark.redis
async def test_a_film_survives_lost_connections_to_database_and_redis(deploy: Deploy) -> None:
    """Every connection is cut three times in each stage, while a follower watches to the end."""
    deployment = deploy(SCALED)
    cuts: Counter[str] = Counter()
    async with deployment.client() as client:
        workflow_id = await begin(client, stories.CHINESE)
        following = asyncio.create_task(follow_to_end(client, workflow_id))
        while not following.done():
            await asyncio.sleep(1.0)
            (row,) = await deployment.rows("SELECT current_stage FROM workflow WHERE id = ?", number(workflow_id))
            if cuts[row["current_stage"]] < 3:
                cuts[row["current_stage"]] += 1
                await cut_database_connections(deployment)
                await asyncio.to_thread(cut_redis_connections, deployment)
        events = await following
        workflow = await ended(client, workflow_id)
    assert cuts.total() > 6
    assert workflow["status"] == "SUCCEEDED", workflow
    progress = [event["overallProgress"] for event in events if event["__typename"] == "WorkflowProgressed"]
    assert progress == sorted(progress)
    assert [event["stage"] for event in events if event["__typename"] == "StageCompleted"] == [
        "SCRIPT", "ASSETS", "STORYBOARD", "ANIMATIC", "VIDEO", "EDIT",
    ]  # fmt: skip
    assert events[-1]["__typename"] == "WorkflowCompleted"
    await check_storage(deployment)


@pytest.mark.parametrize("one_shape", [EMBEDDED, pytest.param(SCALED, marks=SCALED_ONLY)])
async def test_clients_that_vanish_amid_their_requests_leave_the_database_usable(
    deploy: Deploy, one_shape: str
) -> None:
    """Hundreds of requests that change things, each cut off a little later than the one before."""
    deployment = deploy(one_shape)
    async with deployment.client() as client:
        workflow_id = await begin(client, stories.ENGLISH, targetShots=2, pauseAfter=["SCRIPT"])

        async def paused() -> Any:
            return (await client.do(stories.WORKFLOW, id=workflow_id))["status"] == "PAUSED"

        await until("the pause", paused)
        rename = "mutation ($id: ID!, $name: String!) { renameWorkflow(id: $id, name: $name) { workflow { name } } }"
        host, port = deployment.url.removeprefix("http://").split(":")

        async def vanish(number: int) -> None:
            """Over HTTP or over a WebSocket, by turns."""
            patience = 0.0005 * number
            if number % 2:
                body = json.dumps(
                    {"query": rename, "variables": {"id": workflow_id, "name": f"Name {number}"}}
                ).encode()
                _, writer = await asyncio.open_connection(host, int(port))
                token = f"Authorization: Bearer {client.token}\r\n" if client.token else ""
                head = (
                    f"POST /graphql HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: application/json\r\n{token}"
                    f"Content-Length: {len(body)}\r\n\r\n"
                )
                writer.write(head.encode() + body)
                await writer.drain()
                await asyncio.sleep(patience)
                writer.transport.abort()
            else:
                async with client.socket() as socket:
                    payload = {"query": rename, "variables": {"id": workflow_id, "name": f"Name {number}"}}
                    await socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": payload}))
                    follow = {"query": stories.EVENTS, "variables": {"id": workflow_id}}
                    await socket.send(json.dumps({"id": "2", "type": "subscribe", "payload": follow}))
                    await asyncio.sleep(patience)
                    socket.transport.abort()

        for start in range(0, 300, 20):
            await asyncio.gather(*(vanish(number) for number in range(start, start + 20)), return_exceptions=False)
        # What was cut off in the middle of its transaction ends all the same, after its client is gone.
        await asyncio.sleep(3)
        async with asyncio.timeout(60):
            answer = await client.do(rename, id=workflow_id, name="The last name")
        assert answer["workflow"]["name"] == "The last name"
        await client.do(stories.steering("resumeWorkflow"), id=workflow_id)
        workflow = await ended(client, workflow_id)
        assert (workflow["status"], workflow["name"]) == ("SUCCEEDED", "The last name")
        if one_shape == SCALED:
            stuck = await deployment.rows(
                "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in%'"
            )
            assert stuck == [], "no transaction was left open"
    check_logs(deployment)


async def test_a_build_that_kills_its_worker_again_and_again_is_given_up(deploy: Deploy) -> None:
    """The worker is killed each time it renders the film; after its tries the job has failed, and says why."""
    deployment = deploy(EMBEDDED)
    async with deployment.client() as client:
        workflow_id = await begin(client, stories.ENGLISH, targetShots=2)
    tries_seen = 0

    async def next_try_or_end() -> Any:
        rows = await deployment.rows(
            "SELECT status, tries FROM job WHERE workflow_id = ? AND artifact_kind = 'FILM'", number(workflow_id)
        )
        # A killed worker's job is RUNNING until another takes it.
        waits = not rows or rows[0]["status"] == "PENDING"
        is_known = bool(rows) and rows[0]["status"] == "RUNNING" and rows[0]["tries"] <= tries_seen
        return None if waits or is_known else rows[0]

    while True:
        build = await until("the film is being cut", next_try_or_end)
        if build["status"] != "RUNNING":
            break
        tries_seen = build["tries"]
        assert tries_seen < 12
        await asyncio.to_thread(deployment.kill_doer)
        await asyncio.to_thread(deployment.start_doer)
    async with deployment.client() as client:
        workflow = await ended(client, workflow_id)
        assert workflow["status"] == "FAILED", workflow
        assert workflow["error"]["code"] == "INTERNAL"
        assert "worker" in workflow["error"]["message"]
        await client.do(stories.steering("retryWorkflow"), id=workflow_id)
        assert (await ended(client, workflow_id))["status"] == "SUCCEEDED"
    await check_storage(deployment)
