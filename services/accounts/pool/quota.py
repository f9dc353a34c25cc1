"""The quota day: daily limits of accounts count from 00:30 to 00:30 in the deployment's time zone.

Pure functions. The start is a moment in time, not a clock reading: when clocks are set back over 00:30, the day does
not end again once started; when they are set forward over it, the day starts half an hour after its first minute.
"""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAY_BEGINS_AT = time(0, 30)


def quota_day(now: datetime, zone: str) -> str:
    """The quota day of a zone-aware moment, "YYYY-MM-DD"."""
    return _day(now, zone).isoformat()


def next_reset(now: datetime, zone: str) -> datetime:
    """When the quota day of a moment ends and the counts are reset, in UTC."""
    return _start(_day(now, zone) + timedelta(days=1), zone)


def _day(now: datetime, zone: str) -> date:
    local_date = now.astimezone(ZoneInfo(zone)).date()
    candidates = (local_date + timedelta(days=1), local_date)
    return next((day for day in candidates if _start(day, zone) <= now), local_date - timedelta(days=1))


def _start(day: date, zone: str) -> datetime:
    return datetime.combine(day, DAY_BEGINS_AT, ZoneInfo(zone)).astimezone(UTC)
