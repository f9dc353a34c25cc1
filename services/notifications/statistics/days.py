"""Calendar days in the deployment's time zone, and ranges of them. Pure functions."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class DateRange(StrEnum):
    TODAY = "TODAY"
    WEEK = "WEEK"
    MONTH = "MONTH"
    ALL = "ALL"


_DAYS = {DateRange.TODAY: 1, DateRange.WEEK: 7, DateRange.MONTH: 30}


@dataclass(frozen=True)
class Days:
    """The first and the last day of a range, inclusive, as "YYYY-MM-DD"."""

    first: str
    last: str


def calendar_day(moment: datetime, zone: str) -> date:
    """The calendar day of a zone-aware moment in the given time zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def days_of(date_range: DateRange, today: date) -> Days | None:
    """The days of a range that ends today; None means all days."""
    if date_range is DateRange.ALL:
        return None
    return Days((today - timedelta(days=_DAYS[date_range] - 1)).isoformat(), today.isoformat())
