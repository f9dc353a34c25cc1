"""One read for all followers of the same thing in this process, however many they are."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class SharedRead(Generic[T]):
    """A read whose result all who ask at the same time get. Belongs to one event loop.

    Who asks after a change needs a read that starts after it: requests share one that is scheduled and has not started.
    """

    def __init__(self, read: Callable[[], Awaitable[T]], clock: Callable[[], float] = time.monotonic) -> None:
        self._read = read
        self._clock = clock
        self._scheduled: asyncio.Task[T] | None = None
        self._lock = asyncio.Lock()
        self._last: tuple[T, float] | None = None

    async def fresh(self) -> T:
        """The result of a read that starts after this call."""
        if self._scheduled is None:
            self._scheduled = asyncio.create_task(self._run())
            self._scheduled.add_done_callback(_retrieve_error)
        return await asyncio.shield(self._scheduled)

    async def recent(self, seconds: float) -> tuple[T, float]:
        """A result that is at most so old, and its age in seconds."""
        if self._last is not None and (age := self._clock() - self._last[1]) <= seconds:
            return self._last[0], age
        return await self.fresh(), 0.0

    async def _run(self) -> T:
        async with self._lock:
            self._scheduled = None
            started_at = self._clock()
            result = await self._read()
            self._last = result, started_at
            return result


class SharedReadsByKey(Generic[T]):
    """As SharedRead.fresh, for reads of many keys, which are forgotten when they end."""

    def __init__(self, read: Callable[[str, tuple[int, ...]], Awaitable[T]]) -> None:
        self._read = read
        self._scheduled: dict[tuple[str, tuple[int, ...]], asyncio.Task[T]] = {}

    async def fresh(self, owner: str, ids: tuple[int, ...]) -> T:
        """The owner's rows of these ids, by a read that starts after this call."""
        key = owner, ids
        if key not in self._scheduled:
            task = self._scheduled[key] = asyncio.create_task(self._run(*key))
            task.add_done_callback(_retrieve_error)
        return await asyncio.shield(self._scheduled[key])

    async def _run(self, owner: str, ids: tuple[int, ...]) -> T:
        del self._scheduled[owner, ids]
        return await self._read(owner, ids)


def _retrieve_error(task: asyncio.Task[object]) -> None:
    """Marks the task's error as retrieved: all who asked may have left, and asyncio would log a warning."""
    if not task.cancelled():
        task.exception()
