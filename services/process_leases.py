"""Each process's own number, leased from the database: ids carry it, so no two live processes may share one."""

import asyncio
import contextlib
import os
import random
import secrets
import socket
from collections.abc import AsyncIterator

import structlog

from models.database import execute, now_ms_sql
from models.ids import MAX_PROCESS_NUMBER, use_process_number

log = structlog.get_logger(__name__)

LEASE_MS = 120_000
RENEW_SECONDS = 30.0


def process_name() -> str:
    """A name for this process that no other has had: host, process id and a random part."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{secrets.token_hex(4)}"


async def take_number(holder: str) -> int:
    """Leases a free number, or one whose lease ran out, in one guarded statement each."""
    for number in random.sample(range(MAX_PROCESS_NUMBER + 1), MAX_PROCESS_NUMBER + 1):
        rows = await execute(
            f"INSERT INTO process_lease (number, holder, until_ms) VALUES (?, ?, {now_ms_sql()} + {LEASE_MS})"
            " ON CONFLICT (number) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms"
            f" WHERE process_lease.until_ms < {now_ms_sql()} RETURNING number",
            number,
            holder,
        )
        if rows:
            return number
    raise RuntimeError("all process numbers are leased: more than 1024 processes, or a clock that ran ahead")


async def renew_number(number: int, holder: str) -> bool:
    rows = await execute(
        f"UPDATE process_lease SET until_ms = {now_ms_sql()} + {LEASE_MS}"
        " WHERE number = ? AND holder = ? RETURNING number",
        number,
        holder,
    )
    return bool(rows)


@contextlib.asynccontextmanager
async def process_number(holder: str) -> AsyncIterator[int]:
    """Holds a number for this process and makes its ids from it. A lost number (a long sleep) is replaced."""
    number = await take_number(holder)
    use_process_number(number)

    async def keep() -> None:
        nonlocal number
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            try:
                if not await renew_number(number, holder):
                    number = await take_number(holder)
                    use_process_number(number)
            except Exception:
                log.exception("process_number.renew_failed")

    task = asyncio.create_task(keep())
    try:
        yield number
    finally:
        task.cancel()
        await asyncio.wait([task])
        await execute("DELETE FROM process_lease WHERE number = ? AND holder = ? RETURNING number", number, holder)
