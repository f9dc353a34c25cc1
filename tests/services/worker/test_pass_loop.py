"""Passes: one at a time, one more for all that is asked meanwhile, and an end in time."""

import asyncio

import pytest
import structlog

from services.worker import pass_loop
from services.worker.pass_loop import PassLoop


def never() -> None:
    pytest.fail("it hands over")


async def test_requests_during_a_pass_make_one_more() -> None:
    gate, passes = asyncio.Event(), 0

    async def one() -> bool:
        nonlocal passes
        passes += 1
        await gate.wait()
        return False

    loop = PassLoop("test", one)
    run = asyncio.create_task(loop.run(never))
    await asyncio.sleep(0.01)
    for _ in range(5):
        await loop.run(never)
    assert passes == 1
    gate.set()
    await run
    assert passes == 2


async def test_passes_go_on_while_there_is_more_to_do() -> None:
    left = [True, True, False]

    async def one() -> bool:
        return left.pop(0)

    await PassLoop("test", one).run(never)
    assert left == []


async def test_after_its_time_a_run_hands_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pass_loop, "RUN_SECONDS", 0.05)
    handed: list[int] = []

    async def one() -> bool:
        await asyncio.sleep(0.01)
        return True

    async with asyncio.timeout(60):
        await PassLoop("test", one).run(lambda: handed.append(1))
    assert handed == [1]


async def test_a_pass_that_fails_ends_its_run_and_the_next_one_begins_anew() -> None:
    answers: list[bool | Exception] = [ConnectionError("away"), False]

    async def one() -> bool:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    loop = PassLoop("test", one)
    with structlog.testing.capture_logs() as logs:
        await loop.run(never)
    assert [(line["event"], line["error"]) for line in logs] == [("work.pass_failed", "ConnectionError")]
    await loop.run(never)
    assert answers == []


async def test_stopping_cancels_the_pass_and_makes_no_more() -> None:
    begun: list[int] = []

    async def one() -> bool:
        begun.append(1)
        await asyncio.sleep(60)
        return False

    loop = PassLoop("test", one)
    run = asyncio.create_task(loop.run(never))
    await asyncio.sleep(0.01)
    await loop.stop()
    await run
    await loop.run(never)
    assert begun == [1]
