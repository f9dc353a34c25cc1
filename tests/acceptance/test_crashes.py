"""Killed with SIGKILL in any stage, the work goes on by itself; nothing finished is made again or left over."""

import asyncio
from typing import Any

import pytest

from tests.acceptance import stories
from tests.acceptance.client import Client
from tests.acceptance.conftest import Deploy
from tests.acceptance.deployment import EMBEDDED, SCALED, Deployment, is_alive, wait_until
from tests.acceptance.filming import (
    Made,
    Place,
    artifacts,
    begin,
    builds,
    check_current,
    check_logs,
    check_storage,
    ended,
    number,
    stages_told,
    until,
)

STAGES = ["SCRIPT", "ASSETS", "STORYBOARD", "ANIMATIC", "VIDEO", "EDIT"]
A_LONG_TEXT = stories.CHINESE * 700


async def at_work_in(deployment: Deployment, workflow_id: str, stage: str) -> None:
    """Waits until a build of the stage is running."""

    async def ask() -> Any:
        return await deployment.rows(
            "SELECT id FROM job WHERE workflow_id = ? AND stage = ? AND role = 'BUILD' AND status = 'RUNNING'",
            number(workflow_id),
            stage,
        )

    await until(f"a build of {stage} is at work", ask)


def kill(deployment: Deployment) -> None:
    """Kills the process that does the jobs. What it had started ends with it."""
    started = deployment.started_by(deployment.doer)
    deployment.kill_doer()
    wait_until("renderers ended with their parent", lambda: not deployment.renderers())
    wait_until("pool workers ended with their parent", lambda: not any(map(is_alive, started)))


@pytest.fixture(params=[EMBEDDED, pytest.param(SCALED, marks=[pytest.mark.postgres, pytest.mark.redis])])
def deployment(request: pytest.FixtureRequest, deploy: Deploy) -> Deployment:
    return deploy(request.param)


async def test_a_film_survives_a_kill_in_each_of_its_stages(deployment: Deployment) -> None:
    """One film, killed in ASSETS, STORYBOARD, ANIMATIC, VIDEO and EDIT in turn, each time with builds under way."""
    async with deployment.client() as client:
        workflow_id = await begin(client, stories.CHINESE)
    finished: dict[Place, Made] = {}
    for stage in STAGES[1:]:
        await at_work_in(deployment, workflow_id, stage)
        kill(deployment)
        made = await artifacts(deployment)
        for place, artifact in finished.items():
            assert made[place] == artifact, f"{place} was made again after a kill"
        finished = made
        deployment.start_doer()
    async with deployment.client() as client:
        workflow = await ended(client, workflow_id)
        assert workflow["status"] == "SUCCEEDED", workflow
        edit = await client.do(stories.EDIT, id=workflow["edit"]["id"])
        assert len(await client.bytes_of(edit["film"]["url"])) == edit["film"]["bytes"]
    made = await artifacts(deployment)
    for place, artifact in finished.items():
        assert made[place] == artifact, f"{place} was made again after a kill"
    tries = {build["tries"] for build in await builds(deployment, workflow_id)}
    assert max(tries) > 1, "no build was hit by a kill"
    await check_current(deployment, workflow_id)
    await check_storage(deployment)
    check_logs(deployment)


async def test_a_script_survives_a_kill_while_it_is_being_written(deployment: Deployment) -> None:
    async with deployment.client() as client:
        workflow_id = await begin(client, A_LONG_TEXT, pauseAfter=["SCRIPT"], targetShots=None)
        await at_work_in(deployment, workflow_id, "SCRIPT")
    kill(deployment)
    assert not await artifacts(deployment)
    deployment.start_doer()
    async with deployment.client() as client:

        async def paused() -> Any:
            workflow = await client.do(stories.WORKFLOW, id=workflow_id)
            assert workflow["status"] in ("RUNNING", "PAUSED"), workflow
            return workflow if workflow["status"] == "PAUSED" else None

        workflow = await until("the script is written", paused)
        assert len(workflow["script"]["screenplay"]) > 10_000
    rows = await deployment.rows("SELECT COUNT(*) AS scenes, COUNT(DISTINCT number) AS numbers FROM script_scene")
    assert rows[0]["scenes"] == rows[0]["numbers"] > 0
    assert [build["tries"] for build in await builds(deployment, workflow_id)] == [2]
    await check_storage(deployment)
    check_logs(deployment)


async def test_a_subscription_to_a_server_whose_worker_was_killed_goes_on(deploy: Deploy) -> None:
    """The server stays up and its follower connected while the worker is killed and another one takes over."""
    deployment = deploy(SCALED)
    async with deployment.client() as client:
        workflow_id = await begin(client, stories.ENGLISH, targetShots=3)
        following = asyncio.create_task(_follow(client, workflow_id))
        await at_work_in(deployment, workflow_id, "VIDEO")
        await asyncio.to_thread(kill, deployment)
        await asyncio.to_thread(deployment.start_doer)
        events = await asyncio.wait_for(following, 300)
    progress = [event["overallProgress"] for event in events if event["__typename"] == "WorkflowProgressed"]
    assert progress == sorted(progress)
    assert stages_told(events) == STAGES
    assert events[-1]["__typename"] == "WorkflowCompleted"
    check_logs(deployment)


async def _follow(client: Client, workflow_id: str) -> list[dict[str, Any]]:
    return [event async for event in client.follow(stories.EVENTS, id=workflow_id)]
