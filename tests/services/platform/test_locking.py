"""Locked rows: nobody else changes them until the transaction's end, on either database."""

import asyncio

import pytest

from models.batches import Batch
from models.database import transaction
from models.enums import BatchStatus
from services.platform.locking import lock_row, lock_rows
from tests.batch_factories import make_batch
from tests.statements import counted_with_transactions


async def test_two_that_count_up_a_locked_row_at_once_lose_nothing(either_database: str) -> None:
    batch = await make_batch()

    async def count_up() -> None:
        locked = await lock_row(Batch, batch.id)
        assert locked is not None
        await asyncio.sleep(0)
        await Batch.filter(id=batch.id).update(runs=locked.runs + 1)

    await asyncio.gather(*(transaction(count_up) for _ in range(8)))
    assert (await Batch.get(id=batch.id)).runs == 8


async def test_two_that_lock_the_same_rows_in_different_orders_both_come_to_their_end(either_database: str) -> None:
    ids = [(await make_batch()).id for _ in range(5)]

    async def count_up(wanted: list[int]) -> None:
        for row in await lock_rows(Batch, wanted, columns=["id", "runs"]):
            await Batch.filter(id=row["id"]).update(runs=row["runs"] + 1)

    orders = [ids, ids[::-1]] * 4
    await asyncio.gather(*(transaction(lambda order=order: count_up(order)) for order in orders))  # type: ignore[misc]
    assert await Batch.filter(id__in=ids).values_list("runs", flat=True) == [8] * 5


async def test_a_row_is_only_locked_where_the_condition_holds(either_database: str) -> None:
    plain = await make_batch(status=BatchStatus.RUNNING)
    limited = await make_batch(status=BatchStatus.RUNNING, max_parallel=3)

    async def body() -> None:
        with counted_with_transactions() as statements:
            found = await lock_rows(Batch, [limited.id, plain.id], "max_parallel IS NOT NULL", ["id", "max_parallel"])
            assert found == [{"id": limited.id, "max_parallel": 3}]
            assert await lock_row(Batch, plain.id, "max_parallel IS NOT NULL") is None
            row = await lock_row(Batch, limited.id)
            assert row is not None
            assert (row.status, row.total_count, row.strategy) == (BatchStatus.RUNNING, 0, {})
        assert len(statements) == 3

    await transaction(body)


async def test_nothing_is_locked_outside_of_a_transaction(database: None) -> None:
    batch = await make_batch()
    with pytest.raises(RuntimeError):
        await lock_row(Batch, batch.id)
    with pytest.raises(RuntimeError):
        await lock_rows(Batch, [])
