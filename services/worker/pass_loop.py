"""Work that is done in passes over everything that waits, such as scheduling: one pass at a time in a process."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from services.worker.work_loop import RUN_SECONDS


class PassLoop:
    """Belongs to one event loop. Runs of it are what actors await; only one lasts at any moment."""

    def __init__(self, do_pass: Callable[[], Awaitable[bool]]) -> None:
        """do_pass: makes one pass; whether there is more to do at once."""
        self._do_pass = do_pass
        self._is_wanted = False
        self._is_running = False
        self._is_stopping = False
        self._task: asyncio.Task[bool] | None = None

    async def run(self, hand_over: Callable[[], None]) -> None:
        """Makes passes until none is wanted any more. After RUN_SECONDS it calls `hand_over` and ends.

        While another run lasts, that one makes one more pass, and this one ends at once. Raises what a pass raises.
        """
        self._is_wanted = True
        if self._is_running or self._is_stopping:
            return
        self._is_running = True
        end = time.monotonic() + RUN_SECONDS
        try:
            while self._is_wanted and not self._is_stopping:
                if time.monotonic() >= end:
                    hand_over()
                    return
                self._is_wanted = False
                self._task = asyncio.create_task(self._pass())
                if await self._task:
                    self._is_wanted = True
        finally:
            self._is_running = False

    async def _pass(self) -> bool:
        try:
            return await self._do_pass()
        except asyncio.CancelledError:
            if self._is_stopping:
                return False
            raise

    async def stop(self) -> None:
        """Cancels a pass that is under way, whose transaction is then rolled back; makes no more."""
        self._is_stopping = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
