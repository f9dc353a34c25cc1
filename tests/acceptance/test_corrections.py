"""Corrections after and during a run: what changeImpact says is made again, and nothing else."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from tests.acceptance import stories
from tests.acceptance.client import Client
from tests.acceptance.deployment import Deployment
from tests.acceptance.filming import (
    Event,
    Filmed,
    Made,
    Place,
    artifacts,
    begin,
    builds,
    check_current,
    check_logs,
    check_storage,
    ended,
    film,
    follow_to_end,
    number,
    shots_of,
    until,
)


@pytest.fixture(scope="module")
def filmed(shared: Deployment) -> Filmed:
    """A finished film that the tests of this module correct, one after the other."""

    async def make() -> Filmed:
        async with shared.client() as client:
            return await film(client, stories.CHINESE)

    return asyncio.run(make())


def changed(before: dict[Place, Made], after: dict[Place, Made]) -> Counter[str]:
    """How many artifacts of each kind have another content. Whatever was not made again is the same row still."""
    assert before.keys() == after.keys()
    different = {place for place in before if mains(before[place]) != mains(after[place])}
    for place in before.keys() - different:
        assert before[place] == after[place], f"{place} was made again, although it came out the same"
    return Counter(kind for kind, _, _ in different)


def mains(made: Made) -> list[tuple[str, int, str]]:
    return [file for file in made.files if file[0] != "CANDIDATE"]


async def new_builds(deployment: Deployment, workflow_id: str, before: list[dict[str, Any]]) -> Counter[str]:
    known = {build["id"] for build in before}
    fresh = [build for build in await builds(deployment, workflow_id) if build["id"] not in known]
    assert {build["status"] for build in fresh} <= {"SUCCEEDED"}
    return Counter(build["artifact_kind"] for build in fresh)


async def run_again(client: Client, workflow_id: str) -> list[Event]:
    """resumeWorkflow of a finished film, followed to its end."""
    answer = await client.do(stories.steering("resumeWorkflow"), id=workflow_id)
    assert answer["workflow"]["status"] == "RUNNING"
    assert answer["workflow"]["progress"] < 1
    events = await follow_to_end(client, workflow_id)
    progress = [event["overallProgress"] for event in events if event["__typename"] == "WorkflowProgressed"]
    assert progress == sorted(progress)
    assert progress[0] < 1
    assert progress[-1] == 1
    assert events[-1]["__typename"] == "WorkflowCompleted"
    return events


async def test_an_edited_prompt_makes_exactly_what_change_impact_said(
    client: Client, shared: Deployment, filmed: Filmed
) -> None:
    shots = await shots_of(client, filmed.workflow["storyboard"]["id"])
    shot = shots[1]
    before, jobs = await artifacts(shared, filmed.id), await builds(shared, filmed.id)
    impact = await client.do(stories.CHANGE_IMPACT, shotIds=[shot["id"]])
    assert impact == {
        "shots": [{"id": shot["id"]}],
        "images": 1,
        "animaticParts": 1,
        "clips": 1,
        "speeches": 0,
        "films": 1,
        "credits": 0,
        "seconds": pytest.approx(impact["seconds"]),
    }
    assert impact["seconds"] > 0
    edited = await client.do(
        stories.EDIT_SHOT, input={"shotId": shot["id"], "prompt": "夜晚，奶奶站在河边，手里提着一盏红灯笼。"}
    )
    assert edited["shot"]["needsRegeneration"] is True
    assert [one["needsRegeneration"] for one in await shots_of(client, filmed.workflow["storyboard"]["id"])] == [
        one["id"] == shot["id"] for one in shots
    ]
    assert await artifacts(shared, filmed.id) == before, "nothing is made before somebody asks for it"

    await run_again(client, filmed.id)
    expected = Counter({"PICTURE": 1, "MOTION": 1, "ANIMATIC": 1, "CLIP": 1, "FILM": 1})
    assert await new_builds(shared, filmed.id, jobs) == expected
    assert changed(before, await artifacts(shared, filmed.id)) == expected
    after = await shots_of(client, filmed.workflow["storyboard"]["id"])
    assert not any(one["needsRegeneration"] for one in after)
    assert after[1]["croppedImage"]["sha256"] != shot["croppedImage"]["sha256"]
    assert {one["sha256"] for one in after[1]["candidates"]} >= {
        shot["croppedImage"]["sha256"],
        after[1]["croppedImage"]["sha256"],
    }
    await check_current(shared, filmed.id)


async def test_a_replacement_changes_only_its_part_of_the_prompt(
    client: Client, shared: Deployment, filmed: Filmed
) -> None:
    shot = (await shots_of(client, filmed.workflow["storyboard"]["id"]))[0]
    before, jobs = await artifacts(shared, filmed.id), await builds(shared, filmed.id)
    answer = await client.do(
        stories.EDIT_SHOT,
        input={"shotId": shot["id"], "replacements": {"scene": "雪地里的小木屋", "shotType": "CLOSE_UP"}},
    )
    assert "雪地里的小木屋" in answer["shot"]["prompt"]
    assert answer["shot"]["shotType"] == "CLOSE_UP"
    await run_again(client, filmed.id)
    expected = Counter({"PICTURE": 1, "MOTION": 1, "ANIMATIC": 1, "CLIP": 1, "FILM": 1})
    assert await new_builds(shared, filmed.id, jobs) == expected
    assert changed(before, await artifacts(shared, filmed.id)) == expected


async def test_edited_words_are_spoken_again(client: Client, shared: Deployment, filmed: Filmed) -> None:
    shot = next(one for one in await shots_of(client, filmed.workflow["storyboard"]["id"]) if one["dialogue"])
    before, jobs = await artifacts(shared, filmed.id), await builds(shared, filmed.id)
    impact = await client.do(stories.CHANGE_IMPACT, shotIds=[shot["id"]], words=True)
    assert impact["speeches"] == 1
    await client.do(stories.EDIT_SHOT, input={"shotId": shot["id"], "dialogue": "天黑了，我们回家吧。"})
    await run_again(client, filmed.id)
    fresh = await new_builds(shared, filmed.id, jobs)
    assert fresh["SPEECH"] == 1
    assert fresh["PICTURE"] == 0
    assert fresh["FILM"] == 1
    differing = changed(before, await artifacts(shared, filmed.id))
    assert differing["SPEECH"] == 1
    assert differing["FILM"] == 1
    assert differing["PICTURE"] == differing["DESIGN"] == 0
    edit = await client.do(stories.EDIT, id=filmed.workflow["edit"]["id"])
    assert "天黑了" in (await client.bytes_of(edit["subtitles"]["url"])).decode()


async def test_resuming_a_film_with_nothing_out_of_date_changes_nothing(
    client: Client, shared: Deployment, filmed: Filmed
) -> None:
    before, jobs = await artifacts(shared, filmed.id), await builds(shared, filmed.id)
    told = await client.do(stories.WORKFLOW, id=filmed.id)
    answer = await client.do(stories.steering("resumeWorkflow"), id=filmed.id)
    assert answer["workflow"] == {"id": filmed.id, "status": "SUCCEEDED", "progress": 1.0, "currentStage": None}
    assert await client.do(stories.WORKFLOW, id=filmed.id) == told
    assert await artifacts(shared, filmed.id) == before
    assert await builds(shared, filmed.id) == jobs


async def test_an_edit_that_changes_nothing_makes_nothing(client: Client, shared: Deployment, filmed: Filmed) -> None:
    shot = (await shots_of(client, filmed.workflow["storyboard"]["id"]))[2]
    before = await artifacts(shared, filmed.id)
    answer = await client.do(stories.EDIT_SHOT, input={"shotId": shot["id"], "prompt": shot["prompt"]})
    assert answer["shot"]["needsRegeneration"] is False
    resumed = await client.do(stories.steering("resumeWorkflow"), id=filmed.id)
    assert resumed["workflow"]["status"] == "SUCCEEDED"
    assert await artifacts(shared, filmed.id) == before


async def drawn_last(deployment: Deployment, shot_id: str) -> dict[str, Any]:
    """The inputs that the shot's picture was made from."""
    rows = await deployment.rows(
        "SELECT job.params FROM artifact JOIN job ON job.id = artifact.made_by_job_id"
        " WHERE artifact.kind = 'PICTURE' AND artifact.subject_id = ?",
        number(shot_id),
    )
    params: dict[str, Any] = json.loads(rows[0]["params"])
    return params


