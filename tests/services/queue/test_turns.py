"""Whose job a worker takes next: owners, batches and workflows share what they all use."""

import asyncio
from collections import Counter
from typing import Any

import pytest

from models.batches import Batch
from models.database import execute, now_ms_sql
from models.enums import ArtifactKind, BatchStatus, JobRole, JobStatus, JobType, Queue
from models.jobs import Job
from services.queue.leases import claim, release
from tests.batch_factories import make_batch
from tests.factories import OTHER, OWNER, make_build, make_job

pytestmark = pytest.mark.usefixtures("either_database")


async def due(owner: str = OWNER, **values: Any) -> Job:
    parent = await make_job(owner, status=JobStatus.RUNNING)
    job = await make_build(parent, ArtifactKind.PICTURE, parent.id, **values)
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", job.id)
    return job


async def item(batch: Batch, number: int) -> Job:
    job = await Job.create(
        owner=batch.owner,
        type=JobType.TEXT_TO_VIDEO,
        role=JobRole.GENERATE,
        queue=Queue.VIDEOS,
        status=JobStatus.PENDING,
        target_id=number,
        record_id=number,
        batch_id=batch.id,
    )
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", job.id)
    return job


async def claims(queue: Queue, count: int) -> list[Job]:
    found = [await claim(queue, "worker", 30) for _ in range(count)]
    return [taken[0] for taken in found if taken is not None]


async def test_two_owners_share_the_workers_however_much_one_of_them_has_sent() -> None:
    for _ in range(12):
        await due(OWNER)
    for _ in range(4):
        await due(OTHER)
    assert Counter(job.owner for job in await claims(Queue.IMAGES, 8)) == {OWNER: 4, OTHER: 4}


async def test_an_owner_whose_jobs_are_under_way_waits_for_one_who_has_none() -> None:
    for _ in range(3):
        await due(OWNER)
    await claims(Queue.IMAGES, 2)
    theirs = await due(OTHER)
    assert [job.id for job in await claims(Queue.IMAGES, 1)] == [theirs.id]


async def test_an_owners_workflows_share_what_the_owner_gets() -> None:
    for _ in range(6):
        await due(workflow_id=71)
    for _ in range(6):
        await due(workflow_id=72)
    assert Counter(job.workflow_id for job in await claims(Queue.IMAGES, 6)) == {71: 3, 72: 3}


async def test_urgent_work_goes_before_fairness() -> None:
    await due(OWNER)
    await claims(Queue.IMAGES, 1)
    await due(OTHER)
    urgent = await due(OWNER, priority_rank=0)
    assert [job.id for job in await claims(Queue.IMAGES, 1)] == [urgent.id]


async def test_a_job_that_has_waited_long_goes_before_a_newer_one_of_a_higher_priority() -> None:
    low, normal = await due(priority_rank=3), await due(priority_rank=2)
    await execute(f"UPDATE job SET waiting_since_ms = {now_ms_sql()} - 2000000 WHERE id = ? RETURNING id", low.id)
    assert [job.id for job in await claims(Queue.IMAGES, 2)] == [low.id, normal.id]


async def test_nothing_of_a_paused_batch_is_begun_and_what_was_cut_off_goes_on() -> None:
    batch = await make_batch()
    first, second = await item(batch, 1), await item(batch, 2)
    await claims(Queue.VIDEOS, 1)
    await Batch.filter(id=batch.id).update(status=BatchStatus.PAUSED)
    assert await claims(Queue.VIDEOS, 1) == []
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", first.id)
    assert [job.id for job in await claims(Queue.VIDEOS, 2)] == [first.id]
    await Batch.filter(id=batch.id).update(status=BatchStatus.RUNNING)
    assert [job.id for job in await claims(Queue.VIDEOS, 1)] == [second.id]


async def test_workers_at_once_begin_no_more_of_a_batch_than_it_may_have() -> None:
    batch = await make_batch(max_parallel=2)
    for number in range(8):
        await item(batch, number + 1)
    for _ in range(3):
        await asyncio.gather(*(claim(Queue.VIDEOS, f"worker {number}", 30) for number in range(8)))
        assert await Job.filter(batch_id=batch.id, status=JobStatus.RUNNING).count() <= 2
    assert await Job.filter(batch_id=batch.id, status=JobStatus.RUNNING).count() == 2
    assert await Job.filter(batch_id=batch.id, tries__lt=0).count() == 0


async def test_a_released_job_does_not_block_its_batch_and_its_queue() -> None:
    batch = await make_batch(max_parallel=1)
    first, second = await item(batch, 1), await item(batch, 2)
    await Job.filter(id=first.id).update(due_at_ms=None)
    taken = await claim(Queue.VIDEOS, "worker", 30)
    assert taken is not None
    assert taken[0].id == second.id
    await release(taken[1])
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE id = ? RETURNING id", first.id)
    begun = await claims(Queue.VIDEOS, 4)
    assert len({job.id for job in begun}) == 1
    assert await Job.filter(batch_id=batch.id, status=JobStatus.RUNNING, worker__isnull=False).count() == 1


async def test_with_room_for_one_job_owners_and_workflows_take_turns() -> None:
    """Nobody has anything under way when there is room: the older jobs would go first for ever."""
    for workflow_id in (71, 71, 71, 72, 72):
        await due(workflow_id=workflow_id)
    for _ in range(3):
        await due(OTHER)
    order: list[tuple[str, int | None]] = []
    for _ in range(6):
        (job,) = await claims(Queue.IMAGES, 1)
        order.append((job.owner, job.workflow_id))
        await Job.filter(id=job.id).update(status=JobStatus.SUCCEEDED)
    assert [owner for owner, _ in order] in ([OWNER, OTHER] * 3, [OTHER, OWNER] * 3)
    mine = [workflow for owner, workflow in order if owner == OWNER]
    assert len(set(mine[:2])) == 2


async def test_workers_that_claim_at_once_find_a_job_each_whosever_it_is() -> None:
    """Lines of one job each, which all of them see in the same order."""
    for _ in range(3):
        for number in range(12):
            await due(OWNER if number % 2 else OTHER, workflow_id=100 + number)
        found = await asyncio.gather(*(claim(Queue.IMAGES, f"worker {number}", 30) for number in range(12)))
        assert len({taken[0].id for taken in found if taken is not None}) == 12
        await Job.filter(queue=Queue.IMAGES).update(status=JobStatus.SUCCEEDED)
