"""Receivers that have never taken a callback of their owner: they get fewer at once, and a rest after each failure.

Whoever gives an address need not own it, and could have others flooded by it.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence

from models.database import execute

Target = tuple[str, str]
"Owner and receiver of a delivery."

MAX_PER_UNPROVEN = 2
FIRST_REST_SECONDS = 1.0
LONGEST_REST_SECONDS = 60.0
MAX_RESTS = 10_000
TARGETS_PER_STATEMENT = 100
"SQLite allows 500 parts of a UNION."


async def proven(targets: Collection[Target]) -> set[Target]:
    """Those of the targets to which a callback of the owner has been delivered. A statement for each 100."""
    wanted, found = list(targets), set[Target]()
    for start in range(0, len(wanted), TARGETS_PER_STATEMENT):
        chunk = wanted[start : start + TARGETS_PER_STATEMENT]
        asked = " UNION ALL ".join(
            f"SELECT {number} AS place WHERE EXISTS (SELECT 1 FROM callback_delivery"
            " WHERE owner = ? AND receiver = ? AND status = 'DELIVERED')"
            for number in range(len(chunk))
        )
        rows = await execute(asked, *(value for target in chunk for value in target))
        found.update(chunk[row["place"]] for row in rows)
    return found


def rest_seconds(failures: int) -> float:
    """How long an unproven receiver rests after so many failures in a row: 1 s, 2 s, 4 s … 60 s."""
    return min(LONGEST_REST_SECONDS, FIRST_REST_SECONDS * float(2 ** min(failures - 1, 10)))


class Rests:
    """The rests of unproven receivers in this process."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[Target, tuple[int, float]] = OrderedDict()

    def failed(self, target: Target) -> None:
        failures = self._failures.get(target, (0, 0.0))[0] + 1
        self._failures[target] = failures, self._clock() + rest_seconds(failures)
        self._failures.move_to_end(target)
        while len(self._failures) > MAX_RESTS:
            self._failures.popitem(last=False)

    def succeeded(self, target: Target) -> None:
        self._failures.pop(target, None)

    def resting(self) -> Sequence[Target]:
        now = self._clock()
        return [target for target, (_, until) in self._failures.items() if until > now]
