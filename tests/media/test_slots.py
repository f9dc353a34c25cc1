import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from media.slots import render_slot


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
