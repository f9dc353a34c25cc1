import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errors import NotFoundError, WorkflowNotFoundError
from models.database import execute
from models.enums import JobStatus, Stage, WorkflowStatus
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.film.storyboards import ShotChanges, edit_shot
from services.film.workflows import delete_workflows, rename_workflow
from services.platform.events import bus, job_topic, workflow_topic
from services.queries import present
from tests.factories import OTHER, OWNER, make_film, make_job, make_script, make_workflow
from tests.resolvers.asking import subscribed
from tests.statements import counted_statements

JOBS = "subscription ($ids: [ID!]!) { jobProgress(ids: $ids) { id status progress message } }"
EVENTS = """subscription ($id: ID!) { workflowEvents(id: $id) {
  __typename
  ... on WorkflowProgressed { overallProgress currentStage stageProgress workflow { stages { stage status } } }
  ... on StageCompleted { stage workflow { status } }
  ... on StageFailed { stage error { code } }
  ... on WorkflowFailed { error { code message } }
  ... on WorkflowDeleted { deletedWorkflowId }
} }"""

pytestmark = pytest.mark.usefixtures("database")


async def change_job(job: Job, **values: Any) -> None:
    present_row = await Job.get(id=job.id)
    await Job.filter(id=job.id).update(version=present_row.version + 1, **values)
    bus().publish(job_topic(job.id))


async def change_workflow(workflow: Workflow, stage: Stage | None = None, **values: Any) -> None:
    """Values of the workflow, or of one of its stages."""
    if stage is None:
        await Workflow.filter(id=workflow.id).update(**values)
    else:
        await WorkflowStage.filter(workflow_id=workflow.id, stage=stage).update(**values)
    await execute("UPDATE workflow SET version = version + 1 WHERE id = ? RETURNING id", workflow.id)
    bus().publish(workflow_topic(workflow.id))


async def following(source: AsyncGenerator[Any, None], field: str = "jobProgress") -> dict[str, Any]:
    async with asyncio.timeout(60):
        result = await anext(source)
    assert result.errors is None, result.errors
    return result.data[field]  # type: ignore[no-any-return]


async def rest(source: AsyncGenerator[Any, None], field: str = "jobProgress") -> list[dict[str, Any]]:
    async with asyncio.timeout(60):
        return [result.data[field] async for result in source]


def listener_count() -> int:
    return bus().listener_count  # type: ignore[attr-defined, no-any-return]


async def test_a_job_is_told_as_it_is_then_at_each_change_until_it_ends() -> None:
    job = await make_job()
    async with subscribed(JOBS, ids=[job.global_id]) as source:
        assert (await following(source))["status"] == "PENDING"
        await change_job(job, status=JobStatus.RUNNING, progress=0.5)
        assert (await following(source))["progress"] == 0.5
        await change_job(job, status=JobStatus.SUCCEEDED, progress=1.0)
        assert [event["status"] for event in await rest(source)] == ["SUCCEEDED"]
    assert listener_count() == 0


async def test_an_ended_job_is_told_once() -> None:
    job = await make_job(status=JobStatus.FAILED)
    async with subscribed(JOBS, ids=[job.global_id, job.global_id]) as source:
        assert [event["status"] for event in await rest(source)] == ["FAILED"]


async def test_a_slow_reader_gets_the_newest_state_and_no_queue() -> None:
    job = await make_job(status=JobStatus.RUNNING)
    async with subscribed(JOBS, ids=[job.global_id]) as source:
        await following(source)
        for step in range(1, 51):
            await change_job(job, progress=step / 100)
        assert (await following(source))["progress"] == 0.5
        await change_job(job, status=JobStatus.CANCELED)
        assert [event["status"] for event in await rest(source)] == ["CANCELED"]


