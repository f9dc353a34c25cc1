"""Who is next among those who wait for a slot: the owner with the fewest, then the one who was served longest ago."""

import asyncio
import itertools
from collections import Counter
from dataclasses import dataclass, field


@dataclass(eq=False)
class Waiter:
    """One that waits. is_resting: passed over for the moment, because its owner has all slots that it may have."""

    owner: str
    place: int
    called: asyncio.Event = field(default_factory=asyncio.Event)
    is_resting: bool = False


class FairQueue:
    """The waiters of one event loop, and how many slots each owner holds here.

    Only the next waiter looks for a free slot, so waiting costs nothing, and an owner who waits with a thousand gets no
    more than one who waits with one.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, dict[int, Waiter]] = {}
        self._held: Counter[str] = Counter()
        self._served: dict[str, int] = {}
        self._numbers = itertools.count()

    def join(self, owner: str) -> Waiter:
        waiter = Waiter(owner, next(self._numbers))
        self._waiting.setdefault(owner, {})[waiter.place] = waiter
        self.call_next()
        return waiter

    def next(self) -> Waiter | None:
        """The waiter whose turn it is: of the owner with the fewest slots; of equal owners the one who was served
        longest ago; of one owner the one who came first. None where nobody waits, or all rest.
        """
        ready = [
            (self._held[owner], self._served.get(owner, -1), waiter.place, waiter)
            for owner, waiters in self._waiting.items()
            if not (waiter := next(iter(waiters.values()))).is_resting
        ]
        return min(ready, key=lambda one: one[:3])[3] if ready else None

    def call_next(self) -> None:
        if (waiter := self.next()) is not None:
            waiter.called.set()

    def leave(self, waiter: Waiter, *, with_slot: bool) -> None:
        """The waiter waits no longer: it has a slot, or gave up."""
        waiters = self._waiting[waiter.owner]
        del waiters[waiter.place]
        if not waiters:
            del self._waiting[waiter.owner]
        if with_slot:
            self._held[waiter.owner] += 1
            self._served[waiter.owner] = next(self._numbers)
        self._forget(waiter.owner)
        self.call_next()

    def release(self, owner: str) -> None:
        self._held[owner] -= 1
        self._forget(owner)
        self.call_next()

    def _forget(self, owner: str) -> None:
        """Keeps nothing of an owner who neither holds nor waits."""
        if self._held[owner] <= 0:
            del self._held[owner]
            if owner not in self._waiting:
                self._served.pop(owner, None)
