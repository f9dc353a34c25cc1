"""A worker's life: opens the runtime on the worker's event loop when it boots, and hands jobs back when it stops."""

import asyncio
import contextlib
import threading
from typing import Any

import structlog
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

from models.enums import Queue
from services.platform.logs import configure_logging
from services.platform.runtime import runtime
from services.queue.outcomes import forget_nudges, on_nudge
from services.worker.metrics_server import serving_metrics
from services.worker.process import opened
from services.worker.work import Floor
from settings import Settings, get_settings

log = structlog.get_logger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 8.0

_floors: list[Floor] = []


def floor() -> Floor | None:
    """The floor of this process's worker; None while it opens or closes: Dramatiq delivers messages already then."""
    return _floors[0] if _floors else None


@contextlib.asynccontextmanager
async def working(settings: Settings, name: str, queues: tuple[Queue, ...] = tuple(Queue)):  # type: ignore[no-untyped-def]
    """Keeps this process's floor going on the running event loop."""
    from tasks.queues import Nudger

    own = Floor(settings, name, queues)
    _floors[:] = [own]
    on_nudge(Nudger(asyncio.get_running_loop(), lambda error: log.warning("nudge.failed", error=type(error).__name__)))
    own_runtime = runtime()
    assert own_runtime.process_number is not None, "the process is open"
    await own_runtime.process_number.serve(queues)
    own.start()
    tick = asyncio.create_task(own.tick())
    own_runtime.is_worker_alive = True
    try:
        yield own
    finally:
        own_runtime.is_worker_alive = False
        tick.cancel()
        await asyncio.wait([tick])
        await own.stop()
        forget_nudges()
        _floors.clear()


class WorkerLife(Middleware):
    """For `dramatiq tasks`: the runtime lives as long as the worker, on Dramatiq's event loop."""

    def __init__(self) -> None:
        self._stop: asyncio.Event | None = None
        self._living: Any = None

    def after_worker_boot(self, broker: Any, worker: Any) -> None:
        thread = get_event_loop_thread()
        assert thread is not None, "the AsyncIO middleware comes first"
        names = worker.consumer_whitelist
        queues = tuple(queue for queue in Queue if names is None or queue.value in names)
        ready = threading.Event()
        self._living = asyncio.run_coroutine_threadsafe(self._live(queues, ready), thread.loop)
        self._living.add_done_callback(lambda _: ready.set())
        if not ready.wait(START_SECONDS):
            raise RuntimeError("the worker's database, storage or broker did not open in time")
        if self._living.done():
            self._living.result()

    async def _live(self, queues: tuple[Queue, ...], ready: threading.Event) -> None:
        settings = get_settings()
        configure_logging(settings)
        self._stop = asyncio.Event()
        async with (
            opened(settings, with_worker=True) as name,
            serving_metrics(settings, is_needed=False),
            working(settings, name, queues),
        ):
            log.info("worker.started", queues=[queue.value for queue in queues])
            ready.set()
            await self._stop.wait()

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        thread = get_event_loop_thread()
        if self._stop is None or thread is None or self._living.done():
            return
        thread.loop.call_soon_threadsafe(self._stop.set)
        try:
            self._living.result(STOP_SECONDS)
        except TimeoutError:
            log.warning("worker.stopped_late")
