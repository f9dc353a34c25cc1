"""Sending messages to the actors: after changes of rows, after other work, and from the tick of each worker."""

import asyncio
import time
from collections.abc import Callable, Collection

import structlog

from models.enums import Queue
from services.worker.kinds import QUEUES_OF_WORK, Work, work_of_queue
from services.worker.tick import TICK_SECONDS, UPKEEP_SECONDS, due_work
from tasks.actors import send

log = structlog.get_logger(__name__)

COALESCE_SECONDS = 0.01
MAX_PENDING_SECONDS = 10.0
"For so long the tick sends no second message of a kind that no actor of this process has begun to run yet."

Target = tuple[Work, Queue]


class Notifier:
    """Sends the messages of a queue's actors shortly after it is called, of all queues where none is named.

    Many calls make one round. Sending over Redis blocks, so it happens in a thread. It never fails its caller: the
    tick finds what it misses.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_error: Callable[[Exception], None]) -> None:
        self._loop = loop
        self._on_error = on_error
        self._wanted: set[Target] = set()

    def __call__(self, *queues: Queue) -> None:
        self.send({target for queue in queues or tuple(Queue) for target in _targets(queue)})

    def send(self, targets: Collection[Target]) -> None:
        if targets and not self._wanted:
            self._loop.call_later(COALESCE_SECONDS, self._fire)
        self._wanted.update(targets)

    def _fire(self) -> None:
        wanted, self._wanted = self._wanted, set()
        self._loop.run_in_executor(None, self._send_now, wanted)

    def _send_now(self, targets: Collection[Target]) -> None:
        try:
            for work, queue in targets:
                send(work, queue)
        except Exception as error:
            self._on_error(error)


def _targets(queue: Queue) -> set[Target]:
    """Upkeep is not among them: it goes by the clock, and no change of a row makes it due."""
    return {(work, queue) for work in work_of_queue(queue) if work not in UPKEEP_SECONDS}


class Tick:
    """Sends messages for what is due, every second, whatever messages were lost; of each kind of upkeep by its clock.

    It does no work itself. Belongs to the event loop of a worker process.
    """

    def __init__(self, notifier: Notifier, queues: Collection[Queue]) -> None:
        """queues: those that this process serves; others have workers of their own, with ticks of theirs."""
        self._notifier = notifier
        self._queues = frozenset(queues)
        self._pending: dict[Target, float] = {}
        self._upkeep_at: dict[Work, float] = {}

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                self._send(await due_work())
            except Exception as error:  # the database may be away for a moment
                log.warning("tick.failed", error=type(error).__name__, exc_info=True)
            self._send(self._due_upkeep(time.monotonic()))
            await asyncio.sleep(TICK_SECONDS)

    def started(self, work: Work, queue: Queue) -> None:
        """An actor of this process has begun to run: what becomes due from now on needs another message."""
        self._pending.pop((work, queue), None)

    def _send(self, targets: Collection[Target]) -> None:
        now = time.monotonic()
        wanted = {
            target
            for target in targets
            if target[1] in self._queues and self._pending.get(target, 0.0) <= now - MAX_PENDING_SECONDS
        }
        self._pending |= dict.fromkeys(wanted, now)
        self._notifier.send(wanted)

    def _due_upkeep(self, now: float) -> set[Target]:
        due = {work for work, seconds in UPKEEP_SECONDS.items() if now - self._upkeep_at.get(work, -seconds) >= seconds}
        self._upkeep_at |= dict.fromkeys(due, now)
        return {(work, QUEUES_OF_WORK[work][0]) for work in due}
