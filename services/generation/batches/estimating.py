"""How long generations will take: pure functions over measured times and free slots. Times are milliseconds.

The accounts' slots are played through: every job takes the slot that is free first, and holds it for as long as jobs
of its model did lately.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

MAX_PLAYED = 2_000
"Jobs before the own ones that are played through; what goes beyond is spread over the slots evenly."


@dataclass(frozen=True)
class Place:
    """An account as far as one sort of jobs goes. slots: for that sort; busy: held now, by whatever; opens_in: until it
    may take work again. most: jobs that it may take until resets_in; None: as many as come.
    """

    account_id: int
    slots: int
    busy: int = 0
    opens_in: int = 0
    most: int | None = None
    resets_in: int = 0


@dataclass(frozen=True)
class Work:
    """Jobs of one sort. before: others' that go first; held: for how long such jobs held their slots lately, at least
    one sample; places: the accounts that can make them.
    """

    count: int
    held: Sequence[int]
    places: Sequence[Place]
    before: int = 0

    @property
    def account_ids(self) -> frozenset[int]:
        return frozenset(place.account_id for place in self.places)


def time_left(work: Sequence[Work], *, kept_slots: int = 0, max_parallel: int | None = None) -> int | None:
    """Until the last of the own jobs is done; None where no account can make some of them.

    kept_slots: that these jobs may not take. Each set of accounts has to do at least the jobs that only it can do: the
    one that takes longest decides.
    """
    if any(not each.places for each in work if each.count):
        return None
    longest = 0
    for accounts in {each.account_ids for each in work if each.count}:
        inside = [each for each in work if each.account_ids and each.account_ids <= accounts]
        longest = max(longest, _play(inside, accounts, kept_slots, max_parallel))
    return longest


def _play(work: Sequence[Work], accounts: frozenset[int], kept_slots: int, max_parallel: int | None) -> int:
    mean = _mean([sample for each in work for sample in each.held])
    places = {place.account_id: place for each in work for place in each.places if place.account_id in accounts}
    slots = sorted(
        (place.opens_in + (mean // 2 if number < place.busy else 0), place.account_id)
        for place in places.values()
        for number in range(place.slots)
    )
    slots = slots[min(kept_slots, len(slots) - 1) :]
    before, own = sum(each.before for each in work), sum(each.count for each in work)
    if (too_many := before - MAX_PLAYED) > 0:
        slots = [(free_at + too_many * mean // len(slots), account_id) for free_at, account_id in slots]
    left = {account_id: place.most for account_id, place in places.items()}
    _take(slots, min(before, MAX_PLAYED), _held(work, of_others=True), left, places)
    if max_parallel is not None:
        slots = heapq.nsmallest(max_parallel, slots)
    return _take(slots, own, _held(work, of_others=False), left, places)


def _take(
    slots: list[tuple[int, int]],
    count: int,
    held: Sequence[int],
    left: dict[int, int | None],
    places: dict[int, Place],
) -> int:
    """Puts so many jobs on the slots, which change; when the last of them is done."""
    heapq.heapify(slots)
    last = 0
    for duration in islice(cycle(held), count):
        free_at, account_id = slots[0]
        while left[account_id] == 0 and free_at < places[account_id].resets_in:
            heapq.heapreplace(slots, (places[account_id].resets_in, account_id))
            free_at, account_id = slots[0]
        remaining = left[account_id]
        if remaining:
            left[account_id] = remaining - 1
        heapq.heapreplace(slots, (free_at + duration, account_id))
        last = max(last, free_at + duration)
    return last


def _held(work: Sequence[Work], *, of_others: bool) -> list[int]:
    """Samples of all sorts, each as often as it has jobs, spread evenly."""
    counts = [each.before if of_others else each.count for each in work]
    total = sum(counts)
    if not total:
        return [0]
    spread = sorted(
        ((number + 0.5) / count, each.held[number % len(each.held)])
        for each, count in zip(work, counts, strict=True)
        for number in range(min(count, MAX_PLAYED))
    )
    return [sample for _, sample in spread]


def _mean(samples: Sequence[int]) -> int:
    return sum(samples) // max(1, len(samples))
