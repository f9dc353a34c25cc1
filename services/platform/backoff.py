"""How long to wait before the next try: pure functions of plain values. Whoever waits keeps its own numbers."""

from dataclasses import dataclass

MAX_DOUBLINGS = 60


@dataclass(frozen=True)
class Backoff:
    """Waits that double: base, twice that, four times that … and never more than the cap. In whatever unit the base is.

    jitter: by how great a part of itself a wait may come out longer. The cap is that of the wait before its jitter.
    """

    base: float
    cap: float
    jitter: float = 0.0

    def wait(self, failures: int, *, roll: float = 0.0) -> float:
        """The wait after so many failures in a row, from 1. roll: from 0 to 1, by chance; 0: the shortest."""
        return later(min(self.cap, self.base * 2.0 ** min(max(0, failures - 1), MAX_DOUBLINGS)), self.jitter, roll)


def later(wait: float, jitter: float, roll: float) -> float:
    """The wait, longer by up to `jitter` of itself. roll: from 0 to 1, by chance."""
    return wait * (1 + jitter * roll)


def around(wait: float, jitter: float, roll: float) -> float:
    """The wait, give or take up to `jitter` of itself. roll: from 0 to 1, by chance; 0.5: the wait itself."""
    return wait * (1 - jitter + 2 * jitter * roll)
