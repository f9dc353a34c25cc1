"""A worker's lifecycle: opens the process on the worker's event loop at boot, and releases its work at shutdown."""

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog
from dramatiq.asyncio import get_event_loop_thread
from dramatiq.middleware import Middleware

from models.enums import Queue
from services.platform.logs import configure_logging
from services.platform.runtime import is_runtime_open, runtime
from services.queue.notify import notifying
from services.worker.kinds import QUEUES_OF_WORK, Work
from services.worker.metrics_server import serving_metrics
from services.worker.process import opened
from services.worker.worker import Worker
from settings import Settings, get_settings

if TYPE_CHECKING:
    from tasks.notifier import Tick

log = structlog.get_logger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 8.0
EXIT_NOT_STARTED = 1


@dataclass
class _Process:
    """The worker and tick of this process. Empty while it opens or closes; Dramatiq delivers messages then too."""

    worker: Worker | None = None
    tick: "Tick | None" = None


def worker_of_process(work: Work, queue: Queue) -> Worker | None:
    """Returns the worker for an actor that starts now; None while the process opens or closes. Tells the tick that the
    actor's message has arrived.
    """
    if not is_runtime_open():
        return None
    process = runtime().state(_Process)
    if process.tick is not None:
        process.tick.started(work, queue)
    return process.worker


@contextlib.asynccontextmanager
async def working(settings: Settings, name: str, queues: tuple[Queue, ...] = tuple(Queue)) -> AsyncIterator[Worker]:
    """Provides this process's worker to actors while the context is open; then cancels and releases its work."""
    from tasks.notifier import Notifier, Tick

    notifier = Notifier(
        asyncio.get_running_loop(), lambda error: log.warning("notify.failed", error=type(error).__name__)
    )

    def send(work: Work) -> None:
        notifier.send({(work, queue) for queue in QUEUES_OF_WORK[work] if queue in queues})

    worker = Worker(settings, name, queues, send)
    tick = Tick(notifier, queues)
    own_runtime = runtime()
    process = own_runtime.state(_Process)
    assert own_runtime.process_number is not None, "the process is open"
    with notifying(notifier):
        await own_runtime.process_number.serve(queues)
        process.worker, process.tick = worker, tick
        ticking = asyncio.create_task(tick.run())
        own_runtime.is_worker_alive = True
        try:
            yield worker
        finally:
            own_runtime.is_worker_alive = False
            ticking.cancel()
            await asyncio.wait([ticking])
            await worker.stop()
            process.worker, process.tick = None, None


def threads_for(queues: Collection[Queue]) -> int:
    """The number of threads that a worker of these queues needs so that no kind of work waits for another's thread: at
    most two runs of each kind and queue are active at a time (services/worker/work_loop).
    """
    return 2 * sum(queue in queues for of_work in QUEUES_OF_WORK.values() for queue in of_work)


class WorkerLife(Middleware):
    """For `dramatiq tasks`: opens the process on Dramatiq's event loop for as long as the worker runs."""

    def __init__(self) -> None:
        self._stop: asyncio.Event | None = None
        self._lifespan: Any = None

    def before_worker_boot(self, broker: Any, worker: Any) -> None:
        """Opens the process before the first message is consumed, with threads enough for all its kinds of work. Ends
        the worker process with EXIT_NOT_STARTED if the database, storage or event bus does not open.
        """
        worker.worker_threads = max(worker.worker_threads, threads_for(_queues_of(worker)))
        thread = get_event_loop_thread()
        assert thread is not None, "the AsyncIO middleware comes first"
        queues = _queues_of(worker)
        ready = threading.Event()
        self._lifespan = asyncio.run_coroutine_threadsafe(self._live(queues, ready), thread.loop)
        self._lifespan.add_done_callback(lambda _: ready.set())
        is_ready = ready.wait(START_SECONDS)
        if is_ready and not self._lifespan.done():
            return
        # Dramatiq would only log an exception, and run a worker that takes messages and does nothing.
        reason = str(self._lifespan.exception()) if is_ready else f"nothing opened within {START_SECONDS:.0f} s"
        log.critical("worker.not_started", reason=reason)
        thread.stop()  # type: ignore[no-untyped-call]
        raise SystemExit(EXIT_NOT_STARTED)

    async def _live(self, queues: tuple[Queue, ...], ready: threading.Event) -> None:
        settings = get_settings()
        configure_logging(settings)
        self._stop = asyncio.Event()
        async with (
            serving_metrics(settings, is_needed=False),
            opened(settings, with_worker=True) as name,
            working(settings, name, queues),
        ):
            log.info("worker.started", queues=[queue.value for queue in queues])
            ready.set()
            await self._stop.wait()

    def before_worker_shutdown(self, broker: Any, worker: Any) -> None:
        thread = get_event_loop_thread()
        if self._stop is None or thread is None or self._lifespan.done():
            return
        thread.loop.call_soon_threadsafe(self._stop.set)
        try:
            self._lifespan.result(STOP_SECONDS)
        except TimeoutError:
            log.warning("worker.stop_timed_out")


def _queues_of(worker: Any) -> tuple[Queue, ...]:
    """The queues given to `dramatiq tasks --queues`; all where none are given."""
    names = worker.consumer_whitelist
    return tuple(queue for queue in Queue if names is None or queue.value in names)
