"""A worker on a test's own event loop: the real actors' bodies and loops, whose messages are tasks of the loop."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Collection

from models.enums import Queue
from services.queue.notify import notifying
from services.worker.kinds import QUEUES_OF_WORK, Work
from services.worker.worker import Worker
from settings import Settings, get_settings
from tasks.actors import BODIES, Run
from tasks.notifier import Notifier, Target, Tick


class _DirectNotifier(Notifier):
    """Starts actors at once, without a broker."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop(), lambda error: None)
        self.worker: Worker | None = None
        self.tick: Tick | None = None
        self.runs: set[asyncio.Task[None]] = set()

    def send(self, targets: Collection[Target]) -> None:
        for work, queue in targets:
            self._start(work, queue)

    def _start(self, work: Work, queue: Queue) -> None:
        assert self.worker is not None
        assert self.tick is not None
        self.tick.started(work, queue)
        run = Run(self.worker, queue, lambda: self._start(work, queue))
        task = asyncio.ensure_future(BODIES[work](run))
        self.runs.add(task)
        task.add_done_callback(self.runs.discard)


@contextlib.asynccontextmanager
async def worker_at_work(
    settings: Settings | None = None, queues: Collection[Queue] = tuple(Queue)
) -> AsyncIterator[Worker]:
    """Does what is due, notified and by its tick, while the context is open; then releases what is running."""
    notifier = _DirectNotifier()

    def send(work: Work) -> None:
        notifier.send([(work, queue) for queue in QUEUES_OF_WORK[work] if queue in queues])

    worker = notifier.worker = Worker(settings or get_settings(), "worker", queues, send)
    tick = notifier.tick = Tick(notifier, queues)
    with notifying(notifier):
        ticking = asyncio.create_task(tick.run())
        try:
            yield worker
        finally:
            ticking.cancel()
            await asyncio.wait([ticking])
            await worker.stop()
            if notifier.runs:
                await asyncio.wait(set(notifier.runs))
