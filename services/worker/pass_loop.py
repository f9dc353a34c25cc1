"""Runs work that is done in passes over all waiting rows, such as scheduling: one pass at a time per process."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from services.worker.work_loop import RUN_SECONDS

log = structlog.get_logger(__name__)


class PassLoop:
    """Belongs to one event loop. Actors await `run`; at most one run is active at a time."""

    def __init__(self, name: str, do_pass: Callable[[], Awaitable[bool]]) -> None:
        """name: of the work, for the log. do_pass: makes one pass and returns whether there is more to do at once."""
        self.name = name
        self._do_pass = do_pass
        self._is_requested = False
        self._is_running = False
        self._is_stopping = False
        self._task: asyncio.Task[bool] | None = None

    async def run(self, hand_over: Callable[[], None]) -> None:
        """Makes passes until no more are requested. After RUN_SECONDS it calls `hand_over` and returns.

        While another run is active, it requests one more pass of that run and returns at once. A pass that fails is
        logged and ends the run: the tick requests the next one.
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
        except Exception as error:  # the database may be unavailable for a moment
            log.warning("work.pass_failed", work=self.name, error=type(error).__name__, exc_info=True)
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