async def test_several_jobs_are_followed_until_all_have_ended_at_once() -> None:
    one, two = await make_job(), await make_job()
    async with subscribed(JOBS, ids=[one.global_id, two.global_id]) as source:
        assert [(await following(source))["id"] for _ in range(2)] == [one.global_id, two.global_id]
        await change_job(one, status=JobStatus.FAILED)
        assert (await following(source))["id"] == one.global_id
        await change_job(one, status=JobStatus.PENDING)
        assert (await following(source))["status"] == "PENDING"
        await change_job(two, status=JobStatus.SUCCEEDED)
        assert (await following(source))["id"] == two.global_id
        await change_job(one, status=JobStatus.SUCCEEDED)
        assert [event["id"] for event in await rest(source)] == [one.global_id]


async def test_a_job_that_is_retried_while_the_other_ends_is_followed_on() -> None:
    """Its event has not come yet when the other's does; reading both at once still sees it."""
    one, two = await make_job(status=JobStatus.FAILED), await make_job(status=JobStatus.RUNNING)
    async with subscribed(JOBS, ids=[one.global_id, two.global_id]) as source:
        await following(source)
        await following(source)
        await Job.filter(id=one.id).update(status=JobStatus.PENDING, version=2)
        await change_job(two, status=JobStatus.SUCCEEDED)
        assert (await following(source))["id"] == two.global_id
        assert await following(source) == {"id": one.global_id, "status": "PENDING", "progress": 0, "message": None}


