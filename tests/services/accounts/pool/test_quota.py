"""The quota day, as a table: zones, the half hour, and clocks that are put forward and back."""

from datetime import UTC, datetime, timedelta

import pytest

from services.accounts.pool.quota import next_reset, quota_day


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "zone", "day", "reset"),
    [
        # 00:29 and 00:30 in Shanghai, which is eight hours ahead all year
        ("2026-03-09T16:29:59", "Asia/Shanghai", "2026-03-09", "2026-03-09T16:30:00"),
        ("2026-03-09T16:30:00", "Asia/Shanghai", "2026-03-10", "2026-03-10T16:30:00"),
        ("2026-03-10T12:00:00", "Asia/Shanghai", "2026-03-10", "2026-03-10T16:30:00"),
        ("2026-12-31T16:30:00", "Asia/Shanghai", "2027-01-01", "2027-01-01T16:30:00"),
        ("2026-06-01T00:29:00", "UTC", "2026-05-31", "2026-06-01T00:30:00"),
        # Berlin loses an hour at 02:00 on 29 March: its day has 23 hours
        ("2026-03-28T23:30:00", "Europe/Berlin", "2026-03-29", "2026-03-29T22:30:00"),
        ("2026-03-29T22:29:00", "Europe/Berlin", "2026-03-29", "2026-03-29T22:30:00"),
        # and gains one at 03:00 on 25 October: 25 hours
        ("2026-10-24T22:30:00", "Europe/Berlin", "2026-10-25", "2026-10-25T23:30:00"),
        ("2026-10-25T23:29:00", "Europe/Berlin", "2026-10-25", "2026-10-25T23:30:00"),
        # Beirut skips from 00:00 to 01:00 on 29 March 2026: there is no 00:30
        ("2026-03-28T22:29:59", "Asia/Beirut", "2026-03-28", "2026-03-28T22:30:00"),
        ("2026-03-28T22:30:00", "Asia/Beirut", "2026-03-29", "2026-03-29T21:30:00"),
        # Havana goes from 01:00 back to 00:00 on 1 November 2026: the second 00:10 is of the day that has begun
        ("2026-11-01T04:29:00", "America/Havana", "2026-10-31", "2026-11-01T04:30:00"),
        ("2026-11-01T04:40:00", "America/Havana", "2026-11-01", "2026-11-02T05:30:00"),
        ("2026-11-01T05:10:00", "America/Havana", "2026-11-01", "2026-11-02T05:30:00"),
    ],
)
def test_the_day_begins_at_half_past_midnight_of_the_zone(now: str, zone: str, day: str, reset: str) -> None:
    assert (quota_day(utc(now), zone), next_reset(utc(now), zone)) == (day, utc(reset))


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "Asia/Beirut", "America/Havana", "Pacific/Apia"])
def test_days_never_go_back_and_each_ends_at_its_reset(zone: str) -> None:
    now, end, before = utc("2026-01-01T00:00:00"), utc("2027-01-01T00:00:00"), ""
    while now < end:
        day, reset = quota_day(now, zone), next_reset(now, zone)
        assert day >= before
        assert now < reset <= now + timedelta(hours=26)
        assert quota_day(reset - timedelta(seconds=1), zone) == day
        assert quota_day(reset, zone) > day
        now, before = now + timedelta(minutes=30), day


def test_a_moment_may_come_in_any_zone() -> None:
    assert quota_day(datetime.fromisoformat("2026-03-10T00:30:00+08:00"), "Asia/Shanghai") == "2026-03-10"
