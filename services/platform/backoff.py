"""Backoff: pure functions of plain values that compute waits. Each caller has its own numbers."""

from dataclasses import dataclass

MAX_DOUBLINGS = 60


@dataclass(frozen=True)
class Backoff:
    """Exponential backoff: base, twice that, four times that …, at most the cap; in the unit of the base.

    jitter: the largest share by which a wait may be longer. The cap applies before the jitter.
    """

    base: float
    cap: float
    jitter: float = 0.0

    def wait(self, failures: int, *, roll: float = 0.0) -> float:
        """Returns the wait after this many failures in a row, counted from 1. roll: random, 0 to 1; 0 gives the
        shortest wait.
        """
        return jitter_up(min(self.cap, self.base * 2.0 ** min(max(0, failures - 1), MAX_DOUBLINGS)), self.jitter, roll)


def jitter_up(wait: float, jitter: float, roll: float) -> float:
    """Returns the wait, longer by up to `jitter` of itself. roll: random, 0 to 1."""
    return wait * (1 + jitter * roll)


def jitter_around(wait: float, jitter: float, roll: float) -> float:
    """Returns the wait, longer or shorter by up to `jitter` of itself. roll: random, 0 to 1; 0.5 gives the wait
    itself.
    """
    return wait * (1 - jitter + 2 * jitter * roll)
