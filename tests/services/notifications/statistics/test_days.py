from datetime import UTC, date, datetime

import pytest

from services.notifications.statistics.days import DateRange, Days, calendar_day, days_of


@pytest.mark.parametrize(
    ("zone", "day"),
    [("Asia/Shanghai", date(2026, 2, 1)), ("UTC", date(2026, 1, 31)), ("America/New_York", date(2026, 1, 31))],
)
def test_a_moment_belongs_to_the_day_on_the_zones_clocks(zone: str, day: date) -> None:
    assert calendar_day(datetime(2026, 1, 31, 16, 0, tzinfo=UTC), zone) == day


def test_the_day_begins_at_midnight() -> None:
    assert calendar_day(datetime(2026, 1, 31, 15, 59, 59, 999_999, tzinfo=UTC), "Asia/Shanghai") == date(2026, 1, 31)


@pytest.mark.parametrize(
    ("wanted", "days"),
    [
        (DateRange.TODAY, Days("2026-03-01", "2026-03-01")),
        (DateRange.WEEK, Days("2026-02-23", "2026-03-01")),
        (DateRange.MONTH, Days("2026-01-31", "2026-03-01")),
        (DateRange.ALL, None),
    ],
)
def test_ranges_end_today(wanted: DateRange, days: Days | None) -> None:
    assert days_of(wanted, date(2026, 3, 1)) == days
