"""Metrics of actor runs: how long each took, and how many are running."""

import threading
import time
from typing import Any

from dramatiq.middleware import Middleware

from services.platform.metrics.recording import record_actor_ended, record_actor_started


class ActorMetrics(Middleware):
    """Middleware that Dramatiq calls in the worker thread of the actor."""

    def __init__(self) -> None:
        self._run = threading.local()

    def before_process_message(self, broker: Any, message: Any) -> None:
        self._run.started = time.perf_counter()
        record_actor_started(message.actor_name, message.queue_name)

    def after_process_message(self, broker: Any, message: Any, *, result: Any = None, exception: Any = None) -> None:
        seconds = time.perf_counter() - self._run.started
        record_actor_ended(message.actor_name, message.queue_name, seconds)

    after_skip_message = after_process_message
