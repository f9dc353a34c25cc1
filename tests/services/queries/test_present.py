import asyncio
from collections.abc import Sequence

import pytest

from models.jobs import Job
from services.platform.owned import owned_rows_sql
from services.queries.present import JobState, Present
from tests.factories import OTHER, OWNER, make_job


class Loads:
    """What a Present loads with; remembers which ids it was asked for."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, ids: Sequence[int]) -> list[JobState]:
        self.asked.append(list(ids))
        rows = await Job.filter(id__in=list(ids))
        await self.gate.wait()
        return [JobState(row.id, row.version, row.owner, False, row) for row in rows]


@pytest.mark.usefixtures("either_database")
async def test_who_asks_at_once_shares_one_reading_and_one_object() -> None:
    job, other = await make_job(), await make_job(OTHER)
    loads = Loads()
    present = Present("job", loads)
    found = await asyncio.gather(*(present.states(OWNER, [job.id, other.id, 5]) for _ in range(10)))
    assert loads.asked == [sorted([job.id, other.id])]
    assert [list(states) for states in found] == [[job.id]] * 10
    assert len({id(states[job.id]) for states in found}) == 1


@pytest.mark.usefixtures("database")
async def test_a_version_that_somebody_holds_is_not_loaded_again() -> None:
    job = await make_job()
    loads = Loads()
    present = Present("job", loads)
    held = (await present.states(OWNER, [job.id]))[job.id]
    assert (await present.states(OWNER, [job.id]))[job.id] is held
    await Job.filter(id=job.id).update(version=2)
    assert (await present.states(OWNER, [job.id]))[job.id].version == 2
    assert len(loads.asked) == 2


@pytest.mark.usefixtures("database")
async def test_who_asks_after_a_reading_has_begun_gets_a_newer_one() -> None:
    job = await make_job()
    loads = Loads()
    present = Present("job", loads)
    loads.gate.clear()
    early = asyncio.create_task(present.states(OWNER, [job.id]))
    while not loads.asked:
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    await Job.filter(id=job.id).update(version=2)
    late = asyncio.create_task(present.states(OWNER, [job.id]))
    await asyncio.sleep(0.01)
    loads.gate.set()
    assert (await late)[job.id].version == 2
    assert (await early)[job.id].version <= 2


@pytest.mark.usefixtures("database")
async def test_one_who_leaves_does_not_stop_the_others() -> None:
    job = await make_job()
    loads = Loads()
    present = Present("job", loads)
    loads.gate.clear()
    leaves = asyncio.create_task(present.states(OWNER, [job.id]))
    stays = asyncio.create_task(present.states(OWNER, [job.id]))
    while not loads.asked:
        await asyncio.sleep(0)
    leaves.cancel()
    loads.gate.set()
    assert list(await stays) == [job.id]


@pytest.mark.usefixtures("database")
async def test_a_failed_reading_is_everybodys_and_the_next_is_a_new_one() -> None:
    job = await make_job()
    loads = Loads()
    is_broken = True

    async def load(ids: Sequence[int]) -> list[JobState]:
        if is_broken:
            raise OSError("away")
        return await loads(ids)

    present = Present("job", load)
    found = await asyncio.gather(*(present.states(OWNER, [job.id]) for _ in range(2)), return_exceptions=True)
    assert [type(error) for error in found] == [OSError, OSError]
    is_broken = False
    assert list(await present.states(OWNER, [job.id])) == [job.id]


@pytest.mark.usefixtures("database")
async def test_a_statement_that_does_not_ask_for_the_owner_first_is_refused() -> None:
    with pytest.raises(ValueError, match="owner"):
        await owned_rows_sql("SELECT id FROM job WHERE id = ? AND owner = ?", OWNER, 1)
