import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from media import slots
from media.slots import reading_slot, render_slot, working_for


async def test_never_more_than_the_limit_hold_a_slot() -> None:
    held = most = 0

    async def render() -> None:
        nonlocal held, most
        async with render_slot(2):
            held += 1
            most = max(most, held)
            await asyncio.sleep(0.01)
            held -= 1

    await asyncio.gather(*(render() for _ in range(8)))
    assert most == 2


async def test_a_failed_or_cancelled_holder_frees_its_slot() -> None:
    with pytest.raises(ZeroDivisionError):
        async with render_slot(1):
            raise ZeroDivisionError

    async def hold() -> None:
        async with render_slot(1):
            await asyncio.sleep(60)

    holder = asyncio.create_task(hold())
    await asyncio.sleep(0.05)
    holder.cancel()
    await asyncio.wait([holder])
    async with asyncio.timeout(60), render_slot(1):
        pass


async def test_another_process_counts_and_frees_its_slot_when_killed(own_slots: Path) -> None:
    code = (
        "import fcntl, os, sys, time\n"
        "d = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT, 0o600)\n"
        "fcntl.flock(d, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(own_slots / "slot-0.lock")], stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2), render_slot(1):
                pytest.fail("the slot is held elsewhere")
        async with render_slot(2):
            pass
        other.kill()
        async with asyncio.timeout(60), render_slot(1):
            pass


async def test_children_do_not_inherit_a_slot() -> None:
    async with render_slot(1):
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], close_fds=False)
    try:
        async with asyncio.timeout(60), render_slot(1):
            assert child.poll() is None
    finally:
        child.kill()
        child.wait()


async def test_a_limit_below_one_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        async with render_slot(0):
            pass


async def test_a_waiting_owner_gets_a_slot_before_anothers_second() -> None:
    order: list[str] = []

    async def render(owner: str) -> None:
        with working_for(owner):
            async with render_slot(1):
                order.append(owner)
                await asyncio.sleep(0)

    async with render_slot(1):
        tasks = [asyncio.create_task(render(owner)) for owner in ("a", "a", "a", "a", "b", "c")]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert order.index("b") < 3
    assert order.index("c") < 4


async def test_reading_never_waits_for_rendering() -> None:
    async with render_slot(1), asyncio.timeout(5), reading_slot(1, "a"):
        pass


async def test_an_owner_holds_all_reading_slots_but_one_over_all_processes(own_slots: Path) -> None:
    async with contextlib.AsyncExitStack() as held:
        for _ in range(2):
            await held.enter_async_context(reading_slot(3, "a"))
        # Another process has no queue of ours: a fresh one stands for it.
        slots._queues.clear()
        waiting = asyncio.create_task(held_once(3, "a"))
        async with asyncio.timeout(5), reading_slot(3, "b"):
            assert not waiting.done()
    await waiting


async def held_once(limit: int, owner: str) -> None:
    async with reading_slot(limit, owner):
        pass


async def test_one_reading_slot_is_for_everybody() -> None:
    async with asyncio.timeout(5), reading_slot(1, "a"):
        waiting = asyncio.create_task(held_once(1, "b"))
        await asyncio.sleep(0.1)
        assert not waiting.done()
    await waiting


async def test_who_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    async with render_slot(1):
        first, second = (asyncio.create_task(waits()) for _ in range(2))
        await asyncio.sleep(0.05)
        first.cancel()
        await asyncio.wait([first])
    async with asyncio.timeout(5):
        await second


async def waits() -> None:
    async with render_slot(1):
        pass
