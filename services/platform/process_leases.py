"""Leases a number for each process from the database; ids contain it, so no two live processes may share one.

The lease is also the process's heartbeat: workers write their queues into it, and systemStatus shows them.
"""

import asyncio
import contextlib
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator, Iterable

import orjson
import structlog

from models.database import execute, now_ms_sql
from models.enums import Queue
from models.ids import MAX_PROCESS_NUMBER, use_process_number
from services.platform.leases import NamedLeases

log = structlog.get_logger(__name__)

LEASE_SECONDS = 120.0
EXTEND_SECONDS = 10.0


def process_name() -> str:
    """Returns a unique name for this process: host, process id and a random part."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"


LEASES = NamedLeases("process_lease", "number")


async def claim_number(holder: str) -> int:
    """Claims a number that is free or whose lease has expired; one guarded statement per number tried. Raises
    RuntimeError if there is none.
    """
    now = now_ms_sql()
    columns = {"queues": "NULL", "started_at_ms": now, "heartbeat_at_ms": now}
    for number in random.sample(range(MAX_PROCESS_NUMBER + 1), MAX_PROCESS_NUMBER + 1):
        if await LEASES.claim(number, holder, LEASE_SECONDS, columns):
            return number
    raise RuntimeError("all process numbers are leased: more than 1024 processes, or a clock that is ahead")


async def extend_number(number: int, holder: str) -> bool:
    """Extends the lease and writes the heartbeat; returns whether the lease was still held."""
    return await LEASES.extend(number, holder, LEASE_SECONDS, {"heartbeat_at_ms": now_ms_sql()})


async def write_queues(holder: str, queues: Iterable[Queue]) -> None:
    """Records that the process is a worker of these queues."""
    await execute(
        "UPDATE process_lease SET queues = ? WHERE holder = ? RETURNING number",
        orjson.dumps([queue.value for queue in queues]).decode(),
        holder,
    )


async def end_other_workers(holder: str) -> None:
    """Ends the leases of all other workers. Only for a process that knows that no other worker is alive."""
    await execute("DELETE FROM process_lease WHERE queues IS NOT NULL AND holder <> ? RETURNING number", holder)


class ProcessNumber:
    """A process's number and its lease, for the life of the process."""

    def __init__(self, holder: str) -> None:
        self._holder = holder
        self._queues: tuple[Queue, ...] = ()
        self._number: int | None = None

    async def claim(self) -> None:
        self._number = await claim_number(self._holder)
        use_process_number(self._number)
        if self._queues:
            await write_queues(self._holder, self._queues)

    async def serve(self, queues: Iterable[Queue]) -> None:
        """Registers the process as a worker of these queues."""
        self._queues = tuple(queues)
        await write_queues(self._holder, self._queues)

    async def extend(self) -> None:
        """Extends the lease; claims a new number if the lease was lost (after a long suspension)."""
        if self._number is None or not await extend_number(self._number, self._holder):
            await self.claim()

    async def release(self) -> None:
        await LEASES.release(self._holder)


@contextlib.asynccontextmanager
async def process_number(holder: str) -> AsyncIterator[ProcessNumber]:
    """Holds a number for this process, from which its ids are made, while the context is open."""
    held = ProcessNumber(holder)
    await held.claim()

    async def keep() -> None:
        while True:
            await asyncio.sleep(EXTEND_SECONDS)
            try:
                await held.extend()
            except Exception:
                log.exception("process_number.extend_failed")

    task = asyncio.create_task(keep())
    try:
        yield held
    finally:
        task.cancel()
        await asyncio.wait([task])
        await held.release()
