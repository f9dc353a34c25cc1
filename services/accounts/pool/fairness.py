"""The fair order in which an owner's waiting jobs are offered to the pool. Pure, and independent of accounts.

The highest priority goes first; within it jobs that were moved to the front, in their order, then the group with the
fewest jobs in flight, then the group whose last turn was longest ago, then the oldest job. A group is a batch, a
workflow, or all single jobs of the owner together.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WaitingJob:
    """A waiting job. rank: priority after ageing, 0 is URGENT. group: batch or workflow id; 0: single jobs. key: the
    demand key. tried: accounts on which it failed in this run. front: below 0 for a job that was moved to the front;
    the lowest goes first.
    """

    job_id: int
    rank: int
    group: int = 0
    key: str = ""
    tried: frozenset[int] = frozenset()
    front: int = 0

    @property
    def place(self) -> tuple[int, int]:
        """The sort key within its rank and group."""
        return self.front, self.job_id

    @property
    def queue(self) -> tuple[str, frozenset[int]]:
        """Jobs of one queue are interchangeable: if the first finds no account, the next does not either."""
        return self.key, self.tried


@dataclass
class Group:
    """The state of a group. credits_left: its budget minus spent and expected credits; None: no budget. credits_open:
    the expected credits among them, of tasks that upstream has not accepted yet and may never charge. unmeasured: tasks
    of unknown price whose charge will be measured; unmeasurable: those whose charge could not be.
    """

    in_flight: int = 0
    last_turn: int = 0
    "The number of its last turn; 0: no recent turn."
    max_parallel: int | None = None
    credits_left: int | None = None
    credits_open: int = 0
    unmeasured: int = 0
    unmeasurable: int = 0

    @property
    def is_full(self) -> bool:
        return self.max_parallel is not None and self.in_flight >= self.max_parallel

    def can_pay(self, cost: int | None) -> bool:
        """Whether the budget allows a task of this cost now. One of unknown cost (None) may start while anything is
        left, and nothing more starts until its charge is measured: it alone can exceed the budget.
        """
        if self.credits_left is None:
            return True
        return not self.unmeasured and not self.unmeasurable and _least(cost) <= self.credits_left

    def can_never_pay(self, cost: int | None) -> bool:
        """Whether the cost would exceed the budget even if none of the open credits were charged, or whether what is
        left of the budget cannot be known.
        """
        if self.credits_left is None or self.unmeasured:
            return False
        return self.unmeasurable > 0 or _least(cost) > self.credits_left + self.credits_open


def _least(cost: int | None) -> int:
    """The fewest credits that a task can cost: one of unknown price is not free."""
    return 1 if cost is None else cost


@dataclass
class _GroupQueues:
    """The waiting jobs of one group and rank, in queues; `heads` is a heap of the queues by their first job."""

    queues: dict[tuple[str, frozenset[int]], list[WaitingJob]] = field(default_factory=lambda: defaultdict(list))
    heads: list[tuple[tuple[int, int], int, tuple[str, frozenset[int]]]] = field(default_factory=list)


class Turns:
    """An iterator over jobs in turn; the caller calls `placed` or `refused` for each job before taking the next."""

    def __init__(self, jobs: Sequence[WaitingJob], groups: Mapping[int, Group]) -> None:
        self._groups = groups
        self._lines: dict[int, dict[int, _GroupQueues]] = defaultdict(lambda: defaultdict(_GroupQueues))
        for job in sorted(jobs, key=lambda job: job.place, reverse=True):
            self._lines[job.rank][job.group].queues[job.queue].append(job)
        self._is_refused = False
        self._turn = max((group.last_turn for group in groups.values()), default=0)

    def __iter__(self) -> Iterator[WaitingJob]:
        for rank in sorted(self._lines):
            lines = self._lines[rank]
            turns: list[tuple[int, int, int, tuple[int, int], int]] = []
            for group, line in lines.items():
                line.heads = [(jobs[-1].place, place, key) for place, (key, jobs) in enumerate(line.queues.items())]
                heapq.heapify(line.heads)
                self._enqueue(turns, group, line)
            while turns:
                group = heapq.heappop(turns)[-1]
                line = lines[group]
                _, place, key = heapq.heappop(line.heads)
                job = line.queues[key].pop()
                self._is_refused = False
                yield job
                if line.queues[key] and not self._is_refused:
                    heapq.heappush(line.heads, (line.queues[key][-1].place, place, key))
                self._enqueue(turns, group, line)

    def _enqueue(
        self, turns: list[tuple[int, int, int, tuple[int, int], int]], number: int, line: _GroupQueues
    ) -> None:
        group = self._groups[number]
        if line.heads and not group.is_full:
            first = line.heads[0][0]
            # Those that were moved to the front go in their own order, whatever their groups have.
            share = (0, 0) if first[0] < 0 else (group.in_flight, group.last_turn)
            heapq.heappush(turns, (min(0, first[0]), *share, first, number))

    def placed(self, job: WaitingJob, cost: int | None) -> None:
        group = self._groups[job.group]
        group.in_flight += 1
        self._turn += 1
        group.last_turn = self._turn
        if cost is None:
            group.unmeasured += 1
        elif group.credits_left is not None:
            group.credits_left -= cost
            group.credits_open += cost

    def refused(self) -> None:
        """The last returned job found no account: its queue waits for the next pass."""
        self._is_refused = True
