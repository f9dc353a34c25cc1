"""Declares actors with their queues and time limits, and passes them the worker of their process."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import dramatiq
from dramatiq.middleware import CurrentMessage

from models.enums import Queue
from services.worker.kinds import QUEUES_OF_WORK, Work
from services.worker.work_loop import RUN_SECONDS
from services.worker.worker import Worker
from tasks.broker import broker
from tasks.lifecycle import worker_of_process

STEP_SECONDS = 300.0
"Longer than any single step of an attempt, account or callback takes: each has time limits of its own."


@dataclass(frozen=True)
class Run:
    """Arguments of an actor body: the process's worker, the queue of the message, and a call that sends it again."""

    worker: Worker
    queue: Queue
    hand_over: Callable[[], None]


Body = Callable[[Run], Awaitable[None]]

ACTORS: dict[Work, "dramatiq.Actor[[], None]"] = {}
BODIES: dict[Work, Body] = {}


def work_actor(work: Work, *, step_seconds: float = STEP_SECONDS) -> Callable[[Body], Body]:
    """Makes a function the actor of a kind of work, on all its queues. Messages have no content and are not retried.

    step_seconds: longer than the longest step. The time limit is RUN_SECONDS of claiming plus two such steps, because a
    run may wait for the previous run before it can hand over (services/worker/work_loop).
    """
    queues = QUEUES_OF_WORK[work]

    def declare(body: Body) -> Body:
        @dramatiq.actor(
            actor_name=work.value,
            queue_name=queues[0].value,
            max_retries=0,
            time_limit=(RUN_SECONDS + 2 * step_seconds) * 1000,
            broker=broker,
        )
        async def run() -> None:
            # No worker while the process opens or closes: Dramatiq delivers messages then too, and the tick resends.
            message = CurrentMessage.get_current_message()
            queue = queues[0] if message is None else Queue(message.queue_name)
            if (worker := worker_of_process(work, queue)) is not None:
                await BODIES[work](Run(worker, queue, lambda: send(work, queue)))

        for queue in queues:
            broker.declare_queue(queue.value)
        ACTORS[work], BODIES[work] = run, body
        return body

    return declare


def send(work: Work, queue: Queue) -> None:
    """Sends the message of a kind of work to one of its queues. Blocks over Redis: run it in a thread. Raises what the
    broker raises. A lost message delays work by about a second, until the next tick.
    """
    broker.enqueue(ACTORS[work].message().copy(queue_name=queue.value))
