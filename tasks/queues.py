"""One actor per queue; each claims what is due there and sets it going."""

import asyncio
from collections.abc import Callable, Collection

import dramatiq

from models.enums import Queue
from tasks.broker import broker
from tasks.lifecycle import floor

LOOK_LIMIT_MS = 60_000


def _actor_for(queue: Queue) -> "dramatiq.Actor[[], None]":
    @dramatiq.actor(
        actor_name=f"{queue.value}.look",
        queue_name=queue.value,
        max_retries=0,
        time_limit=LOOK_LIMIT_MS,
        broker=broker,
    )
    async def look_there() -> None:
        """Claims due jobs of the queue. Twice, late or lost: no harm, the worker's own tick looks every second too."""
        own = floor()
        if own is not None:
            await own.look(queue)

    return look_there


look: dict[Queue, "dramatiq.Actor[[], None]"] = {queue: _actor_for(queue) for queue in Queue}


class Nudger:
    """Sends "look" to queues shortly after it is called, to all where none is named; many calls make one round.

    Sending over Redis blocks, so it happens in a thread. It never fails its caller: the tick finds what it misses.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, on_error: Callable[[Exception], None]) -> None:
        self._loop = loop
        self._on_error = on_error
        self._due: set[Queue] = set()

    def __call__(self, *queues: Queue) -> None:
        if not self._due:
            self._loop.call_later(0.01, self._fire)
        self._due.update(queues or look)

    def _fire(self) -> None:
        due, self._due = self._due, set()
        self._loop.run_in_executor(None, self._send, due)

    def _send(self, queues: Collection[Queue]) -> None:
        try:
            for queue in queues:
                look[queue].send()
        except Exception as error:
            self._on_error(error)
