"""The store of batches: what each change of state writes, and what it leaves."""

import pytest

from models.batches import Batch
from models.database import transaction
from models.enums import BATCH_TRANSITIONS, ENDED_BATCH_STATUSES, BatchStatus
from services.platform.events import batch_topic, bus
from services.stores import batches
from services.stores.transitions import ForbiddenTransitionError
from tests.batch_factories import columns, make_batch, present
from tests.statements import counted_statements

PAIRS = [(old, new) for old in BatchStatus for new in BatchStatus]
LATE_RESULTS = {
    (BatchStatus.FAILED, BatchStatus.PARTIALLY_FAILED),
    (BatchStatus.FAILED, BatchStatus.SUCCEEDED),
    (BatchStatus.PARTIALLY_FAILED, BatchStatus.SUCCEEDED),
}


def test_the_table_holds_what_batches_do_and_nothing_else() -> None:
    live = {BatchStatus.PENDING, BatchStatus.RUNNING, BatchStatus.PAUSED}
    ended = set(ENDED_BATCH_STATUSES)
    does = {(BatchStatus.PENDING, BatchStatus.RUNNING)}  # its first job begins
    does |= {(status, BatchStatus.PAUSED) for status in (BatchStatus.PENDING, BatchStatus.RUNNING)}
    does |= {(BatchStatus.PAUSED, status) for status in (BatchStatus.PENDING, BatchStatus.RUNNING)}  # it is resumed
    does |= {(old, new) for old in live for new in ended}
    does |= {(status, BatchStatus.RUNNING) for status in ended}  # a job of it is retried
    does |= LATE_RESULTS
    assert does == {(old, new) for old, allowed in BATCH_TRANSITIONS.items() for new in allowed}


async def test_every_change_of_the_table_is_written_and_every_other_refused(either_database: str) -> None:
    for old, new in PAIRS:
        batch = await make_batch(status=old)
        before = await columns(batch)
        if new not in BATCH_TRANSITIONS[old]:
            with pytest.raises(ForbiddenTransitionError):
                await batches.transition(batch.id, to=new, expected=[old])
            assert await columns(batch) == before
            continue
        assert await batches.transition(batch.id, to=new, expected=[old], pause_reason="Why.") == batch.owner
        after = await present(batch)
        assert (after.status, after.version, after.pause_reason) == (new, batch.version + 1, "Why.")
        assert (after.finished_at is not None) is (new in ENDED_BATCH_STATUSES)


async def test_a_batch_in_another_state_than_the_expected_one_stays_as_it_is(either_database: str) -> None:
    batch = await make_batch(status=BatchStatus.SUCCEEDED)
    before = await columns(batch)
    assert await batches.transition(batch.id, to=BatchStatus.PAUSED, expected=[BatchStatus.RUNNING]) is None
    assert await columns(batch) == before


async def test_a_deleted_batch_changes_its_state_no_more(database: None) -> None:
    batch = await make_batch(status=BatchStatus.FAILED)
    await batches.mark_deleted(batch.owner, [batch.id])
    before = await columns(batch)
    assert not await batches.reopen(batch.id)
    assert await columns(batch) == before


async def test_followers_are_notified_after_the_commit(database: None) -> None:
    batch = await make_batch(status=BatchStatus.RUNNING)
    with bus().listen([batch_topic(batch.id)]) as listener:

        async def body() -> None:
            await batches.transition(batch.id, to=BatchStatus.PAUSED, expected=[BatchStatus.RUNNING])
            assert await listener.next(0.0) == set()

        await transaction(body)
        assert await listener.next(5) == {batch_topic(batch.id)}


async def test_a_change_of_state_is_one_statement(database: None) -> None:
    batch = await make_batch(status=BatchStatus.RUNNING)
    with counted_statements() as statements:
        await batches.transition(batch.id, to=BatchStatus.CANCELED, expected=[BatchStatus.RUNNING], cancel_reason="No.")
    assert len(statements) == 1
    assert (await Batch.get(id=batch.id)).cancel_reason == "No."


async def test_times_of_a_batch_are_the_databases(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.stores.updates.timestamp_sql", lambda: "'2031-02-03 04:05:06.000+00:00'")
    batch = await make_batch(status=BatchStatus.RUNNING)
    await batches.transition(batch.id, to=BatchStatus.FAILED, expected=[BatchStatus.RUNNING])
    after = await present(batch)
    assert (after.finished_at.year, after.updated_at.year) == (2031, 2031)


async def test_only_ended_batches_of_the_owner_are_marked_as_deleted(either_database: str) -> None:
    ended, live = await make_batch(status=BatchStatus.FAILED), await make_batch(status=BatchStatus.RUNNING)
    foreign = await make_batch("somebody else", status=BatchStatus.FAILED)
    assert await batches.mark_deleted(ended.owner, [ended.id, live.id, foreign.id]) == {ended.id}
    assert [(await present(batch)).deleted_at is None for batch in (ended, live, foreign)] == [False, True, True]
