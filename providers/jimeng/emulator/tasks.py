"""Accepted tasks as a state machine (queued, processing, ended) whose time is passed in.

There are no background tasks: `settle(now)` applies all transitions that are due, in order.
"""

import hashlib
import heapq
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from providers.jimeng.emulator.answers import refusal
from providers.jimeng.emulator.drafts import Draft

SUBMITTED, FAILED, REJECTED, GENERATING, FINALIZING, SUCCESS = 20, 30, 40, 42, 45, 50
# Fractions of the processing time at which the status changes: submitted, generating, finalizing.
_GENERATING_FROM, _FINALIZING_FROM = 0.15, 0.6
# Input or output refused by review; these are refunded.
REVIEW_CODES = frozenset(
    {"1063", "1159", "2003", "2004", "2005", "2038", "2039", "2041", "2042", "2043", "2047", "2048", "2050"}
)
KINDS = ("IMAGE", "VIDEO")


def item_id(history_id: str, number: int) -> str:
    """A stable id of 19 digits, like upstream's."""
    digest = hashlib.sha256(f"{history_id}:{number}".encode()).digest()
    return str(7_000_000_000_000_000_000 + int.from_bytes(digest[:7], "big") % 1_000_000_000_000_000_000)


@dataclass(frozen=True)
class Outcome:
    """The planned end of a task. fail_code: empty for success. items: number of results; None: all or none.

    task_status: detailed status of a failure: 10 input refused, 40 output refused, 30 failed. at_fraction: of the
    processing time, when it fails. dead_items: numbers of results whose links answer 404. links_after_seconds: after a
    success, when its links are there. shape: of SHAPES. end_status: of a success, in place of 50.
    """

    fail_code: str = ""
    message: str = ""
    task_status: int = FAILED
    at_fraction: float = 1.0
    items: int | None = None
    refunds: bool = True
    has_links: bool = True
    dead_items: frozenset[int] = frozenset()
    links_after_seconds: float = 0.0
    shape: str | None = None
    end_status: int = SUCCESS
    has_finish_time: bool = True


@dataclass
class Task:
    history_id: str
    number: int
    session: str
    site: str
    draft: Draft
    created_at: float
    visible_at: float
    work_seconds: float
    charge: int
    outcome: Outcome = field(default_factory=Outcome)
    missing_at: tuple[float, float] | None = None  # from and to: answers lack it meanwhile
    started_at: float | None = None
    ended_at: float | None = None
    end: str | None = None  # DONE, FAILED, CANCELLED
    refund: int = 0
    times_submitted: int = 1

    @property
    def submit_id(self) -> str:
        return self.draft.submit_id

    @property
    def ends_at(self) -> float:
        """When it will end unless cancelled. Only for started tasks."""
        assert self.started_at is not None
        return self.started_at + self.work_seconds * (self.outcome.at_fraction if self.outcome.fail_code else 1.0)

    def is_visible(self, now: float) -> bool:
        """Whether answers contain it."""
        is_missing = self.missing_at is not None and self.missing_at[0] <= now < self.missing_at[1]
        return self.visible_at <= now and not is_missing

    def has_links(self, now: float) -> bool:
        is_early = self.ended_at is not None and now < self.ended_at + self.outcome.links_after_seconds
        return self.outcome.has_links and not is_early

    def status(self, now: float) -> int:
        if self.end is not None:
            return self.outcome.end_status if self.end == "DONE" else FAILED
        done = self._fraction(now)
        if done < _GENERATING_FROM:
            return SUBMITTED
        return GENERATING if done < _FINALIZING_FROM else FINALIZING

    def task_status(self, now: float) -> int:
        return self.outcome.task_status if self.end == "FAILED" else self.status(now)

    def items(self, now: float) -> int:
        """The number of visible results, which appear one by one near the end."""
        count = self.draft.count
        if self.end == "DONE":
            return count if self.outcome.items is None else min(self.outcome.items, count)
        if self.end == "FAILED":
            return min(self.outcome.items or 0, count)
        if self.end == "CANCELLED" or self.draft.kind == "VIDEO" or self.outcome.fail_code:
            return 0
        return int(max(0.0, self._fraction(now) - _FINALIZING_FROM) / (1 - _FINALIZING_FROM) * count)

    def _fraction(self, now: float) -> float:
        if self.started_at is None or self.work_seconds <= 0:
            return 0.0
        return (now - self.started_at) / self.work_seconds


