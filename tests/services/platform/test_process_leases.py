"""Numbers of processes: leased, renewed with a heartbeat, replaced when lost."""

import pytest

from models.database import execute, now_ms_sql
from models.enums import Queue
from models.workers import ProcessLease
from services.platform.process_leases import ProcessNumber, claim_number, end_other_workers, process_number

pytestmark = pytest.mark.usefixtures("either_database")


async def test_processes_have_different_numbers_and_give_them_back() -> None:
    async with process_number("one"), process_number("two"):
        rows = await ProcessLease.all()
        assert sorted(row.holder for row in rows) == ["one", "two"]
        assert len({row.number for row in rows}) == 2
        assert all(row.heartbeat_at_ms == row.started_at_ms and row.queues is None for row in rows)
    assert await ProcessLease.all().count() == 0


async def test_a_heartbeat_keeps_the_lease_and_the_queues() -> None:
    held = ProcessNumber("one")
    await held.claim()
    await held.serve([Queue.TEXT, Queue.INPUTS])
    await execute(
        f"UPDATE process_lease SET until_ms = {now_ms_sql()} + 5, heartbeat_at_ms = 1, started_at_ms = 1"
        " RETURNING number"
    )
    await held.extend()
    (row,) = await ProcessLease.all()
    assert (row.queues, row.started_at_ms) == (["text", "inputs"], 1)
    assert row.heartbeat_at_ms > 1
    assert row.until_ms > row.heartbeat_at_ms


async def test_a_number_that_another_has_taken_is_replaced_and_the_worker_still_shown() -> None:
    held = ProcessNumber("slept")
    await held.claim()
    await held.serve([Queue.TEXT])
    await execute("UPDATE process_lease SET holder = 'other', queues = NULL RETURNING number")
    await held.extend()
    rows = {row.holder: row for row in await ProcessLease.all()}
    assert set(rows) == {"other", "slept"}
    assert rows["slept"].queues == ["text"]
    assert rows["other"].queues is None


async def test_a_number_whose_lease_ran_out_is_taken_without_what_it_had(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.platform.process_leases.random.sample", lambda numbers, _: list(numbers))
    dead = ProcessNumber("dead")
    await dead.claim()
    await dead.serve([Queue.TEXT])
    await execute("UPDATE process_lease SET until_ms = 1, started_at_ms = 1 RETURNING number")
    await claim_number("new")
    (row,) = await ProcessLease.all()
    assert (row.holder, row.queues) == ("new", None)
    assert row.started_at_ms > 1


async def test_who_is_alone_forgets_workers_that_were_killed() -> None:
    killed, alone, server = ProcessNumber("killed"), ProcessNumber("alone"), ProcessNumber("server")
    for held in (killed, alone, server):
        await held.claim()
    await killed.serve([Queue.TEXT])
    await alone.serve([Queue.TEXT])
    await end_other_workers("alone")
    assert sorted(row.holder for row in await ProcessLease.all()) == ["alone", "server"]
