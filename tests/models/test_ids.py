"""Ids: unique and ordered with any clock, generated without waiting."""

import threading
import time

import pytest

from models.ids import EPOCH_MS, IdSource, global_id, parse_global_id

START_MS = EPOCH_MS + 1_000_000_000


class Clock:
    """A clock that tests set."""

    def __init__(self, now_ms: int = START_MS) -> None:
        self.now_ms = now_ms

    def __call__(self) -> int:
        return self.now_ms


def parts(number: int) -> tuple[int, int, int]:
    """Milliseconds since 1970, process number, sequence."""
    return (number >> 22) + EPOCH_MS, number >> 12 & 1023, number & 4095


def test_an_id_holds_the_time_the_process_and_a_sequence() -> None:
    source = IdSource(77, clock_ms=Clock())
    assert [parts(source.next()) for _ in range(3)] == [(START_MS, 77, 0), (START_MS, 77, 1), (START_MS, 77, 2)]


def test_a_full_millisecond_borrows_from_the_next() -> None:
    source = IdSource(1, clock_ms=Clock())
    made = [source.next() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert parts(made[-1])[0] == START_MS + 2


def test_after_borrowing_the_clock_is_followed_again() -> None:
    clock = Clock()
    source = IdSource(1, clock_ms=clock)
    for _ in range(5000):
        source.next()
    clock.now_ms += 1  # the source has already used this millisecond
    assert parts(source.next())[0] == START_MS + 1
    clock.now_ms += 10
    assert parts(source.next()) == (START_MS + 11, 1, 0)


@pytest.mark.parametrize("back_ms", [1, 20, 3_600_000, 86_400_000])
def test_a_clock_that_goes_back_keeps_ids_unique_and_in_order(back_ms: int) -> None:
    clock = Clock()
    source = IdSource(1, clock_ms=clock)
    made = [source.next() for _ in range(5)]
    clock.now_ms -= back_ms
    made += [source.next() for _ in range(5000)]
    clock.now_ms += back_ms + 5
    made.append(source.next())
    assert made == sorted(set(made))
    assert parts(made[-1])[0] == START_MS + 5


def test_a_clock_that_goes_back_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(seconds: float) -> None:
        raise AssertionError(f"slept for {seconds} s")

    monkeypatch.setattr(time, "sleep", never)
    clock = Clock()
    source = IdSource(1, clock_ms=clock)
    source.next()
    clock.now_ms -= 60_000
    assert len({source.next() for _ in range(20_000)}) == 20_000


def test_a_clock_before_the_epoch_still_makes_ids() -> None:
    source = IdSource(1, clock_ms=Clock(0))
    assert 0 < source.next() < source.next()


def test_a_new_process_number_goes_on_above_the_former_ones_ids() -> None:
    clock = Clock()
    former = IdSource(900, clock_ms=clock)
    last = [former.next() for _ in range(5)][-1]
    clock.now_ms -= 5_000
    later = IdSource(3, after=former.last, clock_ms=clock)
    assert later.next() > last
    assert parts(later.next())[1] == 3


@pytest.mark.parametrize(
    "text", ["job_007", "job_0", "job_00", "job_-7", "job_+7", "job_ 7", "job_7 ", "job_٧", "job_7_", "job", "",
             "JOB_7", "job_9223372036854775808", "job_99999999999999999999", "task_7"]
)  # fmt: skip
def test_what_is_no_id_is_told_so(text: str) -> None:
    assert parse_global_id(text) is None


@pytest.mark.parametrize("number", [1, 7, 70, 2**63 - 1])
def test_an_id_is_read_as_it_was_written(number: int) -> None:
    assert parse_global_id(global_id("Job", number)) == ("Job", number)


def test_threads_never_share_an_id() -> None:
    source = IdSource(5)
    made: list[int] = []

    def make() -> None:
        made.extend([source.next() for _ in range(5_000)])

    threads = [threading.Thread(target=make) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20_000


@pytest.mark.parametrize("number", [-1, 1024])
def test_a_process_number_has_ten_bits(number: int) -> None:
    with pytest.raises(ValueError, match="process number"):
        IdSource(number)
