"""The one loop of all workers: what it claims, how many at once, and what becomes of it when it ends."""

import asyncio
from collections.abc import Sequence

import pytest
import structlog

from services.worker import work_loop
from services.worker.work_loop import Capacity, WorkLoop


class Source:
    """Numbers that are due, each done when its gate is open."""

    def __init__(self, due: int, batch_size: int = 10) -> None:
        self.due = list(range(due))
        self.batch_size = batch_size
        self.gate = asyncio.Event()
        self.gate.set()
        self.running: set[int] = set()
        self.most_running = 0
        self.done: list[int] = []
        self.released: list[int] = []
        self.extended: list[list[int]] = []
        self.claims = 0
        self.due_seconds: float | None = None
        self.fails = False

    async def claim(self, limit: int, running: Sequence[int]) -> list[int]:
        self.claims += 1
        await asyncio.sleep(0)
        if self.fails:
            raise ConnectionError("away")
        claimed, self.due = self.due[:limit], self.due[limit:]
        return claimed

    async def do(self, claim: int) -> None:
        self.running.add(claim)
        self.most_running = max(self.most_running, len(self.running))
        try:
            await asyncio.sleep(0.01)
            await self.gate.wait()
            if claim < 0:
                raise ValueError("unexpected")
            self.done.append(claim)
        finally:
            self.running.discard(claim)

    async def extend(self, claims: Sequence[int]) -> None:
        self.extended.append(sorted(claims))

    async def release(self, claims: Sequence[int]) -> None:
        self.released += claims

    async def next_due_seconds(self) -> float | None:
        return self.due_seconds


def loop_of(source: Source, limit: int = 3) -> WorkLoop[int]:
    return WorkLoop("test", source, Capacity(limit), extend_seconds=0.02)


async def until(condition: object) -> None:
    async with asyncio.timeout(60):
        while not condition():  # type: ignore[operator]
            await asyncio.sleep(0.005)


def never() -> None:
    pytest.fail("it hands over")


@pytest.mark.parametrize("batch_size", [1, 2, 10])
async def test_a_run_does_all_that_is_due_and_never_more_at_once_than_there_is_capacity_for(batch_size: int) -> None:
    source = Source(20, batch_size)
    await loop_of(source).run(never)
    assert sorted(source.done) == list(range(20))
    assert source.most_running == 3


async def test_a_run_ends_where_nothing_is_due() -> None:
    source = Source(0)
    await loop_of(source).run(never)
    assert source.claims == 1


async def test_a_message_meanwhile_makes_the_present_run_claim_again_and_ends_at_once() -> None:
    source = Source(1)
    source.gate.clear()
    loop = loop_of(source)
    run = asyncio.create_task(loop.run(never))
    await until(lambda: source.running == {0})
    source.due = [1]
    await loop.run(never)
    await until(lambda: source.running == {0, 1})
    source.gate.set()
    await run
    assert sorted(source.done) == [0, 1]


async def test_kinds_that_share_a_capacity_wait_for_each_other_and_go_on_as_soon_as_there_is_room() -> None:
    shared = Capacity(1)
    first, second = Source(1), Source(1)
    first.gate.clear()
    loops = [WorkLoop("test", source, shared, extend_seconds=1) for source in (first, second)]
    runs = [asyncio.create_task(loop.run(never)) for loop in loops]
    await until(lambda: first.running == {0})
    await asyncio.sleep(0.05)
    assert (second.claims, second.done) == (0, [])
    first.gate.set()
    await asyncio.gather(*runs)
    assert (first.done, second.done) == ([0], [0])


async def test_after_its_time_a_run_hands_over_and_only_ends_what_it_began(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(work_loop, "RUN_SECONDS", 0.05)
    monkeypatch.setattr(work_loop, "MAX_WAIT_SECONDS", 0.02)
    source = Source(1)
    source.gate.clear()
    loop = loop_of(source)
    handed: list[int] = []
    first = asyncio.create_task(loop.run(lambda: handed.append(1)))
    await until(lambda: handed == [1])
    source.due = [1]
    await asyncio.sleep(0.05)
    assert source.running == {0}, "it claims no more"
    second = asyncio.create_task(loop.run(lambda: handed.append(2)))
    await until(lambda: source.running == {0, 1})
    await asyncio.sleep(0.2)
    assert handed == [1], "the second cannot hand over while the first is ending"
    source.due = [2]
    loop_runs = [first, second]
    await loop.run(never)
    await until(lambda: 2 in source.running)
    source.gate.set()
    await asyncio.gather(*loop_runs)
    assert sorted(source.done) == [0, 1, 2]


async def test_work_that_is_due_soon_is_waited_for() -> None:
    source = Source(0)
    source.due_seconds = 0.05

    async def due_later() -> None:
        await asyncio.sleep(0.1)
        source.due, source.due_seconds = [7], None

    await asyncio.gather(loop_of(source).run(never), due_later())
    assert source.done == [7]


async def test_leases_of_running_work_are_extended() -> None:
    source = Source(2)
    source.gate.clear()
    run = asyncio.create_task(loop_of(source).run(never))
    await until(lambda: [0, 1] in source.extended)
    source.gate.set()
    await run


async def test_stopping_cancels_and_releases_what_runs_and_claims_no_more() -> None:
    source = Source(5)
    source.gate.clear()
    loop = loop_of(source)
    run = asyncio.create_task(loop.run(never))
    await until(lambda: len(source.running) == 3)
    await loop.stop()
    await run
    assert (sorted(source.released), source.done, source.due) == ([0, 1, 2], [], [3, 4])
    await loop.run(never)
    assert source.due == [3, 4]


async def test_a_claim_that_comes_back_after_the_stop_is_released() -> None:
    source = Source(1)
    arrived = asyncio.Event()
    claim = source.claim

    async def slow(most: int, running: Sequence[int]) -> list[int]:
        claimed = await claim(most, running)
        arrived.set()
        await asyncio.sleep(0.05)
        return claimed

    source.claim = slow  # type: ignore[method-assign]
    loop = loop_of(source)
    run = asyncio.create_task(loop.run(never))
    await arrived.wait()
    await loop.stop()
    await run
    assert (source.released, source.done) == ([0], [])


async def test_a_run_that_is_cancelled_releases_what_it_began() -> None:
    source = Source(2)
    source.gate.clear()
    run = asyncio.create_task(loop_of(source).run(never))
    await until(lambda: len(source.running) == 2)
    run.cancel()
    await asyncio.wait([run])
    assert run.cancelled()
    assert (sorted(source.released), source.running) == ([0, 1], set())


async def test_a_database_that_is_away_ends_the_run_but_not_what_it_began() -> None:
    source = Source(1)
    source.gate.clear()
    loop = loop_of(source)
    run = asyncio.create_task(loop.run(never))
    await until(lambda: source.running == {0})
    source.fails = True
    with structlog.testing.capture_logs() as logs:
        await loop.run(never)
        await until(lambda: bool(logs))
    assert logs[0]["event"] == "work.claim_failed"
    source.gate.set()
    await run
    assert source.done == [0]


async def test_unexpected_failures_of_one_claim_are_logged_and_harm_no_other() -> None:
    source = Source(0)
    source.due = [-1, 1]
    with structlog.testing.capture_logs() as logs:
        await loop_of(source).run(never)
    assert source.done == [1]
    assert [line["event"] for line in logs] == ["work.failed"]
