"""The emulator's clock: the machine's time plus an offset that tests can advance."""

import time
from collections.abc import Callable


class Clock:
    """machine_time: Unix seconds. callers_time, which is compared with clients' clocks, has no offset."""

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
