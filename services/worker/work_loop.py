"""The work loop of all workers: claims due work of one kind and runs many claims of it concurrently."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

log = structlog.get_logger(__name__)

Claim = TypeVar("Claim")

RUN_SECONDS = 60.0
"How long a run claims. After that the next message's run claims, while this one waits for the tasks it started."
MAX_WAIT_SECONDS = 1.0
"The longest wait before a run polls for due work again: another process may have made some due."
MIN_WAIT_SECONDS = 0.05
CLAIM_BATCH_SIZE = 50


class WorkSource(Protocol[Claim]):
    """One kind of work in the database. Every claim is leased: one that is neither done nor released expires."""

    @property
    def batch_size(self) -> int:
        """The most that one `claim` returns; where it returns fewer, nothing more is due."""

    async def claim(self, limit: int, running: Sequence[Claim]) -> list[Claim]:
        """Claims at most `limit` pieces of due work. running: the claims of this kind that this process holds."""

    async def do(self, claim: Claim) -> None:
        """Does the work of one claim. When cancelled it leaves the row unchanged: the loop releases the claim."""

    async def extend(self, claims: Sequence[Claim]) -> None:
        """Extends the leases of running claims; does nothing where the work extends its own lease."""

    async def release(self, claims: Sequence[Claim]) -> None:
        """Makes the claimed work due at once for any worker. Work that has ended meanwhile is not changed."""

    async def next_due_seconds(self) -> float | None:
        """Seconds until more work of this kind is due (0: now); None where no due time is known."""


class Capacity:
    """The number of claims that one process runs concurrently. Kinds of work that use the same resource share one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._used = 0
        self._events: list[asyncio.Event] = []

    @property
    def free(self) -> int:
        return self.limit - self._used

    def wakes(self, event: asyncio.Event) -> None:
        """Sets `event` whenever capacity becomes free."""
        self._events.append(event)

    def take(self, count: int) -> None:
        self._used += count

    def release(self) -> None:
        """Returns the capacity of one ended claim and wakes all loops that wait for capacity."""
        self._used -= 1
        for event in self._events:
            event.set()

    def release_unused(self, count: int, *, by: asyncio.Event) -> None:
        """Returns capacity that a claim took but did not use. Wakes the other loops, not `by`, if it had been full."""
        was_full = self.free < 1
        self._used -= count
        if was_full and count:
            for event in self._events:
                if event is not by:
                    event.set()


