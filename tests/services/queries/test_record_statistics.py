"""Reading statistics, on both databases: how many statements that takes, what is kept, and for whom."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from models.enums import JobStatus, MediaKind
from models.jobs import Job
from services.notifications.statistics.days import DateRange, calendar_day
from services.notifications.statistics.events import record_ended
from services.notifications.statistics.rollup import roll_up
from services.queries.record_statistics import MAX_WORKS, RecordSums, StatisticsConditions, record_statistics
from services.stores.statistics import append_deltas
from settings import get_settings
from tests.factories import OTHER, OWNER
from tests.pool_factories import make_generation
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")

EVERYTHING = StatisticsConditions()
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


async def read(conditions: StatisticsConditions = EVERYTHING, owner: str = OWNER) -> RecordSums:
    return await record_statistics(owner, conditions, NOW)


async def write(count: int = 1, owner: str = OWNER, **values: object) -> None:
    place = {"owner": owner, "project_id": "p", "work_id": "w", "kind": "IMAGE", "day": "2026-03-01", "job_id": 1}
    await append_deltas([{**place, "succeeded": 1, **values}] * count)


async def test_what_is_read_costs_three_statements_and_one_while_nothing_changes() -> None:
    for number in range(20):
        await write(work_id=f"work-{number}", day=f"2026-02-{number + 1:02}")
    await roll_up(60)
    await write()
    with counted_statements() as statements:
        first = await read()
    assert len(statements) == 3
    with counted_statements() as statements:
        assert await read() == first
    assert len(statements) == 1


async def test_everybody_sees_his_last_change_at_once_rolled_up_or_not() -> None:
    for number in range(1, 6):
        await write()
        assert (await read()).ended.succeeded == number
        if number % 2:
            await roll_up(60)
            assert (await read()).ended.succeeded == number


async def test_rolling_up_and_others_changes_leave_what_is_kept() -> None:
    await write(5)
    await read()
    await roll_up(60)
    await write(owner=OTHER)
    with counted_statements() as statements:
        await read()
    assert len(statements) == 1


async def test_what_waits_and_runs_is_counted_now_by_the_same_conditions() -> None:
    await make_generation()
    await make_generation(status=JobStatus.RUNNING)
    clip = await make_generation(kind=MediaKind.VIDEO)
    sums = await read(StatisticsConditions(range=DateRange.TODAY))
    assert (sums.pending, sums.running, sums.total) == (2, 1, 3)
    sums = await read(StatisticsConditions(kind=MediaKind.VIDEO, work_id="default", project_id="default"))
    assert (sums.pending, sums.running) == (1, 0)
    await Job.filter(id=clip.id).update(status=JobStatus.RUNNING)
    assert (await read(StatisticsConditions(kind=MediaKind.VIDEO))).running == 1
    assert (await read(StatisticsConditions(work_id="another"))).total == 0


async def test_nobody_sees_what_others_did() -> None:
    await write(3, owner=OTHER, credits=4)
    await make_generation(OTHER)
    sums = await read()
    assert (sums.total, sums.ended.credits, sums.ended.by_day, sums.ended.by_work) == (0, 0, (), ())
    assert (await read(owner=OTHER)).total == 4


async def test_of_nothing_there_are_no_rates_and_no_times() -> None:
    ended = (await read()).ended
    assert (ended.success_rate, ended.average_seconds, ended.p95_seconds) == (None, None, None)


@pytest.mark.parametrize("is_rolled", [False, True])
async def test_ranges_end_today_and_days_come_in_order(is_rolled: bool) -> None:
    for day in ("2026-03-01", "2026-02-23", "2026-02-22", "2026-01-31", "2026-01-30"):
        await write(day=day)
    await write(day="2026-02-28", succeeded=0, credits=4)
    if is_rolled:
        await roll_up(60)
    counts = {}
    for range_ in DateRange:
        ended = (await read(StatisticsConditions(range=range_))).ended
        counts[range_] = (ended.succeeded, ended.credits)
        assert [day for day, _ in ended.by_day] == sorted(day for day, _ in ended.by_day)
        assert sum(of_day.images for _, of_day in ended.by_day) == ended.succeeded
    assert counts == {
        DateRange.TODAY: (1, 0),
        DateRange.WEEK: (2, 4),
        DateRange.MONTH: (4, 4),
        DateRange.ALL: (5, 4),
    }


async def test_days_are_those_of_the_deployments_zone() -> None:
    late = datetime(2026, 1, 31, 16, 30, tzinfo=UTC)
    assert calendar_day(late, get_settings().timezone) == late.astimezone(ZoneInfo("Asia/Shanghai")).date()
    await record_ended([await make_generation(status=JobStatus.CANCELED, finished_at=late)])
    assert [day for day, _ in (await read()).ended.by_day] == [date(2026, 2, 1)]


@pytest.mark.parametrize("is_rolled", [False, True])
async def test_by_work_are_those_with_most_ended_and_at_most_a_hundred(is_rolled: bool) -> None:
    for number in range(MAX_WORKS + 5):
        await write(number + 1, work_id=f"work-{number:03}")
    await write(500, work_id="busiest", kind="VIDEO", succeeded=0, failed=1, error_code="TIMEOUT")
    if is_rolled:
        await roll_up(60)
    by_work = (await read()).ended.by_work
    assert len(by_work) == MAX_WORKS
    assert [work_id for work_id, _ in by_work[:3]] == ["busiest", "work-104", "work-103"]
    assert (by_work[0][1].videos, by_work[0][1].success_rate) == (500, 0.0)
    assert (by_work[1][1].images, by_work[1][1].success_rate) == (105, 1.0)


async def test_reasons_come_with_the_most_frequent_first() -> None:
    await write(2, succeeded=0, failed=1, error_code="TIMEOUT")
    await roll_up(60)
    await write(3, succeeded=0, failed=1, error_code="RATE_LIMIT")
    await write(1, succeeded=0, failed=1, error_code="API_ERROR")
    assert (await read()).ended.by_error == (("RATE_LIMIT", 3), ("TIMEOUT", 2), ("API_ERROR", 1))


async def test_the_same_question_on_the_next_day_is_another() -> None:
    await write(day="2026-03-01")
    today = StatisticsConditions(range=DateRange.TODAY)
    assert (await read(today)).ended.succeeded == 1
    assert (await record_statistics(OWNER, today, NOW + timedelta(days=1))).ended.succeeded == 0
