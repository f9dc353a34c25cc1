"""Another priority for waiting work, and moves to the front."""

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.audit import AuditEntry
from models.batches import Batch
from models.database import execute, now_ms_sql, transaction
from models.enums import ArtifactKind, BatchStatus, JobStatus, JobType, MediaKind, Queue, Stage
from models.jobs import Job
from models.workflows import Workflow
from services.accounts.pool.fairness import Group, Turns, WaitingJob
from services.queries.queue_positions import Line, position_of
from services.queue.creation import create_stage_job
from services.queue.leases import claim
from services.worker.scheduling import schedule
from tests.batch_factories import make_batch
from tests.factories import OTHER, OWNER, make_build, make_job, make_workflow
from tests.pool_factories import make_account, make_generation
from tests.pool_factories import upstream as upstream
from tests.resolvers.asking import ask, refused

pytestmark = pytest.mark.usefixtures("either_database", "upstream")
PAYLOAD = """{ changedJobCount successCount failedCount failures { path targetId code message }
  nodes { id ... on Job { priority position } ... on Batch { batchPriority: priority }
    ... on Workflow { workflowPriority: priority } } }"""
SET = f"mutation ($input: SetPriorityInput!) {{ setPriority(input: $input) {PAYLOAD} }}"
MOVE = f"mutation ($input: MoveToFrontInput!) {{ moveToFront(input: $input) {PAYLOAD} }}"
POSITIONS = "query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Job { position message } } }"


async def set_priority(priority: str, *rows: Any, **more: Any) -> dict[str, Any]:
    given_ids = [row if isinstance(row, str) else row.global_id for row in rows]
    return dict((await ask(SET, input={"ids": given_ids, "priority": priority}, **more))["setPriority"])


async def move(*rows: Any, **more: Any) -> dict[str, Any]:
    given_ids = [row if isinstance(row, str) else row.global_id for row in rows]
    return dict((await ask(MOVE, input={"ids": given_ids}, **more))["moveToFront"])


async def positions(*jobs: Job) -> list[int | None]:
    found = (await ask(POSITIONS, ids=[job.global_id for job in jobs]))["nodes"]
    return [each["position"] for each in found]


async def placed(count: int) -> list[int]:
    """The jobs that the next passes start, one after the other."""
    before = {job.id for job in await Job.filter(status=JobStatus.RUNNING)}
    order = []
    for number in range(count):
        await execute("UPDATE account SET max_concurrent = ? RETURNING id", len(before) + number + 1)
        await schedule(MediaKind.IMAGE)
        now = {job.id for job in await Job.filter(status=JobStatus.RUNNING, queue=Queue.POOL_IMAGES)} - before
        order += sorted(now - set(order))
    return order


async def test_an_urgent_priority_overtakes_and_a_low_one_falls_behind() -> None:
    await make_account(max_concurrent=1)
    first, second, third = [await make_generation() for _ in range(3)]
    done = await set_priority("URGENT", third)
    assert (done["changedJobCount"], done["successCount"], done["failures"]) == (1, 1, [])
    assert done["nodes"] == [{"id": third.global_id, "priority": "URGENT", "position": 1}]
    await set_priority("LOW", first)
    assert await placed(3) == [third.id, second.id, first.id]


async def test_a_job_that_was_moved_is_the_next() -> None:
    await make_account(max_concurrent=1)
    jobs = [await make_generation() for _ in range(4)]
    assert (await move(jobs[2]))["nodes"] == [{"id": jobs[2].global_id, "priority": "NORMAL", "position": 1}]
    await move(jobs[3])
    assert await positions(*jobs) == [3, 4, 2, 1]
    assert await placed(4) == [jobs[3].id, jobs[2].id, jobs[0].id, jobs[1].id]


async def test_jobs_that_are_moved_at_once_keep_the_order_given() -> None:
    await make_account(max_concurrent=1)
    jobs = [await make_generation() for _ in range(4)]
    await move(jobs[3], jobs[1])
    assert await placed(4) == [jobs[3].id, jobs[1].id, jobs[0].id, jobs[2].id]


async def test_a_moved_job_goes_before_batches_with_fewer_in_flight() -> None:
    await make_account(max_concurrent=2)
    batch, other = await make_batch(), await make_batch()
    items = [await make_generation(batch_id=batch.id) for _ in range(4)]
    await schedule(MediaKind.IMAGE)
    fresh = await make_generation(batch_id=other.id)
    await move(items[3])
    assert await positions(items[3], fresh) == [1, 2]
    assert await placed(2) == [items[3].id, fresh.id]


