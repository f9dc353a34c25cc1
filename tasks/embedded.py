"""The worker inside the server: Dramatiq's threads beside it, its jobs on the server's own event loop.

One loop means one database connection on SQLite and events in memory; the work itself is done by subprocesses.
"""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator
from typing import Any

import anyio.to_thread
import dramatiq
from dramatiq import Worker
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread

from services.queue.outcomes import forget_nudges, on_nudge
from services.worker.metrics_server import serving_metrics
from services.worker.process import opened
from settings import Settings


class _ServerLoop(EventLoopThread):
    """The server's running loop in the place of Dramatiq's own one: it is neither started nor stopped here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread.__init__(self)
        self.interrupt_check_ival = 0.1
        self.logger = logging.getLogger(__name__)
        self.loop = loop


@contextlib.asynccontextmanager
async def running(settings: Settings, *, with_worker: bool) -> AsyncIterator[None]:
    """The server's lifespan: everything open and, with_worker, a Dramatiq worker at work; handed back at the end."""
    async with opened(settings, with_worker=with_worker) as name, serving_metrics(settings, is_needed=True):
        # Only now: importing the broker connects it as the settings say.
        from tasks.broker import broker
        from tasks.lifecycle import working
        from tasks.queues import Nudger

        if not with_worker:
            on_nudge(Nudger(asyncio.get_running_loop(), lambda _: None))
            try:
                yield
            finally:
                forget_nudges()
            return
        set_event_loop_thread(_ServerLoop(asyncio.get_running_loop()))
        _drop_process_middleware(broker)
        worker = Worker(broker, worker_threads=settings.worker_threads, worker_timeout=100)
        async with working(settings, name):
            await anyio.to_thread.run_sync(worker.start)
            try:
                yield
            finally:
                await anyio.to_thread.run_sync(lambda: worker.stop(timeout=3_000))
        set_event_loop_thread(None)


def _drop_process_middleware(broker: dramatiq.Broker) -> None:
    """AsyncIO and WorkerLife are for processes that Dramatiq runs; here the server gives loop and runtime."""
    from dramatiq.middleware import AsyncIO

    from tasks.lifecycle import WorkerLife

    kept: list[Any] = [item for item in broker.middleware if not isinstance(item, AsyncIO | WorkerLife)]
    broker.middleware[:] = kept