@pytest.mark.parametrize("when", ["PICTURE", "CLIP", "FILM"])
async def test_an_edit_during_a_run_ends_up_in_the_film(client: Client, shared: Deployment, when: str) -> None:
    """The edit comes while a build of the kind is under way: for PICTURE that of the very shot."""
    workflow_id = await begin(client, stories.ENGLISH, targetShots=2)

    async def at_work() -> Any:
        return await shared.rows(
            "SELECT artifact_subject_id FROM job WHERE workflow_id = ? AND artifact_kind = ? AND status = 'RUNNING'",
            number(workflow_id),
            when,
        )

    running = await until(f"a {when} is being made", at_work)
    board = (await client.do(stories.WORKFLOW, id=workflow_id))["storyboard"]
    shots = await shots_of(client, board["id"])
    shot = (
        shots[0]
        if when != "PICTURE"
        else next(one for one in shots if number(one["id"]) == running[0]["artifact_subject_id"])
    )
    prompt = "At night an old fisherman stands on a bridge with a lantern."
    await client.do(stories.EDIT_SHOT, input={"shotId": shot["id"], "prompt": prompt})
    workflow = await ended(client, workflow_id)
    assert workflow["status"] == "SUCCEEDED", workflow

    assert (await drawn_last(shared, shot["id"]))["inputs"]["prompt"] == prompt
    picture = (await artifacts(shared, workflow_id))[("PICTURE", number(shot["id"]), 0)]
    clip = await shared.rows(
        "SELECT j.params FROM video_segment s JOIN artifact a ON a.kind = 'CLIP' AND a.subject_id = s.id"
        " JOIN job j ON j.id = a.made_by_job_id WHERE s.shot_id = ?",
        number(shot["id"]),
    )
    assert mains(picture)[0][2] in clip[0]["params"], "the clip shows the new picture"
    clip_hash = await shared.rows(
        "SELECT f.sha256 FROM video_segment s JOIN artifact a ON a.kind = 'CLIP' AND a.subject_id = s.id"
        " JOIN artifact_file l ON l.artifact_id = a.id JOIN stored_file f ON f.id = l.file_id WHERE s.shot_id = ?",
        number(shot["id"]),
    )
    film_inputs = await shared.rows(
        "SELECT j.params FROM artifact a JOIN job j ON j.id = a.made_by_job_id"
        " WHERE a.kind = 'FILM' AND a.subject_id = ?",
        number(workflow["edit"]["id"]),
    )
    assert clip_hash[0]["sha256"] in film_inputs[0]["params"], "the film shows the new clip"
    resumed = await client.do(stories.steering("resumeWorkflow"), id=workflow_id)
    assert resumed["workflow"]["status"] == "SUCCEEDED", "nothing was left out of date"
    await check_current(shared, workflow_id)


async def test_corrections_leave_the_storage_whole(shared: Deployment, filmed: Filmed) -> None:
    await check_storage(shared)
    check_logs(shared)
