"""Runs work that is done in passes over all waiting rows, such as scheduling: one pass at a time per process."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from services.worker.work_loop import RUN_SECONDS


class PassLoop:
    """Belongs to one event loop. Actors await `run`; at most one run is active at a time."""

    def __init__(self, do_pass: Callable[[], Awaitable[bool]]) -> None:
        """do_pass: makes one pass and returns whether there is more to do at once."""
        self._do_pass = do_pass
        self._is_requested = False
        self._is_running = False
        self._is_stopping = False
        self._task: asyncio.Task[bool] | None = None

    async def run(self, hand_over: Callable[[], None]) -> None:
        """Makes passes until no more are requested. After RUN_SECONDS it calls `hand_over` and returns.

        While another run is active, it requests one more pass of that run and returns at once. Raises what a pass
        raises.
        """
        self._is_requested = True
        if self._is_running or self._is_stopping:
            return
        self._is_running = True
        end = time.monotonic() + RUN_SECONDS
        try:
            while self._is_requested and not self._is_stopping:
                if time.monotonic() >= end:
                    hand_over()
                    return
                self._is_requested = False
                self._task = asyncio.create_task(self._pass())
                if await self._task:
                    self._is_requested = True
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
        """Cancels the running pass, whose transaction is rolled back, and starts no more passes."""
        self._is_stopping = True
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait([self._task])
