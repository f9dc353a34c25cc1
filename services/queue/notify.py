"""Telling workers that something may be due: hints without content, sent after the transaction that made it so."""

import contextlib
from collections.abc import Callable, Iterator

from models.database import after_commit
from models.enums import Queue
from services.platform.runtime import runtime

Notifier = Callable[..., None]
"""Takes the queues in which something may be due, none for all of them; never waits and never fails its caller."""


@contextlib.contextmanager
def notifying(send: Notifier) -> Iterator[None]:
    """Has notifications go to `send` while the context is open. Without any open, the workers' tick finds the work."""
    notifiers = runtime().notifiers
    notifiers.append(send)
    try:
        yield
    finally:
        notifiers.remove(send)


def notify(*queues: Queue) -> None:
    """Tells workers, after the commit, that something may be due in these queues, or without any named, in all.

    A notification that is lost costs at most a second: the workers' tick finds due work, too.
    """
    for send in runtime().notifiers:
        after_commit(lambda send=send: send(*queues))  # type: ignore[misc]


def notify_pools() -> None:
    """Something may be due for the pool: a job that waits, a slot that is free, an attempt's next step."""
    notify(Queue.POOL_IMAGES, Queue.POOL_VIDEOS)
