"""What follows a try."""

from hypothesis import given
from hypothesis import strategies as st

from services.notifications.delivery.retries import MAX_TRIES, WAITS_SECONDS, wait_ms
from services.notifications.delivery.sending import SendResult

NO_ANSWER = SendResult(None, "There was no answer.")


def test_the_waits_are_those_of_the_table_and_then_there_is_none() -> None:
    waits = [wait_ms(NO_ANSWER, failures, 0.0) for failures in range(1, MAX_TRIES + 1)]
    assert waits == [5_000, 300_000, 1_800_000, 7_200_000, 18_000_000, 36_000_000, 36_000_000, None]


@given(st.integers(1, len(WAITS_SECONDS)), st.floats(0, 1, exclude_max=True))
def test_chance_adds_at_most_a_tenth(failures: int, roll: float) -> None:
    wait = wait_ms(SendResult(500), failures, roll)
    assert wait is not None
    assert WAITS_SECONDS[failures - 1] * 1000 <= wait <= WAITS_SECONDS[failures - 1] * 1100


def test_a_receiver_that_is_gone_is_not_asked_again() -> None:
    assert wait_ms(SendResult(410), 1, 0.5) is None
    assert not SendResult(410).is_success


def test_2xx_is_success_and_nothing_else_is() -> None:
    assert [code for code in range(100, 600) if SendResult(code).is_success] == list(range(200, 300))
    assert not NO_ANSWER.is_success


def test_a_receiver_may_ask_for_a_longer_wait_and_not_for_a_shorter_one() -> None:
    assert wait_ms(SendResult(429, None, 60.0), 1, 0.0) == 60_000
    assert wait_ms(SendResult(503, None, 60.0), 2, 0.0) == 300_000
