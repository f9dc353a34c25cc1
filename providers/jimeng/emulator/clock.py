"""The emulator's time: that of the machine, moved on by command, so that tests need not wait."""

import time
from collections.abc import Callable


class Clock:
    """machine_time: Unix seconds. What upstream compares with its callers' clocks is never moved."""

    def __init__(self, machine_time: Callable[[], float] = time.time) -> None:
        self._machine_time = machine_time
        self._ahead_seconds = 0.0

    def now(self) -> float:
        return self._machine_time() + self._ahead_seconds

    def callers_time(self) -> float:
        return self._machine_time()

    def advance(self, seconds: float) -> None:
        if seconds < 0:
            raise ValueError("the clock only goes forward")
        self._ahead_seconds += seconds
