"""The header Retry-After, in both of its forms and in none."""

from datetime import UTC, datetime

import pytest

from providers.retry_after import retry_after_seconds

NOW = datetime(2026, 10, 21, 7, 28, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("30", 30.0),
        (" 30 ", 30.0),
        ("0.5", 0.5),
        ("1800", 1800.0),
        ("1801", 1800.0),
        ("9" * 30, 1800.0),
        ("0", None),
        ("-5", None),
        ("1e3", None),
        ("soon", None),
        ("", None),
        ("\u0663\u0660", None),
        ("Wed, 21 Oct 2026 07:28:45 GMT", 45.0),
        ("Wednesday, 21-Oct-26 07:28:45 GMT", 45.0),
        ("Wed Oct 21 07:28:45 2026", 45.0),
        ("Wed, 21 Oct 2026 09:28:45 +0200", 45.0),
        ("Wed, 21 Oct 2026 23:00:00 GMT", 1800.0),
        ("Wed, 21 Oct 2020 07:28:00 GMT", None),
        ("Wed, 21 Oct 2026 07:28:00 GMT", None),
        ("Wed, 99 Oct 2026 07:28:00 GMT", None),
        ("Fri, 31 Dec 99999 23:59:59 GMT", None),
    ],
)
def test_a_wait_is_read_and_capped_or_ignored(value: str, seconds: float | None) -> None:
    assert retry_after_seconds({"retry-after": value}, NOW) == seconds


def test_without_the_header_there_is_no_wait() -> None:
    assert retry_after_seconds({}, NOW) is None


def test_a_date_is_compared_with_the_senders_own_clock() -> None:
    fast = {"retry-after": "Wed, 21 Oct 2026 08:00:10 GMT", "date": "Wed, 21 Oct 2026 08:00:00 GMT"}
    assert retry_after_seconds(fast, NOW) == 10.0
    assert retry_after_seconds({**fast, "date": "nonsense"}, NOW) == 1800.0
