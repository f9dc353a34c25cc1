"""The one loop of all workers: claims what is due of one kind of work, and does many claims of it at once."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from typing import Generic, Protocol, TypeVar

import structlog

log = structlog.get_logger(__name__)

Claim = TypeVar("Claim")

RUN_SECONDS = 60.0
"For so long a run claims; then the next message's run does, while this one waits for what it has begun."
MAX_WAIT_SECONDS = 1.0
"Until a run looks for due work again by itself: another process may have made some due."
MIN_WAIT_SECONDS = 0.05
MAX_CLAIMS_AT_ONCE = 50


class WorkSource(Protocol[Claim]):
    """One kind of work, as the database has it. All of it is leased: what is neither done nor released runs out."""

    @property
    def batch_size(self) -> int:
        """The most that one `claim` takes; where it takes fewer, nothing more is due."""

    async def claim(self, most: int, running: Sequence[Claim]) -> list[Claim]:
        """Up to `most` claims on due work. running: what this process works on of this kind already."""

    async def do(self, claim: Claim) -> None:
        """Does one claim's work to its end. Cancelled, it leaves the row as it is: the loop releases the claim."""

    async def extend(self, claims: Sequence[Claim]) -> None:
        """Extends the leases of running work; nothing, where the work extends its own."""

    async def release(self, claims: Sequence[Claim]) -> None:
        """Makes claimed work due at once, for whoever claims next. What has ended meanwhile stays as it is."""

    async def next_due_seconds(self) -> float | None:
        """Until more work of this kind is due (0: now); None where none is known to become due by itself."""


class Capacity:
    """How many claims one process works on at once. Kinds of work that need the same resource share one."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._used = 0
        self._events: list[asyncio.Event] = []

    @property
    def free(self) -> int:
        return self.limit - self._used

    def wakes(self, event: asyncio.Event) -> None:
        """Has `event` set whenever there is room again."""
        self._events.append(event)

    def take(self, count: int) -> None:
        self._used += count

    def release(self) -> None:
        """One claim has ended: whoever waits for room may claim."""
        self._used -= 1
        for event in self._events:
            event.set()

    def release_unused(self, count: int, *, by: asyncio.Event) -> None:
        """What was taken for a claim that found less. Wakes others that found no room meanwhile, not the claimer."""
        was_full = self.free < 1
        self._used -= count
        if was_full and count:
            for event in self._events:
                if event is not by:
                    event.set()


class WorkLoop(Generic[Claim]):
    """One kind of work in one process, on one event loop.

    What an actor awaits is a run. At any moment at most one run claims and at most one waits for what it had begun
    before its RUN_SECONDS were over, so one kind of work keeps at most two of the worker's threads busy.
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
        """What this process works on now."""
        return list(self._tasks.values())

    async def run(self, hand_over: Callable[[], None]) -> None:
        """Claims and does what is due, as far as there is capacity, until nothing more is due soon and all that was
        begun has ended. After RUN_SECONDS it calls `hand_over`, so that another run claims, and only ends its own work.

        While another run claims, that one looks again, and this one ends at once. Cancelled, it cancels what it has
        begun and releases it.
        """
        self._wake.set()
        if self._is_claiming or self._is_stopping:
            return
        begun: set[asyncio.Task[None]] = set()
        extending = asyncio.create_task(self._extend(begun))
        try:
            if await self._claim_until_idle(begun):
                hand_over()
            await self._wait_for(begun)
        except asyncio.CancelledError:
            await self._cancel(begun)
            raise
        finally:
            extending.cancel()

    async def stop(self) -> None:
        """Cancels all running work and releases it, due at once. Nothing is claimed any more."""
        self._is_stopping = True
        self._wake.set()
        while self._is_claiming:  # noqa: ASYNC110 - ends by itself: a claim under way comes back and is released
            await asyncio.sleep(0.01)
        await self._cancel(self._tasks)

    # ---------------------------------------------------------------- claiming

    async def _claim_until_idle(self, begun: set["asyncio.Task[None]"]) -> bool:
        """Whether another run is to go on claiming; False: nothing more is due, or the database does not answer."""
        end = time.monotonic() + RUN_SECONDS
        self._is_claiming = True
        try:
            while not self._is_stopping:
                self._wake.clear()
                if await self._begin(begun):
                    continue
                is_over = time.monotonic() >= end
                if is_over and not self._is_finishing:
                    return True
                wait_seconds = MAX_WAIT_SECONDS if is_over else await self._wait_seconds(end, is_busy=bool(begun))
                if wait_seconds is None:
                    return False
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_seconds):
                        await self._wake.wait()
            return False
        except Exception as error:  # the database may be away for a moment: the tick's next message tries again
            log.warning("work.not_claimed", work=self.name, error=type(error).__name__, exc_info=True)
            return False
        finally:
            self._is_claiming = False

    async def _begin(self, begun: set["asyncio.Task[None]"]) -> bool:
        """Claims and begins what there is capacity for, a batch at once; whether there may be more to begin now."""
        most = min(self._source.batch_size, self._capacity.free)
        if most < 1:
            return False
        self._capacity.take(most)  # before the claim: who shares the capacity may claim meanwhile
        claims: list[Claim] = []
        try:
            claims = await self._claim(most)
        finally:
            self._capacity.release_unused(most - len(claims), by=self._wake)
        for claim in claims:
            task = asyncio.create_task(self._do(claim))
            self._tasks[task] = claim
            begun.add(task)
            task.add_done_callback(self._done)
            task.add_done_callback(begun.discard)
        return len(claims) == most and self._capacity.free > 0

    async def _claim(self, most: int) -> list[Claim]:
        """A claim that is never lost: one that comes back after the run was cancelled or stopped is released."""
        claiming = asyncio.ensure_future(self._source.claim(most, self.running))
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
        """Until the next look for due work; None: nothing is running, and nothing is due before this run's end."""
        left_seconds = max(MIN_WAIT_SECONDS, end - time.monotonic())
        if self._capacity.free < 1:
            return left_seconds
        due_seconds = await self._source.next_due_seconds()
        if due_seconds is None or due_seconds > left_seconds:
            return left_seconds if is_busy else None
        return min(MAX_WAIT_SECONDS, max(MIN_WAIT_SECONDS, due_seconds))

    # ---------------------------------------------------------------- what has begun

    async def _do(self, claim: Claim) -> None:
        try:
            await self._source.do(claim)
        except Exception:
            log.exception("work.failed", work=self.name)  # its lease runs out, and it is claimed again

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.pop(task, None)
        self._capacity.release()

    async def _extend(self, begun: set["asyncio.Task[None]"]) -> None:
        while True:
            await asyncio.sleep(self._extend_seconds)
            try:
                await self._source.extend([self._tasks[task] for task in begun if task in self._tasks])
            except Exception as error:
                log.warning("work.not_extended", work=self.name, error=type(error).__name__)

    async def _wait_for(self, begun: set["asyncio.Task[None]"]) -> None:
        if begun:
            self._is_finishing = True
            try:
                await asyncio.wait(set(begun))
            finally:
                self._is_finishing = False

    async def _cancel(self, tasks: Collection["asyncio.Task[None]"]) -> None:
        """Ends running work and releases it. One that has ended by itself has nothing to release."""
        claims = {task: self._tasks[task] for task in tasks if task in self._tasks}
        for task in claims:
            task.cancel()
        if claims:
            await asyncio.wait(claims)
            with contextlib.suppress(Exception):  # the database is away: the leases run out
                await self._source.release(list(claims.values()))
