"""The state of the deployment for its operators: versions, queues, workers, this machine and its storage.

Frequent requests are cheap: counts over whole tables are cached for some seconds.
"""

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

import orjson
import structlog

from models.database import execute, is_sqlite, now_ms_sql
from models.enums import Queue
from models.sql import timestamp_before_sql
from services.platform.files import storage
from services.platform.host import HostLoad
from services.platform.runtime import runtime
from services.platform.version import VERSION
from services.queue.depths import queue_depths
from settings import Settings

T = TypeVar("T")

log = structlog.get_logger(__name__)

QUEUES_SECONDS = 1.0
STORED_SECONDS = 60.0
DEAD_HOURS = 24


@dataclass(frozen=True)
class QueueState:
    """waiting: due now. delayed: due later, or after another event. dead: failed permanently in the last 24 hours."""

    name: str
    waiting: int
    delayed: int
    dead: int


@dataclass(frozen=True)
class WorkerState:
    name: str
    queues: tuple[str, ...]
    started_at: datetime
    last_heartbeat_at: datetime


@dataclass(frozen=True)
class SystemState:
    version: str
    database: str
    broker: str
    queues: tuple[QueueState, ...]
    workers: tuple[WorkerState, ...]
    load: HostLoad
    storage_bytes: int
    storage_free_bytes: int | None


@dataclass
class _Cached(Generic[T]):
    """A value that is read again when it is older than `seconds`; concurrent callers share one read."""

    seconds: float
    read: Callable[[], Awaitable[T]]
    _at: float = float("-inf")
    _values: list[T] = field(default_factory=list)
    _lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self) -> T:
        async with self._lock:
            if not self._values or time.monotonic() - self._at > self.seconds:
                self._values = [await self.read()]
                self._at = time.monotonic()
            return self._values[0]


class SystemReader:
    """Reads the state for all callers of one process, with a shared cache."""

    def __init__(self) -> None:
        self._queues = _Cached(QUEUES_SECONDS, read_queues)
        self._database = _Cached(float("inf"), database_version)
        self._stored = _Cached(STORED_SECONDS, stored_bytes)

    async def read(self, settings: Settings) -> SystemState:
        return SystemState(
            version=VERSION,
            database=await self._database.get(),
            broker="redis" if settings.redis_url is not None else "in-process",
            queues=await self._queues.get(),
            workers=await read_workers(),
            load=runtime().host_samples.load(),
            storage_bytes=await self._stored.get(),
            storage_free_bytes=await free_bytes(),
        )


async def read_queues() -> tuple[QueueState, ...]:
    """Returns the state of every queue; two statements."""
    depths = await queue_depths()
    since = timestamp_before_sql(DEAD_HOURS * 3600)
    rows = await execute(
        f"SELECT queue, COUNT(*) AS number FROM job WHERE status = 'FAILED' AND finished_at >= {since} GROUP BY queue"
        f" UNION ALL SELECT '{Queue.CALLBACKS.value}', COUNT(*) FROM callback_delivery WHERE status = 'FAILED'"
        " AND EXISTS (SELECT 1 FROM callback_try WHERE callback_try.delivery_id = callback_delivery.id"
        f" AND callback_try.created_at >= {since})"
    )
    dead = {row["queue"]: int(row["number"]) for row in rows}
    return tuple(
        QueueState(queue.value, depth.waiting, depth.delayed, dead.get(queue.value, 0))
        for queue, depth in depths.items()
    )


async def read_workers() -> tuple[WorkerState, ...]:
    """Returns the worker processes, oldest first. A killed one is listed until its lease ends."""
    rows = await execute(
        "SELECT holder, queues, started_at_ms, heartbeat_at_ms FROM process_lease"
        f" WHERE queues IS NOT NULL AND until_ms > {now_ms_sql()} ORDER BY started_at_ms, holder"
    )
    return tuple(
        WorkerState(
            name=row["holder"],
            queues=tuple(orjson.loads(row["queues"]) if isinstance(row["queues"], str) else row["queues"]),
            started_at=_moment(row["started_at_ms"]),
            last_heartbeat_at=_moment(row["heartbeat_at_ms"]),
        )
        for row in rows
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


async def database_version() -> str:
    """Returns kind and version of the database server, e.g. "postgresql 16.4"."""
    if is_sqlite():
        return f"sqlite {sqlite3.sqlite_version}"
    rows = await execute("SELECT current_setting('server_version') AS version")
    return f"postgresql {str(rows[0]['version']).split()[0]}"


async def stored_bytes() -> int:
    """Returns the bytes of all stored files; the same content of two owners is stored twice and counts twice."""
    rows = await execute("SELECT COALESCE(SUM(bytes), 0) AS bytes FROM stored_file WHERE state = 'READY'")
    return int(rows[0]["bytes"])


async def free_bytes() -> int | None:
    """Returns the free space of the storage; None where it does not report it, or cannot be reached: the rest of the
    state is wanted then more than ever.
    """
    try:
        return await storage().free_bytes()
    except OSError as error:
        log.warning("storage.free_bytes_failed", error=str(error))
        return None


async def system_state(settings: Settings) -> SystemState:
    return await runtime().state(SystemReader).read(settings)
