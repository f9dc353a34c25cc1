"""The quota day: what accounts may do each day is counted from 00:30 to 00:30 of the deployment's time zone.

Pure functions. The start is a moment, not a reading of the clock: where clocks are put back over it, a day that has
begun does not end again; where they are put forward over it, the day begins half an hour after its first minute.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_BEGINS_AT = time(0, 30)


def quota_day(now: datetime, zone: str) -> str:
    """The quota day of a moment (with its zone), "YYYY-MM-DD"."""
    return _day(now, zone).isoformat()


def next_reset(now: datetime, zone: str) -> datetime:
    """When the quota day of a moment ends and the counts begin anew, in UTC."""
    return _start(_day(now, zone) + timedelta(days=1), zone)


def _day(now: datetime, zone: str) -> date:
    on_the_clock = now.astimezone(ZoneInfo(zone)).date()
    candidates = (on_the_clock + timedelta(days=1), on_the_clock)
    return next((day for day in candidates if _start(day, zone) <= now), on_the_clock - timedelta(days=1))


def _start(day: date, zone: str) -> datetime:
    return datetime.combine(day, DAY_BEGINS_AT, ZoneInfo(zone)).astimezone(UTC)
