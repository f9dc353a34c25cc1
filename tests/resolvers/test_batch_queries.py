"""Reading batches, and following them."""

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from errors import NotFoundError
from models.batches import Batch
from models.enums import AttemptState, BatchStatus, BatchType, JobStatus, MediaKind
from models.jobs import Job
from services.generation.batches.pausing import pause_batch
from services.queries.batch_progress import follow_batch
from tests.account_factories import make_attempt
from tests.batch_factories import end, make_batch, make_batch_of, storyboard_of
from tests.changed_settings import change_settings
from tests.factories import OTHER, OWNER
from tests.pool_factories import FakeUpstream, make_account, make_generation
from tests.pool_factories import upstream as upstream
from tests.resolvers.asking import ask, execute, refused, subscribed
from tests.statements import counted_statements

P, R, S, F, C = (
    JobStatus.PENDING,
    JobStatus.RUNNING,
    JobStatus.SUCCEEDED,
    JobStatus.FAILED,
    JobStatus.CANCELED,
)
COUNTS = "pendingCount runningCount succeededCount failedCount canceledCount"
PROGRESS = f"subscription ($id: ID!) {{ batchProgress(id: $id) {{ status progress {COUNTS} }} }}"


async def test_a_batch_shows_the_progress_of_its_items(either_database: str) -> None:
    batch, jobs = await make_batch_of([P, R, S, F, C], skipped_storyboard_ids=["x"], total_count=6)
    await Job.filter(id=jobs[3].id).update(is_superseded=True)
    account = await make_account()
    await make_attempt(account, jobs[2], state=AttemptState.ENDED, credits_spent=4)
    await make_attempt(account, jobs[3], state=AttemptState.ENDED, credits_spent=3)
    found = await ask(
        f"query ($id: ID!) {{ batch(id: $id) {{ {COUNTS} progress creditsSpent totalCount skippedCount"
        " project { projectId name } workId callbackUrl cancelReason } node(id: $id) { id } }",
        id=batch.global_id,
    )
    assert found["batch"] == {
        "pendingCount": 1,
        "runningCount": 1,
        "succeededCount": 1,
        "failedCount": 0,
        "canceledCount": 1,
        "progress": 0.5,
        "creditsSpent": 7,
        "totalCount": 6,
        "skippedCount": 1,
        "project": {"projectId": "default", "name": None},
        "workId": "default",
        "callbackUrl": None,
        "cancelReason": None,
    }
    assert found["node"] == {"id": batch.global_id}


async def test_jobs_of_a_batch_are_found_by_state_and_storyboard_and_paged(either_database: str) -> None:
    batch, jobs = await make_batch_of([S, F, F, S, F])
    names = [storyboard_of(job) for job in jobs]
    document = """query ($id: ID!, $status: [JobStatus!], $boards: [String!], $first: Int, $after: String) {
      batch(id: $id) { jobs(status: $status, storyboardIds: $boards, first: $first, after: $after) {
        totalCount nodes { storyboardId error { code } attempts { number } } pageInfo { hasNextPage endCursor } } } }"""

    async def page(**wanted: Any) -> Any:
        return (await ask(document, id=batch.global_id, **wanted))["batch"]["jobs"]

    def boards(found: Any) -> list[str]:
        return [job["storyboardId"] for job in found["nodes"]]

    assert boards(await page()) == names
    first = await page(status=["FAILED"], first=2)
    assert (first["totalCount"], boards(first)) == (3, [names[1], names[2]])
    assert first["nodes"][0]["error"]["code"] == "API_ERROR"
    rest = await page(status=["FAILED"], first=2, after=first["pageInfo"]["endCursor"])
    assert (boards(rest), rest["pageInfo"]["hasNextPage"]) == ([names[4]], False)
    assert boards(await page(boards=[names[3], names[0], "nothing"])) == [names[0], names[3]]
    assert boards(await page(boards=[names[3], names[2]], status=["FAILED"])) == [names[2]]
    assert (await page(boards=[]))["totalCount"] == 0
    assert (await page(status=[]))["totalCount"] == 0
    await Job.filter(id=jobs[0].id).update(is_superseded=True)
    assert boards(await page()) == names[1:]
    many = await execute(document, id=batch.global_id, boards=["s"] * 1001)
    assert many.errors is not None


async def test_batches_are_listed_newest_first_with_every_filter(either_database: str) -> None:
    images = await make_batch(status=BatchStatus.FAILED, work_id="w")
    clips = await make_batch(kind=MediaKind.VIDEO, type=BatchType.VIDEO_COMPOSE, project_id="p")
    await make_batch(OTHER)
    await Batch.filter(id=images.id).update(created_at=datetime.now(UTC) - timedelta(days=2))
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()

    async def listed(**wanted: Any) -> list[str]:
        document = "query ($f: BatchFilter) { batches(filter: $f, first: 5, page: 1) { totalCount nodes { id } } }"
        found = (await ask(document, f=wanted))["batches"]
        assert found["totalCount"] == len(found["nodes"])
        return [node["id"] for node in found["nodes"]]

    assert await listed() == [clips.global_id, images.global_id]
    assert await listed(status=["FAILED", "CANCELED"]) == [images.global_id]
    assert await listed(type=["VIDEO_COMPOSE"]) == [clips.global_id]
    assert await listed(workId="w") == [images.global_id]
    assert await listed(projectId="p") == [clips.global_id]
    assert await listed(createdAfter=yesterday) == [clips.global_id]
    assert await listed(createdBefore=yesterday) == [images.global_id]


