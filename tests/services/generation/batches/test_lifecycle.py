"""The beginning, end and reopening of batches."""

import asyncio
from collections.abc import Sequence

import pytest

from models.batches import Batch
from models.database import transaction
from models.enums import BATCH_TRANSITIONS, BatchStatus, JobStatus
from models.jobs import Job
from services.generation.batches.end_states import Counts, end_of, progress_of
from services.generation.batches.lifecycle import begin_batches, end_complete_batches, reopen_batches
from services.platform.events import batch_topic, bus
from tests.batch_factories import columns, end, make_batch, make_batch_of, present

P, R, S, F, C = (
    JobStatus.PENDING,
    JobStatus.RUNNING,
    JobStatus.SUCCEEDED,
    JobStatus.FAILED,
    JobStatus.CANCELED,
)


@pytest.mark.parametrize(
    ("counts", "status"),
    [
        (Counts(), BatchStatus.SUCCEEDED),
        (Counts(succeeded=3), BatchStatus.SUCCEEDED),
        (Counts(succeeded=1, failed=2), BatchStatus.PARTIALLY_FAILED),
        (Counts(succeeded=1, canceled=2), BatchStatus.PARTIALLY_FAILED),
        (Counts(succeeded=1, failed=1, canceled=1), BatchStatus.PARTIALLY_FAILED),
        (Counts(failed=3), BatchStatus.FAILED),
        (Counts(failed=1, canceled=2), BatchStatus.FAILED),
        (Counts(canceled=3), BatchStatus.CANCELED),
        (Counts(pending=1, succeeded=9), None),
        (Counts(running=1, failed=9), None),
    ],
)
def test_what_a_batch_has_ended_as_follows_from_its_jobs(counts: Counts, status: BatchStatus | None) -> None:
    assert end_of(counts) is status


@pytest.mark.parametrize(
    ("total", "skipped", "counts", "progress"),
    [
        (10, 0, Counts(pending=10), 0.0),
        (10, 0, Counts(pending=4, running=1, succeeded=2, failed=2, canceled=1), 0.5),
        (10, 5, Counts(pending=5), 0.5),
        (10, 10, Counts(), 1.0),
        (0, 0, Counts(), 1.0),
    ],
)
def test_progress_counts_all_that_is_finished(total: int, skipped: int, counts: Counts, progress: float) -> None:
    assert progress_of(total, skipped, counts) == progress


@pytest.mark.parametrize(
    ("ends", "status"),
    [
        ([S, S], BatchStatus.SUCCEEDED),
        ([S, F], BatchStatus.PARTIALLY_FAILED),
        ([F, F], BatchStatus.FAILED),
        ([C, F], BatchStatus.FAILED),
        ([C, C], BatchStatus.CANCELED),
    ],
)
async def test_a_batch_ends_with_its_last_job(database: None, ends: Sequence[JobStatus], status: BatchStatus) -> None:
    batch, jobs = await make_batch_of([R, R])
    await end(jobs[0], ends[0])
    assert (await present(batch)).status is BatchStatus.RUNNING
    await end(jobs[1], ends[1])
    ended = await present(batch)
    assert ended.status is status
    assert ended.finished_at is not None
    assert ended.version > batch.version


async def test_of_two_jobs_that_end_at_once_one_ends_the_batch(either_database: str) -> None:
    for _ in range(5):
        batch, jobs = await make_batch_of([R] * 6)
        await asyncio.gather(*(end(job, S) for job in jobs))
        assert (await present(batch)).status is BatchStatus.SUCCEEDED


async def test_a_paused_batch_ends_when_all_that_ran_has_ended_and_nothing_waits(database: None) -> None:
    batch, jobs = await make_batch_of([R], status=BatchStatus.PAUSED, pause_reason="The budget.")
    await end(jobs[0], S)
    ended = await present(batch)
    assert (ended.status, ended.pause_reason) == (BatchStatus.SUCCEEDED, None)


async def test_a_late_result_changes_what_the_batch_ended_as(either_database: str) -> None:
    batch, jobs = await make_batch_of([F, F], status=BatchStatus.FAILED)
    await end(jobs[0], S)
    assert (await present(batch)).status is BatchStatus.PARTIALLY_FAILED
    await end(jobs[1], S)
    assert (await present(batch)).status is BatchStatus.SUCCEEDED
    assert (await present(batch)).runs == 0


async def test_a_late_result_leaves_a_canceled_batch_canceled(database: None) -> None:
    batch, jobs = await make_batch_of([F, C], status=BatchStatus.CANCELED, cancel_reason="Not needed.")
    await end(jobs[0], S)
    assert (await Job.get(id=jobs[0].id)).status is S
    kept = await present(batch)
    assert (kept.status, kept.cancel_reason) == (BatchStatus.CANCELED, "Not needed.")


async def test_a_replaced_job_counts_no_more(database: None) -> None:
    batch, jobs = await make_batch_of([F, R])
    await Job.filter(id=jobs[0].id).update(is_superseded=True)
    await end(jobs[1], S)
    assert (await present(batch)).status is BatchStatus.SUCCEEDED


async def test_ending_again_changes_nothing(database: None) -> None:
    batch, jobs = await make_batch_of([R])
    await end(jobs[0], S)
    before = await columns(batch)
    await transaction(lambda: end_complete_batches([batch.id]))
    assert await columns(batch) == before


async def test_a_deleted_batch_is_neither_ended_nor_reopened(database: None) -> None:
    batch, jobs = await make_batch_of([F], status=BatchStatus.FAILED)
    await Batch.filter(id=batch.id).update(deleted_at=batch.created_at)
    before = await columns(batch)
    await transaction(lambda: reopen_batches([batch.id]))
    await end(jobs[0], S)
    assert await columns(batch) == before


async def test_the_first_job_begins_a_batch_once(either_database: str) -> None:
    batch = await make_batch(status=BatchStatus.PENDING)
    with bus().listen([batch_topic(batch.id)]) as listener:
        await transaction(lambda: begin_batches([batch.id]))
        assert await listener.next(5) == {batch_topic(batch.id)}
    begun = await present(batch)
    assert begun.status is BatchStatus.RUNNING
    assert begun.started_at is not None
    before = await columns(batch)
    await transaction(lambda: begin_batches([batch.id]))
    assert await columns(batch) == before


async def test_a_batch_that_was_paused_as_it_began_stays_paused(database: None) -> None:
    batch = await make_batch(status=BatchStatus.PAUSED)
    await transaction(lambda: begin_batches([batch.id]))
    begun = await present(batch)
    assert begun.status is BatchStatus.PAUSED
    assert begun.started_at is not None


@pytest.mark.parametrize("status", [BatchStatus.SUCCEEDED, BatchStatus.PARTIALLY_FAILED, BatchStatus.CANCELED])
async def test_an_ended_batch_runs_again_when_a_job_is_taken_up(database: None, status: BatchStatus) -> None:
    batch, _ = await make_batch_of([F], status=status, cancel_reason="No.", finished_at="2026-01-01T00:00:00Z")
    await transaction(lambda: reopen_batches([batch.id]))
    again = await present(batch)
    assert (again.status, again.runs, again.finished_at, again.cancel_reason) == (BatchStatus.RUNNING, 1, None, None)
    assert BatchStatus.RUNNING in BATCH_TRANSITIONS[status]
    await transaction(lambda: reopen_batches([batch.id]))
    assert (await present(batch)).runs == 1