async def test_a_higher_priority_stays_before_a_moved_job() -> None:
    await make_account(max_concurrent=1)
    normal, high = await make_generation(), await make_generation(priority_rank=1)
    await move(normal)
    assert await placed(2) == [high.id, normal.id]


async def test_what_has_waited_long_does_not_stay_before_a_moved_job() -> None:
    await make_account(max_concurrent=1)
    old, new = await make_generation(), await make_generation()
    await execute(f"UPDATE job SET waiting_since_ms = {now_ms_sql()} - 2000000 WHERE id = ? RETURNING id", old.id)
    assert await positions(old, new) == [1, 2]
    await move(new)
    assert await positions(old, new) == [2, 1]
    assert await placed(2) == [new.id, old.id]


async def test_a_lower_priority_is_not_raised_again_by_earlier_waiting() -> None:
    await make_account(max_concurrent=1)
    old, new = await make_generation(), await make_generation()
    await execute(f"UPDATE job SET waiting_since_ms = {now_ms_sql()} - 9000000 WHERE id = ? RETURNING id", old.id)
    await move(old)
    await set_priority("LOW", old)
    assert await placed(2) == [new.id, old.id]


async def test_a_batch_and_a_workflow_are_changed_with_all_that_they_still_start() -> None:
    batch, workflow = await make_batch(), await make_workflow()
    item, running = await make_generation(batch_id=batch.id), await make_generation(batch_id=batch.id)
    await Job.filter(id=running.id).update(status=JobStatus.RUNNING)
    part = await make_generation(workflow_id=workflow.id)
    done = await set_priority("HIGH", batch, workflow)
    assert done["changedJobCount"] == 3
    assert done["nodes"] == [
        {"id": batch.global_id, "batchPriority": "HIGH"},
        {"id": workflow.global_id, "workflowPriority": "HIGH"},
    ]
    assert [(await Job.get(id=job.id)).priority_rank for job in (item, running, part)] == [1, 1, 1]
    assert (await Batch.get(id=batch.id)).priority_rank == 1

    async def start() -> Job:
        return await create_stage_job(
            OWNER, JobType.STORYBOARD, workflow.id, stage=Stage.STORYBOARD, workflow_id=workflow.id
        )

    later = await transaction(start)
    assert later.priority_rank == 1


async def test_a_stage_takes_its_parts_along() -> None:
    stage = await make_job(status=JobStatus.RUNNING)
    build = await make_build(stage, ArtifactKind.PICTURE, stage.id, status=JobStatus.RUNNING)
    waiting = await make_build(stage, ArtifactKind.PICTURE, stage.id, slot=1)
    picture = await make_generation(parent_id=build.id)
    assert (await set_priority("URGENT", stage))["changedJobCount"] == 4
    moved = await move(stage)
    assert moved["changedJobCount"] == 2
    assert max([(await Job.get(id=job.id)).front_order for job in (waiting, picture)]) < 0


async def test_a_workers_next_job_is_the_moved_one_and_owners_still_share() -> None:
    stage, theirs = await make_job(status=JobStatus.RUNNING), await make_job(OTHER, status=JobStatus.RUNNING)
    mine = [await make_build(stage, ArtifactKind.PICTURE, stage.id, slot=number) for number in range(3)]
    other = await make_build(theirs, ArtifactKind.PICTURE, theirs.id)
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE role = 'BUILD' RETURNING id")
    await move(mine[2])
    order = []
    for _ in range(4):
        claimed = await claim(Queue.IMAGES, "worker", 30)
        assert claimed is not None
        order.append(claimed[0].id)
    assert order == [mine[2].id, other.id, mine[0].id, mine[1].id]


async def test_what_has_ended_or_is_not_the_callers_is_refused_by_itself() -> None:
    ended, theirs, waiting = (
        await make_generation(status=JobStatus.SUCCEEDED),
        await make_generation(owner=OTHER),
        await make_generation(),
    )
    batch = await make_batch(status=BatchStatus.CANCELED)
    for done in (
        await set_priority("HIGH", ended, theirs, batch, "acct_1", "nonsense", waiting),
        await move(ended, theirs, batch, "acct_1", "nonsense", waiting),
    ):
        assert [failure["code"] for failure in done["failures"]] == [
            "CONFLICT",
            "NOT_FOUND",
            "CONFLICT",
            "NOT_FOUND",
            "NOT_FOUND",
        ]
        assert done["failures"][1]["path"] == ["input", "ids", "1"]
        assert (done["successCount"], done["failedCount"]) == (1, 5)
    untouched = [await Job.get(id=job.id) for job in (ended, theirs)]
    assert [(job.priority_rank, job.front_order, job.version) for job in untouched] == [
        (job.priority_rank, 0, job.version) for job in (ended, theirs)
    ]
    assert (await Batch.get(id=batch.id)).version == batch.version


