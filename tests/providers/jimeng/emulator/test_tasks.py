"""The states of a task by a passed time: queued, processing, ended."""

import pytest

from providers.jimeng.catalogue import catalogue
from providers.jimeng.emulator.answers import Refusal
from providers.jimeng.emulator.drafts import Draft
from providers.jimeng.emulator.tasks import Outcome, Task, TaskBook

NO_LIMIT = {"IMAGE": 0, "VIDEO": 0}
ONE = {"IMAGE": 1, "VIDEO": 1}


def _task(number: int, *, created_at: float = 0.0, kind: str = "IMAGE", outcome: Outcome | None = None) -> Task:
    known = catalogue()
    model = known.images["jimeng-4.5"] if kind == "IMAGE" else known.videos["jimeng-video-3.0"]
    draft = Draft(kind, model, f"submit {number}", "a cat", 64, 64, "2k", count=4 if kind == "IMAGE" else 1)
    return Task(f"{number}", number, "one", "CN", draft, created_at, created_at, 100.0, 16, outcome or Outcome())


def test_a_task_goes_from_submitted_over_generating_and_finalizing_to_success() -> None:
    tasks, task = TaskBook(), _task(1)
    tasks.take(task, slots=0)
    assert [(task.status(now), task.items(now)) for now in (0, 14, 16, 59, 61, 71, 99)] == [
        (20, 0), (20, 0), (42, 0), (42, 0), (45, 0), (45, 1), (45, 3),
    ]  # fmt: skip
    assert tasks.settle(99.9, slots=NO_LIMIT) == []
    assert tasks.settle(500, slots=NO_LIMIT) == [task]
    assert (task.status(500), task.items(500), task.ended_at, task.end) == (50, 4, 100, "DONE")
    assert tasks.settle(501, slots=NO_LIMIT) == []


def test_the_place_in_the_queue_goes_down_to_none() -> None:
    tasks = TaskBook()
    for number in (1, 2, 3):
        tasks.take(_task(number), slots=1)
    assert tasks.positions() == {"2": 1, "3": 2}
    tasks.settle(150, slots=ONE)
    assert tasks.positions() == {"3": 1}
    second = tasks.get("2")
    assert second is not None
    assert second.started_at == 100  # when the first one ended, not when it was queried


def test_a_long_time_unobserved_ends_everything_one_after_the_other() -> None:
    tasks = TaskBook()
    for number in (1, 2, 3):
        tasks.take(_task(number), slots=1)
    assert [task.ended_at for task in tasks.settle(1000, slots=ONE)] == [100, 200, 300]


def test_kinds_have_queues_of_their_own() -> None:
    tasks = TaskBook()
    tasks.take(_task(1), slots=1)
    tasks.take(_task(2, kind="VIDEO"), slots=1)
    assert tasks.positions() == {}


def test_more_slots_start_those_who_wait() -> None:
    tasks = TaskBook()
    for number in (1, 2, 3):
        tasks.take(_task(number), slots=1)
    tasks.settle(10, slots=NO_LIMIT)
    assert tasks.positions() == {}


def test_one_who_waits_is_cancelled_without_being_worked_on() -> None:
    tasks = TaskBook()
    first, second, third = (_task(number) for number in (1, 2, 3))
    for task in (first, second, third):
        tasks.take(task, slots=1)
    tasks.cancel(second, 10, slots=1)
    assert (second.end, second.started_at, second.status(10), second.task_status(10)) == ("CANCELLED", None, 30, 30)
    assert tasks.positions() == {"3": 1}
    tasks.cancel(first, 20, slots=1)
    assert third.started_at == 20
    assert [task.history_id for task in tasks.settle(500, slots=ONE)] == ["3"]
    assert tasks.open_count("one", "IMAGE") == 0


def test_what_has_ended_cannot_be_cancelled() -> None:
    tasks, task = TaskBook(), _task(1)
    tasks.take(task, slots=0)
    tasks.settle(100, slots=NO_LIMIT)
    with pytest.raises(Refusal):
        tasks.cancel(task, 101, slots=0)
    assert task.end == "DONE"


def test_a_failure_comes_at_its_time_and_may_leave_results() -> None:
    tasks = TaskBook()
    task = _task(1, outcome=Outcome("2039", task_status=40, at_fraction=0.5, items=2))
    tasks.take(task, slots=0)
    assert task.items(49) == 0
    tasks.settle(50, slots=NO_LIMIT)
    assert (task.status(50), task.task_status(50), task.items(50), task.ended_at) == (30, 40, 2, 50)


def test_the_limit_counts_what_has_not_ended_by_account_and_kind() -> None:
    tasks = TaskBook()
    tasks.take(_task(1), slots=0)
    tasks.check_limit("one", "VIDEO", 1)
    tasks.check_limit("two", "IMAGE", 1)
    with pytest.raises(Refusal, match="1310"):
        tasks.check_limit("one", "IMAGE", 1)
    tasks.settle(100, slots=NO_LIMIT)
    tasks.check_limit("one", "IMAGE", 1)
    assert tasks.peak_open == {("one", "IMAGE"): 1}
