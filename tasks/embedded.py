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

from models.enums import Queue
from services.queue.notify import notifying
from services.worker.metrics_server import serving_metrics
from services.worker.process import opened
from settings import Settings

WORKER_TIMEOUT_MS = 250
"How often an idle thread wakes; also how long stopping takes."
INTERRUPT_CHECK_SECONDS = 0.5
"How often a thread whose actor runs looks whether it is over its time limit."


class _ServerLoop(EventLoopThread):
    """The server's running loop in the place of Dramatiq's own one: it is neither started nor stopped here."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread.__init__(self)
        self.interrupt_check_ival = INTERRUPT_CHECK_SECONDS
        self.logger = logging.getLogger(__name__)
        self.loop = loop


@contextlib.asynccontextmanager
async def running(settings: Settings, *, with_worker: bool) -> AsyncIterator[None]:
    """The server's lifespan: everything open and, with_worker, a Dramatiq worker at work; handed back at the end."""
    async with opened(settings, with_worker=with_worker) as name, serving_metrics(settings, is_needed=True):
        # Only now: importing the broker connects it as the settings say.
        from tasks.broker import broker
        from tasks.lifecycle import threads_for, working
        from tasks.notifier import Notifier

        if not with_worker:
            with notifying(Notifier(asyncio.get_running_loop(), lambda _: None)):
                yield
            return
        set_event_loop_thread(_ServerLoop(asyncio.get_running_loop()))
        _drop_process_middleware(broker)
        worker = Worker(broker, worker_threads=threads_for(tuple(Queue)), worker_timeout=WORKER_TIMEOUT_MS)
        await anyio.to_thread.run_sync(worker.start)
        try:
            async with working(settings, name):
                yield
        finally:  # the actors have ended: their loops were stopped
            await anyio.to_thread.run_sync(lambda: worker.stop(timeout=3_000))
        set_event_loop_thread(None)


def _drop_process_middleware(broker: dramatiq.Broker) -> None:
    """AsyncIO and WorkerLife are for processes that Dramatiq runs; here the server gives loop and runtime."""
    from dramatiq.middleware import AsyncIO

    from tasks.lifecycle import WorkerLife

    kept: list[Any] = [item for item in broker.middleware if not isinstance(item, AsyncIO | WorkerLife)]
    broker.middleware[:] = kept
