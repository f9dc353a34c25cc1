"""Transactions: cancelled, nested, concurrent and retried."""

import asyncio
import random

import pytest
from tortoise.exceptions import OperationalError

from models.database import after_commit, execute, is_in_transaction, is_passing, transaction
from models.jobs import Job
from models.workflows import Workflow
from tests.factories import make_job, make_workflow

pytestmark = pytest.mark.usefixtures("either_database")


async def test_hundreds_of_cancelled_transactions_leave_the_database_usable() -> None:
    workflow = await make_workflow(name="0")

    async def change(number: int) -> None:
        async def body() -> None:
            present = await Workflow.get(id=workflow.id)
            await asyncio.sleep(0)
            await Workflow.filter(id=workflow.id).update(name=str(int(present.name)), version=number)

        await transaction(body)

    chance = random.Random(7)
    for _ in range(30):
        tasks = [asyncio.create_task(change(number)) for number in range(10)]
        await asyncio.sleep(chance.random() * 0.004)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    async with asyncio.timeout(60):
        await transaction(lambda: Workflow.filter(id=workflow.id).update(name="usable"))
    assert (await Workflow.get(id=workflow.id)).name == "usable"
    assert not is_in_transaction()


async def test_a_cancelled_transaction_is_done_whole_or_not_at_all() -> None:
    async def create() -> None:
        await make_job(owner="half")
        await asyncio.sleep(0)
        await make_job(owner="half")

    for _ in range(40):
        task = asyncio.create_task(transaction(create))
        await asyncio.sleep(random.random() * 0.003)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert await Job.filter(owner="half").count() % 2 == 0


async def test_what_raises_leaves_no_trace_and_runs_no_action() -> None:
    done: list[str] = []

    async def body() -> None:
        await make_job(owner="gone")
        after_commit(lambda: done.append("after"))
        raise LookupError("no")

    with pytest.raises(LookupError):
        await transaction(body)
    assert await Job.filter(owner="gone").count() == 0
    assert done == []


async def test_an_inner_transaction_is_part_of_the_outer_one() -> None:
    done: list[str] = []

    async def inner() -> None:
        await make_job(owner="inner")
        after_commit(lambda: done.append("after"))

    async def outer() -> None:
        await transaction(inner)
        assert done == []
        raise LookupError("no")

    with pytest.raises(LookupError):
        await transaction(outer)
    assert await Job.filter(owner="inner").count() == 0
    await transaction(inner)
    assert done == ["after"]


async def test_counting_up_at_once_loses_no_step() -> None:
    workflow = await make_workflow()

    async def body() -> None:
        await execute("UPDATE workflow SET version = version + 1 WHERE id = ? RETURNING id", workflow.id)
        await Workflow.get(id=workflow.id)
        await execute("UPDATE workflow SET run = run + 1 WHERE id = ? RETURNING id", workflow.id)

    await asyncio.gather(*(transaction(body) for _ in range(40)))
    present = await Workflow.get(id=workflow.id)
    assert (present.version, present.run) == (workflow.version + 40, workflow.run + 40)


async def test_a_transaction_that_the_database_ended_is_run_again() -> None:
    first, second = await make_workflow(), await make_workflow()
    runs: list[str] = []

    async def lock(name: str, one: Workflow, other: Workflow) -> None:
        async def body() -> None:
            runs.append(name)
            await execute("UPDATE workflow SET version = version + 1 WHERE id = ? RETURNING id", one.id)
            await asyncio.sleep(0.05)
            await execute("UPDATE workflow SET version = version + 1 WHERE id = ? RETURNING id", other.id)

        await transaction(body)

    # Opposite lock order: PostgreSQL ends one transaction with a deadlock; SQLite runs them one after another.
    await asyncio.gather(lock("a", first, second), lock("b", second, first))
    assert {row.version for row in await Workflow.filter(id__in=[first.id, second.id])} == {first.version + 2}
    assert set(runs) == {"a", "b"}


def test_only_errors_that_pass_by_themselves_are_retried() -> None:
    assert is_passing(OperationalError("database is locked"))
    assert not is_passing(OperationalError("no such table: job"))
    assert not is_passing(LookupError("database is locked"))
