"""Sends messages to actors: after row changes, after other work, and from each worker's tick."""

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
"How long the tick waits for this process to start an actor before it sends the same message again."

Target = tuple[Work, Queue]


class Notifier:
    """Sends the messages of the named queues' actors (of all queues where none is named) shortly after a call.

    Calls within COALESCE_SECONDS are sent together. Sending over Redis blocks, so it happens in a thread. It never
    raises to its caller: the tick sends again what was lost.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_error: Callable[[Exception], None]) -> None:
        self._loop = loop
        self._on_error = on_error
        self._requested: set[Target] = set()

    def __call__(self, *queues: Queue) -> None:
        self.send({target for queue in queues or tuple(Queue) for target in _targets(queue)})

    def send(self, targets: Collection[Target]) -> None:
        if targets and not self._requested:
            self._loop.call_later(COALESCE_SECONDS, self._fire)
        self._requested.update(targets)

    def _fire(self) -> None:
        targets, self._requested = self._requested, set()
        self._loop.run_in_executor(None, self._send_now, targets)

    def _send_now(self, targets: Collection[Target]) -> None:
        try:
            for work, queue in targets:
                send(work, queue)
        except Exception as error:
            self._on_error(error)


def _targets(queue: Queue) -> set[Target]:
    """The messages of a queue, without upkeep, which is due by the clock and not by row changes."""
    return {(work, queue) for work in work_of_queue(queue) if work not in UPKEEP_SECONDS}


class Tick:
    """Sends messages for due rows every second, so that lost messages do no harm, and for each upkeep at its interval.

    Does no work itself. Belongs to the event loop of a worker process.
    """

    def __init__(self, notifier: Notifier, queues: Collection[Queue]) -> None:
        """queues: those that this process serves; the workers of other queues have their own ticks."""
        self._notifier = notifier
        self._queues = frozenset(queues)
        self._pending: dict[Target, float] = {}
        self._upkeep_at: dict[Work, float] = {}

    async def run(self) -> None:
        """Runs until cancelled. A failed query is logged and repeated at the next tick."""
        while True:
            try:
                self._send(await due_work())
            except Exception as error:  # the database may be briefly unavailable
                log.warning("tick.failed", error=type(error).__name__, exc_info=True)
            self._send(self._due_upkeep(time.monotonic()))
            await asyncio.sleep(TICK_SECONDS)

    def started(self, work: Work, queue: Queue) -> None:
        """Records that an actor of this process has started: work that becomes due after this needs a new message."""
        self._pending.pop((work, queue), None)

    def _send(self, targets: Collection[Target]) -> None:
        now = time.monotonic()
        unsent = {
            target
            for target in targets
            if target[1] in self._queues and self._pending.get(target, float("-inf")) <= now - MAX_PENDING_SECONDS
        }
        self._pending |= dict.fromkeys(unsent, now)
        self._notifier.send(unsent)

    def _due_upkeep(self, now: float) -> set[Target]:
        due = {work for work, seconds in UPKEEP_SECONDS.items() if now - self._upkeep_at.get(work, -seconds) >= seconds}
        self._upkeep_at |= dict.fromkeys(due, now)
        return {(work, QUEUES_OF_WORK[work][0]) for work in due}
