"""Rolling up, alone and several at once, on both databases."""

import asyncio

import pytest

from models.database import transaction
from models.statistics import StatisticsCell, StatisticsDelta
from services.notifications.statistics import rollup as rolling
from services.notifications.statistics.rollup import roll_up
from services.stores.statistics import append_deltas

pytestmark = pytest.mark.usefixtures("either_database")


async def write(count: int, **values: object) -> None:
    place = {"owner": "mira", "project_id": "p", "work_id": "w", "kind": "IMAGE", "day": "2026-01-31"}
    await append_deltas([{**place, "job_id": number, "succeeded": 1, **values} for number in range(count)])


async def test_everything_is_in_the_cells_once_and_ends_stay_to_be_taken_back() -> None:
    await write(3, bucket=90, generation_ms=5500)
    await write(2, succeeded=0, credits=4)
    assert await roll_up(60) == 5
    assert await roll_up(60) == 0
    cell = await StatisticsCell.get(grain="PLACE", day="2026-01-31")
    assert (cell.succeeded, cell.credits, cell.deltas, cell.generation_ms) == (3, 8, 5, 16_500)
    assert cell.times == {"90": 3}
    assert await StatisticsCell.all().count() == 8
    assert [row.is_rolled for row in await StatisticsDelta.all()] == [True] * 3


async def test_rollers_that_race_each_other_and_writers_roll_each_delta_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "DELTA_BATCH_SIZE", 10)

    async def write_some() -> None:
        for _ in range(10):
            await transaction(lambda: write(5))

    async def roll() -> int:
        return sum([await roll_up(60) for _ in range(10)])

    _, _, *rolled = await asyncio.gather(write_some(), write_some(), roll(), roll(), roll())
    assert sum(rolled) + await roll_up(60) == 100
    assert {(cell.succeeded, cell.deltas) for cell in await StatisticsCell.all()} == {(100, 100)}


async def test_one_that_is_cut_off_leaves_everything_for_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    await write(3)

    async def break_off(*_: object) -> None:
        raise ValueError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(rolling.statistics, "remove_deltas", break_off)
        with pytest.raises(ValueError, match="disk"):
            await roll_up(60)
    assert await StatisticsCell.all().count() == 0
    assert await roll_up(60) == 3


async def test_when_its_time_is_over_it_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rolling, "DELTA_BATCH_SIZE", 2)
    await write(5)
    assert await roll_up(0) == 2
    assert await roll_up(60) == 3
