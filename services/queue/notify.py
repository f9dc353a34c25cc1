"""Notifies workers of work that may be due: hints without content, sent after the transaction has committed."""

import contextlib
from collections.abc import Callable, Iterator

from models.database import after_commit
from models.enums import Queue
from services.platform.runtime import runtime

Notifier = Callable[..., None]
"""Takes the queues in which work may be due, none for all queues; it neither blocks nor raises."""


@contextlib.contextmanager
def notifying(send: Notifier) -> Iterator[None]:
    """Sends notifications to `send` while the context is open. If no context is open, the workers' poll finds the
    work.
    """
    notifiers = runtime().notifiers
    notifiers.append(send)
    try:
        yield
    finally:
        notifiers.remove(send)


def notify(*queues: Queue) -> None:
    """Notifies workers, after the commit, that jobs may be due in these queues; without arguments, in all queues.

    A lost notification delays work by one second at most: workers also poll for due work.
    """
    for send in runtime().notifiers:
        after_commit(lambda send=send: send(*queues))  # type: ignore[misc]


def notify_pools() -> None:
    """Notifies the pool's workers: a job may be waiting, a slot may be free, or an attempt's next step may be due."""
    notify(Queue.POOL_IMAGES, Queue.POOL_VIDEOS)