class WorkLoop(Generic[Claim]):
    """Runs one kind of work in one process, on one event loop.

    Actors await `run`. At any moment at most one run claims and at most one waits for tasks that it started within its
    RUN_SECONDS, so one kind of work occupies at most two of the worker's threads.
    """

    def __init__(self, name: str, source: WorkSource[Claim], capacity: Capacity, *, extend_seconds: float) -> None:
        """extend_seconds: how often the leases of running work are extended."""
        self.name = name
        self._source = source
        self._capacity = capacity
        self._extend_seconds = extend_seconds
        self._tasks: dict[asyncio.Task[None], Claim] = {}
        self._wake = asyncio.Event()
        self._is_claiming = False
        self._is_finishing = False
        self._is_stopping = False
        capacity.wakes(self._wake)

    @property
    def running(self) -> list[Claim]:
        """The claims that this process works on now."""
        return list(self._tasks.values())

    async def run(self, hand_over: Callable[[], None]) -> None:
        """Claims due work within the capacity and runs it, until nothing more is due soon and all started tasks have
        ended. After RUN_SECONDS it calls `hand_over`, so that another run claims, and only waits for its own tasks.

        While another run is claiming, it wakes that run to poll again and returns at once. When cancelled it cancels
        its tasks and releases their claims.
        """
        self._wake.set()
        if self._is_claiming or self._is_stopping:
            return
        started: set[asyncio.Task[None]] = set()
        extending = asyncio.create_task(self._extend(started))
        try:
            if await self._claim_until_idle(started):
                hand_over()
            await self._wait_for(started)
        except asyncio.CancelledError:
            await self._cancel(started)
            raise
        finally:
            extending.cancel()

    async def stop(self) -> None:
        """Cancels all running tasks and releases their claims, due at once. Nothing is claimed after this."""
        self._is_stopping = True
        self._wake.set()
        while self._is_claiming:  # noqa: ASYNC110 - ends by itself: a claim in progress returns and is released
            await asyncio.sleep(0.01)
        await self._cancel(self._tasks)

    # ---------------------------------------------------------------- claiming

    async def _claim_until_idle(self, started: set["asyncio.Task[None]"]) -> bool:
        """Returns True where another run must continue claiming, False where nothing more is due or a claim failed."""
        end = time.monotonic() + RUN_SECONDS
        self._is_claiming = True
        try:
            while not self._is_stopping:
                self._wake.clear()
                if await self._start_batch(started):
                    continue
                is_over = time.monotonic() >= end
                if is_over and not self._is_finishing:
                    return True
                wait_seconds = MAX_WAIT_SECONDS if is_over else await self._wait_seconds(end, is_busy=bool(started))
                if wait_seconds is None:
                    return False
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_seconds):
                        await self._wake.wait()
            return False
        except Exception as error:  # the database may be briefly unavailable: the tick's next message retries
            log.warning("work.claim_failed", work=self.name, error=type(error).__name__, exc_info=True)
            return False
        finally:
            self._is_claiming = False

    async def _start_batch(self, started: set["asyncio.Task[None]"]) -> bool:
        """Claims one batch within the free capacity and starts it; returns whether more may be started now."""
        limit = min(self._source.batch_size, self._capacity.free)
        if limit < 1:
            return False
        self._capacity.take(limit)  # before the claim: a loop that shares the capacity may claim meanwhile
        claims: list[Claim] = []
        try:
            claims = await self._claim(limit)
        finally:
            self._capacity.release_unused(limit - len(claims), by=self._wake)
        for claim in claims:
            task = asyncio.create_task(self._do(claim))
            self._tasks[task] = claim
            started.add(task)
            task.add_done_callback(self._done)
            task.add_done_callback(started.discard)
        return len(claims) == limit and self._capacity.free > 0

    async def _claim(self, limit: int) -> list[Claim]:
        """Claims without losing claims: those that arrive after the run was cancelled or stopped are released."""
        claiming = asyncio.ensure_future(self._source.claim(limit, self.running))
        try:
            claims = await asyncio.shield(claiming)
        except asyncio.CancelledError:
            await asyncio.wait([claiming])
            if claiming.exception() is None:
                await self._source.release(claiming.result())
            raise
        if self._is_stopping:
            await self._source.release(claims)
            return []
        return claims

    async def _wait_seconds(self, end: float, *, is_busy: bool) -> float | None:
        """Seconds until the next poll for due work; None: nothing runs, and nothing is due before this run's end."""
        left_seconds = max(MIN_WAIT_SECONDS, end - time.monotonic())
        if self._capacity.free < 1:
            return left_seconds
        due_seconds = await self._source.next_due_seconds()
        if due_seconds is None or due_seconds > left_seconds:
            return left_seconds if is_busy else None
        return min(MAX_WAIT_SECONDS, max(MIN_WAIT_SECONDS, due_seconds))

    # ---------------------------------------------------------------- started tasks

    async def _do(self, claim: Claim) -> None:
        try:
            await self._source.do(claim)
        except Exception:
            log.exception("work.failed", work=self.name)  # its lease expires, and it is claimed again

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(task, None)
        self._capacity.release()

    async def _extend(self, started: set["asyncio.Task[None]"]) -> None:
        while True:
            await asyncio.sleep(self._extend_seconds)
            try:
                await self._source.extend([self._tasks[task] for task in started if task in self._tasks])
            except Exception as error:
                log.warning("work.extend_failed", work=self.name, error=type(error).__name__)

    async def _wait_for(self, started: set["asyncio.Task[None]"]) -> None:
        if started:
            self._is_finishing = True
            try:
                await asyncio.wait(set(started))
            finally:
                self._is_finishing = False

    async def _cancel(self, tasks: Collection["asyncio.Task[None]"]) -> None:
        """Cancels running tasks and releases their claims. A task that has already ended has nothing to release."""
        claims = {task: self._tasks[task] for task in tasks if task in self._tasks}
        for task in claims:
            task.cancel()
        if claims:
            await asyncio.wait(claims)
            try:
                await self._source.release(list(claims.values()))
            except Exception as error:  # the database may be unavailable: the leases expire
                log.warning("work.release_failed", work=self.name, error=type(error).__name__)