@pytest.mark.parametrize("moment", ["before it listens", "before it reads", "after it read"])
async def test_no_change_falls_between_listening_and_the_present_state(
    moment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = await make_job(status=JobStatus.RUNNING)
    original = present.Present.states

    async def states(self: Any, owner: str, ids: Any) -> Any:
        monkeypatch.setattr(present.Present, "states", original)
        if moment == "before it reads":
            await change_job(job, progress=0.9)
        found = await original(self, owner, ids)
        if moment == "after it read":
            await change_job(job, progress=0.9)
        return found

    monkeypatch.setattr(present.Present, "states", states)
    async with subscribed(JOBS, ids=[job.global_id]) as source:
        if moment == "before it listens":
            await change_job(job, progress=0.9)
        told = [(await following(source))["progress"]]
        if told == [0.0]:
            told.append((await following(source))["progress"])
        assert told[-1] == 0.9
        assert (told == [0.0, 0.9]) is (moment == "after it read")


async def test_a_change_whose_event_was_lost_is_found_by_reading_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.queries.following.RE_READ_SECONDS", 0.05)
    job = await make_job(status=JobStatus.RUNNING)
    async with subscribed(JOBS, ids=[job.global_id]) as source:
        await following(source)
        await Job.filter(id=job.id).update(status=JobStatus.SUCCEEDED, version=2)
        assert [event["status"] for event in await rest(source)] == ["SUCCEEDED"]


@pytest.mark.parametrize("which", ["theirs", "unknown", "nonsense"])
async def test_jobs_that_are_not_the_callers_are_not_found(which: str) -> None:
    mine, theirs = await make_job(), await make_job(OTHER)
    bad = {"theirs": theirs.global_id, "unknown": "job_12345", "nonsense": "wf_1"}[which]
    async with subscribed(JOBS, ids=[mine.global_id, bad]) as source:
        result = await anext(source)
    assert isinstance(result.errors[0].original_error, NotFoundError)
    assert result.errors[0].original_error.path == ["ids", "1"]
    assert listener_count() == 0


async def test_more_than_a_thousand_jobs_are_refused() -> None:
    async with subscribed(JOBS, ids=["job_1"] * 1001) as source:
        result = await anext(source)
    assert result.errors[0].original_error.path == ["ids"]


async def test_it_ends_when_the_token_does() -> None:
    job = await make_job(status=JobStatus.RUNNING)
    soon = datetime.now(UTC) + timedelta(seconds=2)
    async with subscribed(JOBS, expires_at=soon, ids=[job.global_id]) as source:
        assert [event["status"] for event in await rest(source)] == ["RUNNING"]
    assert datetime.now(UTC) >= soon
    assert listener_count() == 0


async def test_many_followers_share_each_reading() -> None:
    job = await make_job(status=JobStatus.RUNNING)
    followers = 200
    told: list[list[float]] = [[] for _ in range(followers)]

    async def follow(number: int) -> None:
        async with subscribed(JOBS, ids=[job.global_id]) as source:
            async for result in source:
                told[number].append(result.data["jobProgress"]["progress"])

    async with asyncio.TaskGroup() as group:
        for number in range(followers):
            group.create_task(follow(number))
        await until(lambda: all(told))
        with counted_statements() as statements:
            await change_job(job, progress=0.5)
            await until(lambda: all(len(seen) == 2 for seen in told))
        loads = [text for text in statements if text.startswith("SELECT") and '"progress"' in text]
        assert len(loads) == 2  # one for all followers, and change_job's own
        await change_job(job, status=JobStatus.SUCCEEDED, progress=1.0)
    assert told == [[0.0, 0.5, 1.0]] * followers
    assert listener_count() == 0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():
            await asyncio.sleep(0.005)


async def test_a_thousand_jobs_are_followed_with_few_statements() -> None:
    jobs = [await make_job(status=JobStatus.SUCCEEDED) for _ in range(300)]
    with counted_statements() as statements:
        async with subscribed(JOBS, ids=[job.global_id for job in jobs]) as source:
            assert len(await rest(source)) == 300
    assert len(statements) == 3


async def test_a_workflow_is_told_from_its_present_state_to_its_end() -> None:
    workflow = await make_workflow(status=WorkflowStatus.RUNNING, current_stage=Stage.SCRIPT)
    async with subscribed(EVENTS, id=workflow.global_id) as source:
        first = await following(source, "workflowEvents")
        assert (first["__typename"], first["currentStage"]) == ("WorkflowProgressed", "SCRIPT")
        assert [stage["stage"] for stage in first["workflow"]["stages"]] == list(Stage)
        await change_workflow(workflow, Stage.SCRIPT, status=WorkflowStatus.SUCCEEDED, completions=1, progress=1.0)
        assert await following(source, "workflowEvents") == {
            "__typename": "StageCompleted",
            "stage": "SCRIPT",
            "workflow": {"status": "RUNNING"},
        }
        progressed = await following(source, "workflowEvents")
        assert progressed["stageProgress"] == 1.0
        assert progressed["workflow"]["stages"][0]["status"] == "SUCCEEDED"
        await change_workflow(workflow, status=WorkflowStatus.SUCCEEDED, progress=1.0, current_stage=None)
        assert [event["__typename"] for event in await rest(source, "workflowEvents")] == [
            "WorkflowProgressed",
            "WorkflowCompleted",
        ]
    assert listener_count() == 0


async def test_a_slow_reader_of_a_workflow_misses_no_stage() -> None:
    workflow = await make_workflow(status=WorkflowStatus.RUNNING, current_stage=Stage.SCRIPT)
    async with subscribed(EVENTS, id=workflow.global_id) as source:
        await following(source, "workflowEvents")
        for stage in list(Stage)[:5]:
            await change_workflow(workflow, stage, status=WorkflowStatus.SUCCEEDED, completions=1, progress=1.0)
        error = {"code": "TIMEOUT", "message": "Too slow.", "retryable": True, "upstreamCode": None}
        await WorkflowStage.filter(workflow_id=workflow.id, stage=Stage.EDIT).update(status="FAILED", error=error)
        await change_workflow(workflow, status=WorkflowStatus.FAILED, error=error)
        told = await rest(source, "workflowEvents")
    assert [event["stage"] for event in told[:5]] == list(Stage)[:5]
    assert told[5] == {"__typename": "StageFailed", "stage": "EDIT", "error": {"code": "TIMEOUT"}}
    assert [event["__typename"] for event in told[6:]] == ["WorkflowProgressed", "WorkflowFailed"]
    assert told[7]["error"] == {"code": "TIMEOUT", "message": "Too slow."}


async def test_an_ended_workflow_is_told_with_its_end() -> None:
    workflow = await make_workflow(status=WorkflowStatus.CANCELED)
    async with subscribed(EVENTS, id=workflow.global_id) as source:
        told = await rest(source, "workflowEvents")
    assert [event["__typename"] for event in told] == ["WorkflowProgressed", "WorkflowFailed"]
    assert told[1]["error"] is None


async def test_a_paused_workflow_is_followed_on_until_it_is_deleted_which_is_told() -> None:
    workflow = await make_workflow(status=WorkflowStatus.PAUSED)
    async with subscribed(EVENTS, id=workflow.global_id) as source:
        await following(source, "workflowEvents")
        await change_workflow(workflow, status=WorkflowStatus.RUNNING)
        assert (await following(source, "workflowEvents"))["__typename"] == "WorkflowProgressed"
        assert await delete_workflows(OWNER, [workflow.id]) == [(workflow.id, None)]
        assert await rest(source, "workflowEvents") == [
            {"__typename": "WorkflowDeleted", "deletedWorkflowId": workflow.global_id}
        ]


async def test_a_new_name_and_an_edit_are_told_though_nothing_progressed() -> None:
    document = """subscription ($id: ID!) { workflowEvents(id: $id) { __typename ... on WorkflowProgressed {
        workflow { name storyboard { shots(first: 1) { nodes { prompt } } } } } } }"""
    film = await make_film(shot_count=1)
    await Workflow.filter(id=film.workflow.id).update(status=WorkflowStatus.PAUSED)
    async with subscribed(document, id=film.workflow.global_id) as source:
        await following(source, "workflowEvents")
        await rename_workflow(OWNER, film.workflow.id, "Another name")
        renamed = await following(source, "workflowEvents")
        assert (renamed["__typename"], renamed["workflow"]["name"]) == ("WorkflowProgressed", "Another name")
        await edit_shot(OWNER, ShotChanges(film.shots[0].id, prompt="A whole new picture."))
        edited = await following(source, "workflowEvents")
        assert edited["workflow"]["storyboard"]["shots"]["nodes"] == [{"prompt": "A whole new picture."}]


async def test_a_job_that_is_deleted_with_its_workflow_is_told_as_canceled() -> None:
    workflow = await make_workflow(status=WorkflowStatus.PAUSED)
    script = await make_script(workflow_id=workflow.id)
    live = await make_job(workflow_id=workflow.id, target_id=script.id)
    done = await make_job(workflow_id=workflow.id, target_id=script.id, status=JobStatus.SUCCEEDED)
    async with subscribed(JOBS, ids=[live.global_id, done.global_id]) as source:
        assert [(await following(source))["status"] for _ in range(2)] == ["PENDING", "SUCCEEDED"]
        await delete_workflows(OWNER, [workflow.id])
        for job in (live, done):
            bus().publish(job_topic(job.id))
        told = await rest(source)
    assert [(job["id"], job["status"]) for job in told] == [(live.global_id, "CANCELED")]
    assert not await Job.filter(id=live.id).exists()


async def test_somebody_elses_workflow_is_not_found() -> None:
    workflow = await make_workflow(OTHER)
    async with subscribed(EVENTS, id=workflow.global_id) as source:
        result = await anext(source)
    assert isinstance(result.errors[0].original_error, WorkflowNotFoundError)
    assert listener_count() == 0


async def test_related_objects_are_loaded_again_for_each_event() -> None:
    document = """subscription ($id: ID!) { workflowEvents(id: $id) { ... on WorkflowProgressed {
        workflow { storyboard { completedShots shots { nodes { title } } } } } } }"""
    film = await make_film(shot_count=1)
    await Workflow.filter(id=film.workflow.id).update(status=WorkflowStatus.RUNNING)
    async with subscribed(document, id=film.workflow.global_id) as source:
        first = await following(source, "workflowEvents")
        await film.shots[0].update_from_dict({"title": "Another"}).save()
        await change_workflow(film.workflow, progress=0.7)
        second = await following(source, "workflowEvents")
    assert first["workflow"]["storyboard"]["shots"]["nodes"] == [{"title": "Shot 1"}]
    assert second["workflow"]["storyboard"]["shots"]["nodes"] == [{"title": "Another"}]
