"""Claims and leases, raced on real databases."""

import asyncio

import pytest

from errors import JobErrorCode
from models.database import execute, now_ms_sql, transaction
from models.enums import ArtifactKind, JobRole, JobStatus, Queue
from models.jobs import Job
from services.platform.events import bus, job_topic
from services.platform.leases import Lease
from services.queue.leases import (
    MAX_TRIES,
    claim,
    extend,
    is_killing_workers,
    release,
)
from services.queue.outcomes import MAX_FAILURES, backoff_ms, cancel_build_jobs, fail_build, succeed_build
from services.stores.jobs.claims import release_all
from services.stores.jobs.which import Jobs
from tests.factories import make_build, make_job

pytestmark = pytest.mark.usefixtures("either_database")


async def due(job: Job, in_ms: int = 0) -> Job:
    await execute(f"UPDATE job SET due_at_ms = {now_ms_sql()} + ? WHERE id = ? RETURNING id", in_ms, job.id)
    return job


async def build(**values: object) -> Job:
    parent = await make_job(status=JobStatus.RUNNING, expected_weight=10.0)
    return await due(await make_build(parent, ArtifactKind.PICTURE, parent.id, **values))


async def claimed(job: Job, lease_seconds: float = 30.0) -> Lease:
    found = await claim(job.queue, "worker", lease_seconds)
    assert found is not None
    assert found[0].id == job.id
    return found[1]


async def test_of_many_claimers_at_once_each_job_goes_to_one() -> None:
    jobs = [await build() for _ in range(10)]
    found = await asyncio.gather(*(claim(Queue.IMAGES, f"worker {number}", 30) for number in range(25)))
    ids = [item[0].id for item in found if item is not None]
    assert sorted(ids) == sorted(job.id for job in jobs)
    assert await Job.filter(role=JobRole.BUILD, status=JobStatus.RUNNING, tries=1, lease_epoch=1).count() == 10


async def test_the_most_urgent_job_comes_first_and_then_the_oldest() -> None:
    normal, urgent, older_normal = await build(), await build(priority_rank=0), None
    older_normal = normal
    newer = await build()
    order = [(await claim(Queue.IMAGES, "worker", 30) or (None, None))[0] for _ in range(3)]
    assert [job.id for job in order if job] == [urgent.id, older_normal.id, newer.id]


async def test_jobs_that_are_not_due_or_of_other_queues_are_left() -> None:
    later = await build()
    await due(later, 60_000)
    assert await claim(Queue.IMAGES, "worker", 30) is None
    await due(later)
    assert await claim(Queue.VIDEOS, "worker", 30) is None
    assert await claim(Queue.IMAGES, "worker", 30) is not None


async def test_a_job_whose_lease_ran_out_is_claimed_again_and_its_old_holder_can_write_nothing() -> None:
    job = await build()
    old = await claimed(job, lease_seconds=0)
    new = await claimed(job)
    assert new.epoch == old.epoch + 1
    before = await Job.get(id=job.id)
    assert not await extend(old, 30, 0.9, "still here")
    assert not await transaction(lambda: succeed_build(job, old))
    assert not await fail_build(job, old, JobErrorCode.INTERNAL, "no", retry=False)
    await release(old)
    after = await Job.get(id=job.id)
    assert (after.status, after.progress, after.message) == (JobStatus.RUNNING, 0, None)
    assert after.due_at_ms == before.due_at_ms
    assert await transaction(lambda: succeed_build(job, new))


async def test_a_heartbeat_keeps_the_lease_and_its_progress_never_goes_back() -> None:
    job = await build(weight=5.0)
    lease = await claimed(job, lease_seconds=1)
    with bus().listen([job_topic(job.id)]) as listener:
        assert await extend(lease, 60, 0.6)
        assert await listener.next(1) == {job_topic(job.id)}
    assert await extend(lease, 60, 0.2)
    present = await Job.get(id=job.id)
    assert present.progress == pytest.approx(0.6)
    assert await claim(Queue.IMAGES, "worker", 30) is None
    parent = await Job.get(id=job.parent_id)
    assert parent.progress == pytest.approx(0.3)  # 0.6 of weight 5, of 10 in all


async def test_a_job_that_was_handed_back_is_due_at_once_and_does_not_count_as_tried() -> None:
    job = await build()
    await release(await claimed(job))
    assert (await Job.get(id=job.id)).tries == 0
    await claimed(job)


async def test_a_canceled_job_takes_no_outcome_any_more() -> None:
    job = await build()
    lease = await claimed(job)
    assert await cancel_build_jobs(Jobs(ids=[job.id])) == [job.id]
    assert not await extend(lease, 30)
    assert not await transaction(lambda: succeed_build(job, lease))
    assert (await Job.get(id=job.id)).status is JobStatus.CANCELED
    assert await cancel_build_jobs(Jobs(ids=[job.id])) == []


async def test_a_failure_that_may_pass_is_tried_again_later_and_at_last_fails() -> None:
    job = await build(params={"fingerprint": "a" * 64})
    for number in range(1, MAX_FAILURES + 1):
        await due(job)
        lease = await claimed(job)
        assert await fail_build(job, lease, JobErrorCode.STORAGE_ERROR, "No room.", retry=True)
        present = await Job.get(id=job.id)
        assert present.failures == number
        expected = JobStatus.PENDING if number < MAX_FAILURES else JobStatus.FAILED
        assert present.status is expected
        assert await claim(Queue.IMAGES, "worker", 30) is None
    assert present.error == {"code": "STORAGE_ERROR", "message": "No room.", "retryable": True, "upstreamCode": None}


@pytest.mark.parametrize(("failures", "seconds"), [(1, 2), (2, 4), (3, 8), (6, 64), (7, 120), (50, 120)])
def test_the_wait_doubles_up_to_two_minutes(failures: int, seconds: float) -> None:
    assert backoff_ms(failures) == seconds * 1000


async def test_the_end_of_the_last_build_wakes_its_stage_at_once() -> None:
    job = await build()
    lease = await claimed(job)
    await transaction(lambda: succeed_build(job, lease))
    found = await claim(Queue.PLANNING, "worker", 30)
    assert found is not None
    assert found[0].id == job.parent_id


async def test_a_job_that_keeps_ending_its_workers_is_found_out() -> None:
    job = await build()
    for _ in range(MAX_TRIES + 1):
        await claimed(job, lease_seconds=0)
    assert is_killing_workers(await Job.get(id=job.id))


async def test_a_process_that_is_alone_takes_up_the_jobs_of_the_dead_at_once() -> None:
    job = await build()
    await claimed(job, lease_seconds=600)
    assert await claim(Queue.IMAGES, "worker", 30) is None
    assert await release_all() == 1
    await claimed(job)