@dataclass
class _Line:
    """The service's queue of one kind. running: a heap ordered by end time."""

    running: list[tuple[float, int, Task]] = field(default_factory=list)
    running_count: int = 0
    waiting: deque[Task] = field(default_factory=deque)


class TaskBook:
    """All tasks. slots: concurrent tasks of the service by kind; 0: unlimited."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._by_submit: dict[tuple[str, str], Task] = {}
        self._items: dict[str, tuple[Task, int]] = {}
        self._lines = {kind: _Line() for kind in KINDS}
        self._open: dict[tuple[str, str], int] = {}
        self.peak_open: dict[tuple[str, str], int] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def all(self) -> Iterable[Task]:
        return self._tasks.values()

    def get(self, history_id: str) -> Task | None:
        return self._tasks.get(history_id)

    def by_submit(self, session: str, submit_id: str) -> Task | None:
        """The newest task with that submit_id; there can be several if submits are not deduplicated."""
        return self._by_submit.get((session, submit_id))

    def item(self, wanted: str) -> tuple[Task, int] | None:
        """The task with this item, and the item's number."""
        return self._items.get(wanted)

    def open_count(self, session: str, kind: str) -> int:
        return self._open.get((session, kind), 0)

    def check_limit(self, session: str, kind: str, limit: int) -> None:
        """Raises Refusal 1310 if the account's limit of concurrent tasks is reached."""
        if self.open_count(session, kind) >= limit:
            raise refusal("1310", why=f"at most {limit} concurrent tasks are allowed")

    def take(self, task: Task, *, slots: int) -> None:
        self._tasks[task.history_id] = task
        self._by_submit[(task.session, task.submit_id)] = task
        self._items |= {item_id(task.history_id, number): (task, number) for number in range(task.draft.count)}
        key = (task.session, task.draft.kind)
        self._open[key] = self.open_count(*key) + 1
        self.peak_open[key] = max(self.peak_open.get(key, 0), self._open[key])
        line = self._lines[task.draft.kind]
        line.waiting.append(task)
        _start_waiting(line, task.created_at, slots)

    def settle(self, now: float, *, slots: dict[str, int]) -> list[Task]:
        """Advances all tasks to `now`; returns those that ended, in order of their end."""
        ended: list[Task] = []
        for kind, line in self._lines.items():
            while line.running and line.running[0][0] <= now:
                at, _, task = heapq.heappop(line.running)
                if task.end is None:
                    self._end(task, line, "FAILED" if task.outcome.fail_code else "DONE", at)
                    ended.append(task)
                    _start_waiting(line, at, slots[kind])
            _start_waiting(line, now, slots[kind])
        return sorted(ended, key=lambda task: task.ended_at or 0)

    def cancel(self, task: Task, now: float, *, slots: int) -> None:
        """Raises Refusal 1000 if it has ended."""
        if task.end is not None:
            raise refusal("1000", why="the task has ended")
        line = self._lines[task.draft.kind]
        if task.started_at is None:
            line.waiting.remove(task)
            line.running_count += 1  # _end decrements it
        self._end(task, line, "CANCELLED", now)
        _start_waiting(line, now, slots)

    def positions(self) -> dict[str, int]:
        """Queue positions of waiting tasks, from 1."""
        return {
            task.history_id: place for line in self._lines.values() for place, task in enumerate(line.waiting, start=1)
        }

    def waiting_count(self, kind: str) -> int:
        return len(self._lines[kind].waiting)

    def _end(self, task: Task, line: _Line, end: str, at: float) -> None:
        task.end, task.ended_at = end, at
        line.running_count -= 1
        self._open[(task.session, task.draft.kind)] -= 1


def _start_waiting(line: _Line, now: float, slots: int) -> None:
    while line.waiting and (slots == 0 or line.running_count < slots):
        task = line.waiting.popleft()
        task.started_at = now
        line.running_count += 1
        heapq.heappush(line.running, (task.ends_at, task.number, task))
