"""The calendar day of statistics, in the deployment's time zone, and ranges of such days. Pure functions."""

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
    """From the first to the last day, both within, as "YYYY-MM-DD"."""

    first: str
    last: str


def calendar_day(moment: datetime, zone: str) -> date:
    """The calendar day of a moment (with its zone) on the clocks of a zone."""
    return moment.astimezone(ZoneInfo(zone)).date()


def days_of(wanted: DateRange, today: date) -> Days | None:
    """The days of a range that ends today; None: all days."""
    if wanted is DateRange.ALL:
        return None
    return Days((today - timedelta(days=_DAYS[wanted] - 1)).isoformat(), today.isoformat())