async def test_moving_what_does_not_wait_is_a_conflict() -> None:
    running = await make_generation(status=JobStatus.RUNNING)
    batch = await make_batch()
    done = await move(running, batch)
    assert [failure["code"] for failure in done["failures"]] == ["CONFLICT", "CONFLICT"]
    assert done["nodes"] == []


async def test_a_change_is_seen_once_and_a_repeated_one_changes_nothing() -> None:
    job = await make_generation()
    await set_priority("HIGH", job)
    changed = await Job.get(id=job.id)
    assert changed.version == job.version + 1
    assert (await set_priority("HIGH", job))["changedJobCount"] == 0
    assert (await Job.get(id=job.id)).version == changed.version
    first = await move(job, key="once")
    place = (await Job.get(id=job.id)).front_order
    other = await make_generation()
    await move(other)
    assert await move(job, key="once") == first, "the other has a lower priority"
    assert (await Job.get(id=job.id)).front_order == place
    assert {entry.operation for entry in await AuditEntry.all()} == {"setPriority", "moveToFront"}


async def test_changes_that_race_leave_every_job_with_one_of_them() -> None:
    batch = await make_batch()
    jobs = [await make_generation(batch_id=batch.id) for _ in range(20)]
    await asyncio.gather(
        set_priority("URGENT", batch), set_priority("LOW", *jobs), move(*jobs[::-1]), set_priority("HIGH", batch)
    )
    ranks = {job.priority_rank for job in await Job.filter(batch_id=batch.id)}
    assert len(ranks) == 1


async def test_a_job_says_how_many_are_ahead_of_it() -> None:
    await make_account(max_concurrent=1)
    jobs = [await make_generation() for _ in range(4)]
    await schedule(MediaKind.IMAGE)
    found = (await ask(POSITIONS, ids=[job.global_id for job in jobs]))["nodes"]
    assert [each["position"] for each in found] == [None, 1, 2, 3]
    assert found[1]["message"] == "Waiting for a free account slot."
    assert found[2]["message"] == "Waiting for a free account slot. 1 job is ahead of it."
    assert found[3]["message"] == "Waiting for a free account slot. 2 jobs are ahead of it."


async def test_a_workflows_own_row_tells_its_followers() -> None:
    workflow = await make_workflow()
    await set_priority("LOW", workflow)
    assert (await Workflow.get(id=workflow.id)).version == workflow.version + 1


waiting_jobs = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 2), st.sampled_from([0, 0, 0, -1, -2])), min_size=1, max_size=14
)


@given(waiting_jobs, st.lists(st.integers(0, 4), min_size=3, max_size=3))
def test_positions_are_the_turns_of_the_scheduler(kinds: list[tuple[int, int, int]], running: list[int]) -> None:
    jobs = [WaitingJob(number, rank, group, front=front) for number, (rank, group, front) in enumerate(kinds, 1)]
    groups = {group: Group(in_flight=count) for group, count in enumerate(running)}
    turns = Turns(jobs, groups)
    order = []
    for job in turns:
        turns.placed(job, 0)
        order.append(job.job_id)
    lines = [
        Line(
            rank,
            group,
            moved=sum(job.front < 0 for job in of_line),
            others=sum(job.front == 0 for job in of_line),
            first_id=min((job.job_id for job in of_line if job.front == 0), default=0),
            in_flight=running[group],
        )
        for rank in range(4)
        for group in range(3)
        if (of_line := [job for job in jobs if (job.rank, job.group) == (rank, group)])
    ]
    for job in jobs:
        same = [
            other.place
            for other in jobs
            if other.rank == job.rank
            and (other.front < 0 if job.front < 0 else other.group == job.group and other.front == 0)
        ]
        nth = sorted(same).index(job.place) + 1
        position = position_of(job.rank, job.group, nth, lines, is_moved=job.front < 0)
        expected = order.index(job.job_id) + 1
        # What goes before raises what groups have in flight and their last turns, which the count leaves out.
        is_exact = job.front < 0 or not any(other.rank < job.rank or other.front < 0 for other in jobs)
        assert position == expected if is_exact else 1 <= position <= len(jobs)


@pytest.mark.parametrize("document", [SET, MOVE])
async def test_an_empty_list_is_refused_as_everywhere(document: str) -> None:
    given_input: dict[str, Any] = {"ids": []} | ({"priority": "HIGH"} if document is SET else {})
    error = await refused(document, input=given_input)
    assert (error.code.value, error.path) == ("BAD_USER_INPUT", ["input", "ids"])
