"""The embedded worker: Dramatiq's threads in the server process, with its jobs on the server's event loop.

A single loop allows one SQLite connection and in-memory events; CPU-bound work runs in subprocesses.
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
"How often an idle thread wakes, and so how long stopping takes."
INTERRUPT_CHECK_SECONDS = 0.5
"How often a thread checks whether its running actor has exceeded its time limit."


class _ServerLoop(EventLoopThread):
    """Gives Dramatiq the server's running loop instead of a loop of its own; neither starts nor stops it."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        threading.Thread.__init__(self)
        self.interrupt_check_ival = INTERRUPT_CHECK_SECONDS
        self.logger = logging.getLogger(__name__)
        self.loop = loop


@contextlib.asynccontextmanager
async def running(settings: Settings, *, with_worker: bool) -> AsyncIterator[None]:
    """The server's lifespan: opens the process and, with_worker, starts a Dramatiq worker; stops and closes both."""
    async with opened(settings, with_worker=with_worker) as name, serving_metrics(settings, is_needed=True):
        # Imported here, because importing the broker configures it from the settings.
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
        finally:  # the actors have returned, because their loops were stopped
            await anyio.to_thread.run_sync(lambda: worker.stop(timeout=3_000))
        set_event_loop_thread(None)


def _drop_process_middleware(broker: dramatiq.Broker) -> None:
    """Removes AsyncIO and WorkerLife, which are for `dramatiq tasks`: here the server owns the loop and the process."""
    from dramatiq.middleware import AsyncIO

    from tasks.lifecycle import WorkerLife

    kept: list[Any] = [item for item in broker.middleware if not isinstance(item, AsyncIO | WorkerLife)]
    broker.middleware[:] = kept
