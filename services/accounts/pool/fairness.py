"""Whose turn it is: in which order an owner's waiting jobs are offered to the pool. Pure; nothing here knows accounts.

The most urgent go first. Among equally urgent ones the group with the fewest jobs in flight has its turn, of several
such the one whose last turn was longest ago, then the oldest job. A group is a batch, or a workflow, or all single jobs
of the owner together.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class WaitingJob:
    """rank: 0 is URGENT, with what ageing has made of it. group: see above; 0: single jobs. key: jobs of one key want
    the same of the pool. tried: accounts that failed it in this run.
    """

    job_id: int
    rank: int
    group: int = 0
    key: str = ""
    tried: frozenset[int] = frozenset()

    @property
    def queue(self) -> tuple[str, frozenset[int]]:
        """Jobs of one queue stand behind each other: where the first finds no account, the next does not either."""
        return self.key, self.tried


@dataclass
class Group:
    """How a group stands. credits_left: of its budget, less all that is spent or may yet be; None: it has none.
    credits_open: what of that may turn out not to be charged, because upstream has not taken those tasks yet.
    """

    in_flight: int = 0
    last_turn: int = 0
    "Turns are numbered; 0: it had none lately."
    max_parallel: int | None = None
    credits_left: int | None = None
    credits_open: int = 0

    @property
    def is_full(self) -> bool:
        return self.max_parallel is not None and self.in_flight >= self.max_parallel

    def can_pay(self, cost: int) -> bool:
        return self.credits_left is None or cost <= self.credits_left

    def can_never_pay(self, cost: int) -> bool:
        """Whether its budget would be passed even if nothing of what is still open were charged."""
        return self.credits_left is not None and cost > self.credits_left + self.credits_open


@dataclass
class _Line:
    """The waiting jobs of one group and rank, in queues; `heads` orders the queues by their first job."""

    queues: dict[tuple[str, frozenset[int]], list[WaitingJob]] = field(default_factory=lambda: defaultdict(list))
    heads: list[tuple[int, int, tuple[str, frozenset[int]]]] = field(default_factory=list)


class Turns:
    """Iterating gives the next job; the caller says `placed` or `refused` of it before asking for the next."""

    def __init__(self, jobs: Sequence[WaitingJob], groups: Mapping[int, Group]) -> None:
        self._groups = groups
        self._lines: dict[int, dict[int, _Line]] = defaultdict(lambda: defaultdict(_Line))
        for job in sorted(jobs, key=lambda job: job.job_id, reverse=True):
            self._lines[job.rank][job.group].queues[job.queue].append(job)
        self._is_refused = False
        self._turn = max((group.last_turn for group in groups.values()), default=0)

    def __iter__(self) -> Iterator[WaitingJob]:
        for rank in sorted(self._lines):
            lines = self._lines[rank]
            turns: list[tuple[int, int, int, int]] = []
            for group, line in lines.items():
                line.heads = [(jobs[-1].job_id, place, key) for place, (key, jobs) in enumerate(line.queues.items())]
                heapq.heapify(line.heads)
                self._stand_in_line(turns, group, line)
            while turns:
                group = heapq.heappop(turns)[-1]
                line = lines[group]
                _, place, key = heapq.heappop(line.heads)
                job = line.queues[key].pop()
                self._is_refused = False
                yield job
                if line.queues[key] and not self._is_refused:
                    heapq.heappush(line.heads, (line.queues[key][-1].job_id, place, key))
                self._stand_in_line(turns, group, line)

    def _stand_in_line(self, turns: list[tuple[int, int, int, int]], number: int, line: _Line) -> None:
        group = self._groups[number]
        if line.heads and not group.is_full:
            heapq.heappush(turns, (group.in_flight, group.last_turn, line.heads[0][0], number))

    def placed(self, job: WaitingJob, cost: int) -> None:
        group = self._groups[job.group]
        group.in_flight += 1
        self._turn += 1
        group.last_turn = self._turn
        if group.credits_left is not None:
            group.credits_left -= cost
            group.credits_open += cost

    def refused(self) -> None:
        """The job that was given last finds no account: its queue waits for the next pass."""
        self._is_refused = True
