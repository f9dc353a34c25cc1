"""Estimates of how long generations take: pure functions of measured times and free slots. Times are milliseconds.

The slots of the accounts are simulated: every job takes the slot that is free first, and holds it for as long as recent
jobs of its model did.
"""

import heapq
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle, islice

MAX_SIMULATED = 2_000
"Earlier jobs of others that are simulated; further ones are spread over the slots evenly."


@dataclass(frozen=True)
class AccountCapacity:
    """The capacity of an account for one sort of jobs. slots: for that sort; busy: slots held now, by any jobs;
    opens_in: until the account is available. max_jobs: that it may take until resets_in; None: unlimited.
    """

    account_id: int
    slots: int
    busy: int = 0
    opens_in: int = 0
    max_jobs: int | None = None
    resets_in: int = 0


@dataclass(frozen=True)
class Work:
    """Jobs of one sort. before: jobs of others that go first; held: for how long recent jobs of the sort held their
    slots, at least one sample; accounts: those that can run the jobs.
    """

    count: int
    held: Sequence[int]
    accounts: Sequence[AccountCapacity]
    before: int = 0

    @property
    def account_ids(self) -> frozenset[int]:
        return frozenset(account.account_id for account in self.accounts)


def time_left(work: Sequence[Work], *, kept_slots: int = 0, max_parallel: int | None = None) -> int | None:
    """Milliseconds until the last of the own jobs is done; None if no account can run some of them.

    kept_slots: slots that these jobs may not take. Each set of accounts has to run at least the jobs that only it can
    run; the set that takes longest determines the result.
    """
    if any(not each.accounts for each in work if each.count):
        return None
    longest = 0
    for account_ids in {each.account_ids for each in work if each.count}:
        inside = [each for each in work if each.account_ids and each.account_ids <= account_ids]
        longest = max(longest, _simulate(inside, account_ids, kept_slots, max_parallel))
    return longest


def _simulate(work: Sequence[Work], account_ids: frozenset[int], kept_slots: int, max_parallel: int | None) -> int:
    mean = _mean([sample for each in work for sample in each.held])
    accounts = {each.account_id: each for sort in work for each in sort.accounts if each.account_id in account_ids}
    slots = sorted(
        (account.opens_in + (mean // 2 if number < account.busy else 0), account.account_id)
        for account in accounts.values()
        for number in range(account.slots)
    )
    slots = slots[min(kept_slots, len(slots) - 1) :]
    before, own = sum(each.before for each in work), sum(each.count for each in work)
    if (excess := before - MAX_SIMULATED) > 0:
        slots = [(free_at + excess * mean // len(slots), account_id) for free_at, account_id in slots]
    left = {account_id: account.max_jobs for account_id, account in accounts.items()}
    _assign(slots, min(before, MAX_SIMULATED), _held(work, of_others=True), left, accounts)
    if max_parallel is not None:
        slots = heapq.nsmallest(max_parallel, slots)
    return _assign(slots, own, _held(work, of_others=False), left, accounts)


def _assign(
    slots: list[tuple[int, int]],
    count: int,
    held: Sequence[int],
    left: dict[int, int | None],
    accounts: dict[int, AccountCapacity],
) -> int:
    """Assigns `count` jobs to the slots, which it changes; returns when the last of them is done."""
    heapq.heapify(slots)
    last = 0
    for duration in islice(cycle(held), count):
        free_at, account_id = slots[0]
        while left[account_id] == 0 and free_at < accounts[account_id].resets_in:
            heapq.heapreplace(slots, (accounts[account_id].resets_in, account_id))
            free_at, account_id = slots[0]
        remaining = left[account_id]
        if remaining:
            left[account_id] = remaining - 1
        heapq.heapreplace(slots, (free_at + duration, account_id))
        last = max(last, free_at + duration)
    return last


def _held(work: Sequence[Work], *, of_others: bool) -> list[int]:
    """Samples of all sorts, each as often as the sort has jobs, interleaved evenly."""
    counts = [each.before if of_others else each.count for each in work]
    total = sum(counts)
    if not total:
        return [0]
    spread = sorted(
        ((number + 0.5) / count, each.held[number % len(each.held)])
        for each, count in zip(work, counts, strict=True)
        for number in range(min(count, MAX_SIMULATED))
    )
    return [sample for _, sample in spread]


def _mean(samples: Sequence[int]) -> int:
    return sum(samples) // max(1, len(samples))
