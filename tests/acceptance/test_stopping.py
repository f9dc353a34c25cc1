"""Canceling, pausing and ending: what runs stops in time, what is finished stays, and it goes on from there."""

import asyncio
import time
from typing import Any

import pytest

from tests.acceptance import stories
from tests.acceptance.client import Client, Refused
from tests.acceptance.conftest import Deploy
from tests.acceptance.deployment import EMBEDDED, SCALED, Deployment, wait_until
from tests.acceptance.filming import (
    artifacts,
    begin,
    builds,
    check_current,
    check_logs,
    check_storage,
    done,
    ended,
    number,
    until,
)

STOP_SECONDS = 2.0
NOISE_SECONDS = 2.0
"Allowed on top, for a machine that is busy with other things."


async def rendering(deployment: Deployment, workflow_id: str, kind: str) -> int:
    """Waits until ffmpeg runs for a build of the kind; the build's job id."""

    async def ask() -> Any:
        rows = await deployment.rows(
            "SELECT id FROM job WHERE workflow_id = ? AND artifact_kind = ? AND status = 'RUNNING'",
            number(workflow_id),
            kind,
        )
        return rows if rows and await asyncio.to_thread(deployment.renderers) else None

    return int((await until(f"a {kind} is being rendered", ask))[0]["id"])


async def no_renderer(deployment: Deployment) -> float:
    """Seconds until no ffmpeg runs any more."""
    began = time.monotonic()
    await asyncio.to_thread(wait_until, "the renderers have stopped", lambda: not deployment.renderers(), 30)
    return time.monotonic() - began


async def scratch_is_gone(deployment: Deployment) -> None:
    async def ask() -> bool:
        return not deployment.scratch_dir.exists() or not list(deployment.scratch_dir.iterdir())

    await until("the scratch folders are gone", ask, 30)


async def test_canceling_a_workflow_stops_its_rendering_and_retrying_goes_on_from_there(
    client: Client, shared: Deployment
) -> None:
    workflow_id = await begin(client, stories.CHINESE)
    await rendering(shared, workflow_id, "CLIP")
    answer = await client.do(stories.steering("cancelWorkflow"), id=workflow_id)
    assert answer["workflow"]["status"] == "CANCELED"
    assert await no_renderer(shared) < STOP_SECONDS + NOISE_SECONDS
    await scratch_is_gone(shared)
    await check_current(shared, workflow_id)
    await check_storage(shared)
    kept = await artifacts(shared, workflow_id)
    assert {kind for kind, _, _ in kept} >= {"SCRIPT", "DESIGN", "PICTURE", "SPEECH", "MOTION", "ANIMATIC"}
    assert "FILM" not in {kind for kind, _, _ in kept}
    again = await client.do(stories.steering("cancelWorkflow"), id=workflow_id)
    assert again["workflow"]["status"] == "CANCELED", "canceling twice is no fault"
    with pytest.raises(Refused) as refused:
        await client.do(stories.steering("resumeWorkflow"), id=workflow_id)
    assert refused.value.code == "CONFLICT"
    assert (await client.do(stories.WORKFLOW, id=workflow_id))["status"] == "CANCELED"

    await client.do(stories.steering("retryWorkflow"), id=workflow_id)
    workflow = await ended(client, workflow_id)
    assert workflow["status"] == "SUCCEEDED", workflow
    made = await artifacts(shared, workflow_id)
    assert {place: made[place] for place in kept} == kept, "what was finished before is the same still"
    with pytest.raises(Refused) as refused:
        await client.do(stories.steering("cancelWorkflow"), id=workflow_id)
    assert refused.value.code == "CONFLICT"


async def test_a_canceled_part_fails_its_stage_and_retrying_makes_it(client: Client, shared: Deployment) -> None:
    workflow_id = await begin(client, stories.ENGLISH, targetShots=3)
    job_id = await rendering(shared, workflow_id, "CLIP")
    answer = await client.do(stories.about_job("cancelJob"), id=f"job_{job_id}")
    assert answer["job"]["status"] == "CANCELED"
    workflow = await ended(client, workflow_id)
    assert workflow["status"] == "FAILED"
    kept = await artifacts(shared, workflow_id)
    assert sum(kind == "CLIP" for kind, _, _ in kept) == 2, "the other clips were made"

    await client.do(stories.steering("retryWorkflow"), id=workflow_id)
    workflow = await ended(client, workflow_id)
    assert workflow["status"] == "SUCCEEDED", workflow
    made = await artifacts(shared, workflow_id)
    assert {place: made[place] for place in kept} == kept


