"""The same request twice, or from many at once, is done once; two workers share the work and double none of it."""

import asyncio

import pytest

from tests.acceptance import stories
from tests.acceptance.client import Client, Refused
from tests.acceptance.conftest import Deploy
from tests.acceptance.deployment import SCALED, Deployment
from tests.acceptance.filming import (
    begin,
    builds,
    check_logs,
    check_storage,
    done,
    ended,
    number,
    shots_of,
)

PAUSED = {**stories.OPTIONS, "targetShots": 2, "pauseAfter": ["SCRIPT"]}


def request(key: str | None, text: str = stories.ENGLISH) -> dict[str, object]:
    return {"name": "Once", "inputContent": text, "options": PAUSED, "idempotencyKey": key}


async def workflow_count(deployment: Deployment) -> int:
    return int((await deployment.rows("SELECT COUNT(*) AS count FROM workflow"))[0]["count"])


async def test_ten_clients_with_one_key_make_one_workflow(client: Client, shared: Deployment) -> None:
    before = await workflow_count(shared)
    answers = await asyncio.gather(
        *(client.do(stories.CREATE_WORKFLOW, input=request("from ten at once")) for _ in range(10))
    )
    assert len({answer["workflow"]["id"] for answer in answers}) == 1
    assert await workflow_count(shared) == before + 1
    later = await client.do(stories.CREATE_WORKFLOW, input=request("from ten at once"))
    assert later["workflow"]["id"] == answers[0]["workflow"]["id"]


async def test_a_key_with_other_input_is_refused_and_nothing_is_made(client: Client, shared: Deployment) -> None:
    await client.do(stories.CREATE_WORKFLOW, input=request("used before"))
    before = await workflow_count(shared)
    with pytest.raises(Refused) as refused:
        await client.do(stories.CREATE_WORKFLOW, input=request("used before", stories.CHINESE))
    assert refused.value.code == "CONFLICT"
    assert await workflow_count(shared) == before


async def test_different_inputs_racing_for_one_key_make_one_workflow(client: Client, shared: Deployment) -> None:
    before = await workflow_count(shared)
    answers = await asyncio.gather(
        *(
            client.do(stories.CREATE_WORKFLOW, input=request("raced for", f"{stories.ENGLISH} The end {number}."))
            for number in range(6)
        ),
        return_exceptions=True,
    )
    refusals = [answer for answer in answers if isinstance(answer, Refused)]
    assert {refusal.code for refusal in refusals} == {"CONFLICT"}
    assert len(refusals) == 5
    assert await workflow_count(shared) == before + 1


async def test_the_header_is_a_key_too(client: Client, shared: Deployment) -> None:
    before = await workflow_count(shared)
    first = await client.do(stories.CREATE_WORKFLOW, header_key="by header", input=request(None))
    second = await client.do(stories.CREATE_WORKFLOW, header_key="by header", input=request(None))
    assert first["workflow"]["id"] == second["workflow"]["id"]
    assert await workflow_count(shared) == before + 1
    with pytest.raises(Refused) as refused:
        await client.do(stories.CREATE_WORKFLOW, header_key="by header", input=request(None, stories.CHINESE))
    assert refused.value.code == "CONFLICT"
    assert await workflow_count(shared) == before + 1


@pytest.mark.postgres
@pytest.mark.redis
async def test_two_workers_share_the_work_and_double_none_of_it(deploy: Deploy) -> None:
    """Two workers, two films, and shots that eight requests at once have drawn anew."""
    deployment = deploy(SCALED, LEASE_SECONDS="60")
    await asyncio.to_thread(deployment.start_worker)
    regenerate = """
      mutation ($input: RegenerateShotsInput!) { regenerateShots(input: $input) { job { id } } }"""
    async with deployment.client() as client:
        one = await begin(client, stories.CHINESE, pauseAfter=["STORYBOARD"])
        two = await begin(client, stories.ENGLISH, targetShots=3)

        async def storyboard_is_drawn() -> str:
            while (workflow := await client.do(stories.WORKFLOW, id=one))["status"] != "PAUSED":
                await asyncio.sleep(0.1)
            return str(workflow["storyboard"]["id"])

        board = await storyboard_is_drawn()
        shots = [shot["id"] for shot in await shots_of(client, board)]
        jobs = await asyncio.gather(
            *(
                client.do(regenerate, input={"storyboardId": board, "shotIds": [shot]})
                for shot in shots[:4]
                for _ in range(2)
            ),
        )
        ends = [await done(client, answer["job"]["id"]) for answer in jobs]
        assert {end["status"] for end in ends} == {"SUCCEEDED"}, ends
        await client.do(stories.steering("resumeWorkflow"), id=one)
        for workflow_id in (one, two):
            workflow = await ended(client, workflow_id)
            assert workflow["status"] == "SUCCEEDED", workflow
    for workflow_id in (one, two):
        ran = [build for build in await builds(deployment, workflow_id) if build["status"] == "SUCCEEDED"]
        assert {build["tries"] for build in ran} == {1}, "each build that ended ran exactly once"
    whole = [build for build in await builds(deployment, two) if build["tries"]]
    places = [(build["artifact_kind"], build["artifact_subject_id"], build["artifact_slot"]) for build in whole]
    assert len(places) == len(set(places)), "nothing was made twice"
    workers = await deployment.rows(
        "SELECT COUNT(DISTINCT holder) AS count FROM process_lease WHERE until_ms > 0 AND number >= 0"
    )
    assert workers[0]["count"] == 3, "the server and two workers, each with a number of its own"
    assert (await deployment.rows("SELECT COUNT(*) AS count FROM shot WHERE storyboard_id = ?", number(board)))[0][
        "count"
    ] == len(shots)
    await check_storage(deployment)
    check_logs(deployment)
