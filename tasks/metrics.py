"""Metrics of actor runs: how long each took, and how many are running."""

import threading
import time
from typing import Any

from dramatiq.middleware import Middleware

from services.platform.runtime import is_runtime_open, runtime


class ActorMetrics(Middleware):
    """Dramatiq calls it in the worker thread that runs the actor, also while the process opens or closes: what begins
    then is not recorded.
    """

    def __init__(self) -> None:
        self._run = threading.local()

    def before_process_message(self, broker: Any, message: Any) -> None:
        self._run.metrics = runtime().metrics if is_runtime_open() else None
        self._run.started = time.perf_counter()
        if self._run.metrics is not None:
            self._run.metrics.actors_running.labels(message.actor_name, message.queue_name).inc()

    def after_process_message(self, broker: Any, message: Any, *, result: Any = None, exception: Any = None) -> None:
        metrics = self._run.metrics
        if metrics is not None:
            metrics.actors_running.labels(message.actor_name, message.queue_name).dec()
            seconds = time.perf_counter() - self._run.started
            metrics.actor_runs.labels(message.actor_name, message.queue_name).observe(seconds)

    after_skip_message = after_process_message