async def test_canceling_a_stage_job_cancels_its_workflow_and_retry_job_goes_on(
    client: Client, shared: Deployment
) -> None:
    workflow_id = await begin(client, stories.ENGLISH, targetShots=3)
    await rendering(shared, workflow_id, "FILM")
    stages = (await client.do(stories.WORKFLOW, id=workflow_id))["stages"]
    stage_job = next(stage["job"]["id"] for stage in stages if stage["stage"] == "EDIT")
    await client.do(stories.about_job("cancelJob"), id=stage_job)
    assert await no_renderer(shared) < STOP_SECONDS + NOISE_SECONDS
    workflow = await ended(client, workflow_id)
    assert workflow["status"] == "CANCELED"
    assert (await done(client, stage_job))["status"] == "CANCELED"
    await scratch_is_gone(shared)
    kept = await artifacts(shared, workflow_id)

    answer = await client.do(stories.about_job("retryJob"), id=stage_job)
    assert answer["job"]["retryCount"] == 1
    assert (await done(client, stage_job))["status"] == "SUCCEEDED"
    workflow = await ended(client, workflow_id)
    assert workflow["status"] == "SUCCEEDED", workflow
    made = await artifacts(shared, workflow_id)
    assert {place: made[place] for place in kept} == kept


async def test_pausing_lets_running_jobs_end_and_starts_none(client: Client, shared: Deployment) -> None:
    workflow_id = await begin(client, stories.CHINESE, pauseAfter=["STORYBOARD"])

    async def paused() -> Any:
        return (await client.do(stories.WORKFLOW, id=workflow_id))["status"] == "PAUSED"

    await until("the pause after the storyboard", paused)
    stages = {stage["stage"]: stage for stage in (await client.do(stories.WORKFLOW, id=workflow_id))["stages"]}
    assert stages["STORYBOARD"]["status"] == "SUCCEEDED"
    assert stages["ANIMATIC"]["status"] == "PENDING"
    await check_current(shared, workflow_id)

    await client.do(stories.steering("resumeWorkflow"), id=workflow_id)
    await rendering(shared, workflow_id, "CLIP")
    answer = await client.do(stories.steering("pauseWorkflow"), id=workflow_id)
    assert answer["workflow"]["status"] == "PAUSED"
    begun = {build["id"]: build for build in await builds(shared, workflow_id) if build["tries"]}

    async def nothing_runs() -> bool:
        return not [build for build in await builds(shared, workflow_id) if build["status"] == "RUNNING"]

    await until("what ran has ended", nothing_runs)
    await asyncio.sleep(2.5)  # longer than the worker's tick: it would have started what it may
    now = {build["id"]: build for build in await builds(shared, workflow_id)}
    assert {now[job_id]["status"] for job_id in begun} == {"SUCCEEDED"}, "what ran was let end"
    assert {build["id"] for build in now.values() if build["tries"]} == set(begun), "nothing more was started"
    waiting = [build for build in now.values() if build["status"] == "PENDING"]
    assert waiting, "the pause came too late to show anything"

    await client.do(stories.steering("resumeWorkflow"), id=workflow_id)
    workflow = await ended(client, workflow_id)
    assert workflow["status"] == "SUCCEEDED", workflow
    assert {build["tries"] for build in await builds(shared, workflow_id)} == {1}


async def test_stopping_leaves_the_storage_whole(shared: Deployment) -> None:
    await check_storage(shared)
    check_logs(shared)


@pytest.mark.parametrize("one_shape", [EMBEDDED, pytest.param(SCALED, marks=[pytest.mark.postgres, pytest.mark.redis])])
async def test_a_terminated_worker_hands_its_jobs_back_in_time(deploy: Deploy, one_shape: str) -> None:
    """With a lease far longer than the test: who comes next need not wait for it."""
    deployment = deploy(one_shape, LEASE_SECONDS="600")
    async with deployment.client() as client:
        workflow_id = await begin(client, stories.CHINESE)
        await rendering(deployment, workflow_id, "FILM")
        code, seconds = await asyncio.to_thread(deployment.end_doer)
    assert code == 0
    assert seconds < 10
    assert not deployment.renderers()
    rows = await deployment.rows(
        "SELECT id, tries, due_at_ms FROM job WHERE role = 'BUILD' AND status = 'RUNNING' AND workflow_id = ?",
        number(workflow_id),
    )
    assert rows, "the rendering was under way"
    for row in rows:
        assert row["tries"] == 0, "a job that was handed back has not used up a try"
        assert row["due_at_ms"] <= time.time() * 1000 + 1000, "due at once"
    assert not list(deployment.scratch_dir.iterdir())
    await asyncio.to_thread(deployment.start_doer)
    async with deployment.client() as client:
        workflow = await ended(client, workflow_id)
        assert workflow["status"] == "SUCCEEDED", workflow
    await check_storage(deployment)
    check_logs(deployment)