async def test_jobs_and_records_are_found_by_their_batch(database: None) -> None:
    batch, jobs = await make_batch_of([P, P])
    await make_batch_of([P])
    document = (
        "query ($id: ID!) { jobs(filter: {batchId: $id}) { nodes { id batch { id } } }"
        " records(filter: {batchId: $id}) { nodes { storyboardId } } }"
    )
    found = await ask(document, id=batch.global_id)
    assert [node["id"] for node in found["jobs"]["nodes"]] == [jobs[1].global_id, jobs[0].global_id]
    assert {node["batch"]["id"] for node in found["jobs"]["nodes"]} == {batch.global_id}
    assert {node["storyboardId"] for node in found["records"]["nodes"]} == {storyboard_of(job) for job in jobs}
    for nothing in ("job_1", "batch_1"):
        found = await ask(document, id=nothing)
        assert (found["jobs"]["nodes"], found["records"]["nodes"]) == ([], [])
    assert (await ask(document, OTHER, id=batch.global_id))["jobs"]["nodes"] == []


async def test_more_batches_take_no_more_statements(either_database: str, upstream: FakeUpstream) -> None:
    await make_account()
    document = (
        f"{{ batches(first: 20) {{ nodes {{ id {COUNTS} progress creditsSpent estimatedCompletion"
        " jobs(first: 2) { nodes { id storyboardId batch { id } } } callbackDeliveries { id } } } }"
    )
    counts = []
    for more in (2, 8):
        for _ in range(more):
            await make_batch_of([P, R, S])
        with counted_statements() as statements:
            await ask(document)
        counts.append(len(statements))
    assert counts[0] == counts[1]


async def test_the_completion_is_estimated_while_a_batch_goes_on(database: None, upstream: FakeUpstream) -> None:
    change_settings(urgent_slot_percent=50)
    await make_generation(priority_rank=0, status=JobStatus.SUCCEEDED)
    batch, jobs = await make_batch_of([P, P, P])
    document = "query ($id: ID!) { batch(id: $id) { estimatedCompletion } }"

    async def estimated() -> datetime | None:
        found = (await ask(document, id=batch.global_id))["batch"]["estimatedCompletion"]
        return None if found is None else datetime.fromisoformat(found)

    assert await estimated() is None
    await make_account(max_concurrent=2)
    now = datetime.now(UTC)
    moment = await estimated()
    assert moment is not None
    # Three pictures of 15 s each on one slot, since the other one of the two is kept for URGENT.
    assert timedelta(seconds=40) < moment - now < timedelta(seconds=60)
    await pause_batch(OWNER, batch.id)
    assert await estimated() is None
    await Batch.filter(id=batch.id).update(status=BatchStatus.RUNNING)
    for job in jobs:
        await end(job, S)
    assert await estimated() is None


async def test_following_sends_the_present_state_then_changes_and_the_end(either_database: str) -> None:
    batch, jobs = await make_batch_of([R, R])
    async with subscribed(PROGRESS, id=batch.global_id) as source:
        first = (await anext(source)).data["batchProgress"]
        assert (first["status"], first["progress"], first["runningCount"]) == ("RUNNING", 0, 2)
        await end(jobs[0], S)
        second = (await anext(source)).data["batchProgress"]
        assert (second["progress"], second["succeededCount"]) == (0.5, 1)
        await end(jobs[1], F)
        last = (await anext(source)).data["batchProgress"]
        assert (last["status"], last["progress"], last["failedCount"]) == ("PARTIALLY_FAILED", 1, 1)
        with contextlib.suppress(StopAsyncIteration):
            pytest.fail(f"an event after the end: {await anext(source)}")


async def test_following_an_ended_batch_sends_its_state_once(database: None) -> None:
    batch, _ = await make_batch_of([S], status=BatchStatus.SUCCEEDED)
    async with subscribed(PROGRESS, id=batch.global_id) as source:
        events = [event.data["batchProgress"]["status"] async for event in source]
    assert events == ["SUCCEEDED"]


async def test_jobs_that_end_fast_make_few_events(database: None) -> None:
    """Between two events lies a time, here long enough for all other ends to fall into one of them."""
    batch, jobs = await make_batch_of([R] * 20)
    states = follow_batch(OWNER, batch.id, seconds_between=0.5)
    async with contextlib.aclosing(states):
        first = await anext(states)
        assert first.counts.running == 20
        await asyncio.gather(*(end(job, S) for job in jobs[:19]))
        await end(jobs[19], S)
        seen = [state async for state in states]
    assert len(seen) <= 2
    assert (seen[-1].is_ended, seen[-1].counts.succeeded) == (True, 20)


async def test_batches_that_are_not_there_cannot_be_followed(database: None) -> None:
    batch = await make_batch(OTHER)
    for batch_id in (batch.global_id, "batch_1", "job_1"):
        async with subscribed(PROGRESS, id=batch_id) as source:
            result = await anext(source)
        assert result.errors
        assert isinstance(result.errors[0].original_error, NotFoundError)
    assert (await refused('mutation { pauseBatch(id: "batch_1") { batch { id } } }')).path == ["id"]
