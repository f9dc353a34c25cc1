"""Pausing and resuming batches, by their owner and for their budget."""

import pytest

from errors import BadInputError, ConflictError, NotFoundError
from models.database import execute, now_ms, transaction
from models.enums import PRIORITY_RANKS, BatchStatus, JobStatus, Priority
from models.jobs import Job
from services.generation.batches.pausing import pause_batch, pause_batch_for_budget, resume_batch
from services.queue.priority import aged_rank_sql
from tests.batch_factories import columns, make_batch, make_batch_of, present
from tests.factories import OTHER, OWNER

ENDS = [BatchStatus.SUCCEEDED, BatchStatus.PARTIALLY_FAILED, BatchStatus.FAILED, BatchStatus.CANCELED]


@pytest.mark.parametrize(
    ("status", "has_begun", "resumed"),
    [
        (BatchStatus.PENDING, False, BatchStatus.PENDING),
        (BatchStatus.RUNNING, True, BatchStatus.RUNNING),
    ],
)
async def test_a_batch_is_paused_and_resumed_to_what_it_was(
    either_database: str, status: BatchStatus, has_begun: bool, resumed: BatchStatus
) -> None:
    batch = await make_batch(status=status, started_at="2026-01-01T00:00:00Z" if has_begun else None)
    paused = await pause_batch(OWNER, batch.id)
    assert (paused.status, paused.pause_reason) == (BatchStatus.PAUSED, None)
    assert await pause_batch(OWNER, batch.id) == paused
    assert (await present(batch)).version == paused.version
    again = await resume_batch(OWNER, batch.id)
    assert again.status is resumed
    assert (await resume_batch(OWNER, batch.id)).version == again.version


@pytest.mark.parametrize("status", ENDS)
async def test_an_ended_batch_is_neither_paused_nor_resumed(database: None, status: BatchStatus) -> None:
    batch = await make_batch(status=status)
    before = await columns(batch)
    with pytest.raises(ConflictError, match=status.value):
        await pause_batch(OWNER, batch.id)
    with pytest.raises(ConflictError, match=status.value):
        await resume_batch(OWNER, batch.id)
    assert await columns(batch) == before


async def test_somebody_elses_batch_is_not_there(database: None) -> None:
    batch = await make_batch(OTHER)
    before = await columns(batch)
    for change in (pause_batch, resume_batch):
        with pytest.raises(NotFoundError) as refusal:
            await change(OWNER, batch.id)
        assert refusal.value.path == ["id"]
    assert await columns(batch) == before


async def test_a_batch_is_paused_before_its_budget_is_passed(either_database: str) -> None:
    batch = await make_batch(status=BatchStatus.RUNNING, credit_budget=10, started_at="2026-01-01T00:00:00Z")
    await transaction(lambda: pause_batch_for_budget(batch.id, "The next picture would pass its budget of 10 credits."))
    paused = await present(batch)
    assert paused.status is BatchStatus.PAUSED
    assert paused.pause_reason == "The next picture would pass its budget of 10 credits."
    before = await columns(batch)
    await transaction(lambda: pause_batch_for_budget(batch.id, "Another reason."))
    assert await columns(batch) == before
    resumed = await resume_batch(OWNER, batch.id, 20)
    assert (resumed.status, resumed.pause_reason, resumed.credit_budget) == (BatchStatus.RUNNING, None, 20)
    assert (await resume_batch(OWNER, batch.id, None)).credit_budget is None


async def test_a_negative_budget_is_refused(database: None) -> None:
    batch = await make_batch(status=BatchStatus.PAUSED, credit_budget=10)
    before = await columns(batch)
    with pytest.raises(BadInputError) as refusal:
        await resume_batch(OWNER, batch.id, -1)
    assert refusal.value.path == ["creditBudget"]
    assert await columns(batch) == before


async def test_an_ended_batch_is_not_paused_for_its_budget(database: None) -> None:
    batch = await make_batch(status=BatchStatus.SUCCEEDED)
    before = await columns(batch)
    await transaction(lambda: pause_batch_for_budget(batch.id, "Too late."))
    assert await columns(batch) == before


async def test_a_pause_raises_nothings_priority(either_database: str) -> None:
    batch, jobs = await make_batch_of([JobStatus.PENDING, JobStatus.RUNNING, JobStatus.FAILED])
    other, (elsewhere,) = await make_batch_of([JobStatus.PENDING])
    await pause_batch(OWNER, batch.id)
    await pause_batch(OWNER, other.id)
    await Job.all().update(waiting_since_ms=1, priority_rank=PRIORITY_RANKS[Priority.LOW])
    before = await now_ms()
    await resume_batch(OWNER, batch.id)
    waiting, *others = [(await Job.get(id=job.id)).waiting_since_ms for job in (*jobs, elsewhere)]
    assert waiting >= before
    assert others == [1, 1, 1]
    rows = await execute(f"SELECT {aged_rank_sql()} AS aged FROM job WHERE id = ?", jobs[0].id)
    assert rows[0]["aged"] == PRIORITY_RANKS[Priority.LOW]


async def test_resuming_what_is_not_paused_or_not_ones_own_leaves_its_waiting_as_it_is(either_database: str) -> None:
    running, (job,) = await make_batch_of([JobStatus.PENDING])
    foreign, (theirs,) = await make_batch_of([JobStatus.PENDING], OTHER, status=BatchStatus.PAUSED)
    await Job.all().update(waiting_since_ms=1)
    await resume_batch(OWNER, running.id, 5)
    with pytest.raises(NotFoundError):
        await resume_batch(OWNER, foreign.id)
    assert [(await Job.get(id=each.id)).waiting_since_ms for each in (job, theirs)] == [1, 1]
    assert (await present(foreign)).status is BatchStatus.PAUSED
