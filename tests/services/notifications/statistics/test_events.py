"""Noting ends and charges, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest

from models.database import transaction
from models.enums import JobStatus, Reuse
from models.generation import Attempt
from models.jobs import Job
from models.statistics import StatisticsCell, StatisticsDelta
from services.generation.on_ended import on_ended
from services.generation.retrying import retry_generation
from services.generation.stopping import cancel_generation
from services.notifications.statistics.events import (
    delete_deltas_of_jobs,
    record_credits,
    record_ended,
    record_reopened,
)
from services.notifications.statistics.rollup import roll_up
from tests.changed_settings import change_settings
from tests.factories import OWNER
from tests.pool_factories import make_account, make_generation
from tests.record_factories import finish, start
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")

NOON = datetime(2026, 1, 31, 12, 0, tzinfo=UTC)


async def ended(status: JobStatus = JobStatus.SUCCEEDED, moment: datetime = NOON) -> Job:
    """A job that ended after 30 seconds and a change of account, not noted yet."""
    error = {"code": "TIMEOUT", "message": "Late.", "retryable": True} if status is JobStatus.FAILED else None
    job = await make_generation(status=status, error=error, finished_at=moment)
    for number in (1, 2):
        await Attempt.create(
            owner=OWNER,
            job_id=job.id,
            number=number,
            account_id=number,
            provider="fake",
            kind=job.params["kind"],
            model="fake",
            submit_id=str(number),
            placed_at_ms=int((moment - timedelta(seconds=40 - 10 * number)).timestamp() * 1000),
        )
    return job


async def sums() -> list[tuple[str, int, int, int, int, int]]:
    """By day what the deltas come to, rolled up or not: succeeded, failed, canceled, switches, milliseconds."""
    rows = await StatisticsDelta.all()
    days = sorted({row.day for row in rows})
    names = ("succeeded", "failed", "canceled", "switches", "generation_ms")
    return [
        (day, *(sum(getattr(row, name) or 0 for row in rows if row.day == day) for name in names))  # type: ignore[misc]
        for day in days
    ]


async def test_an_end_is_noted_on_its_day_with_its_time_and_switches() -> None:
    await record_ended([await ended()])
    assert await sums() == [("2026-01-31", 1, 0, 0, 1, 30_000)]


async def test_a_failed_one_has_its_reason_and_no_time() -> None:
    await record_ended([await ended(JobStatus.FAILED)])
    assert await sums() == [("2026-01-31", 0, 1, 0, 1, 0)]
    assert (await StatisticsDelta.get()).error_code == "TIMEOUT"


async def test_a_result_that_is_handed_out_again_has_succeeded_in_no_time() -> None:
    await finish(await start(prompt="the same"))
    job = await start("another-shot", prompt="the same", reuse=Reuse.EXACT)
    assert job.status is JobStatus.SUCCEEDED
    delta = await StatisticsDelta.get(job_id=job.id)
    assert (delta.succeeded, delta.generation_ms, delta.bucket) == (1, None, None)


async def test_a_thousand_ends_cost_as_many_statements_as_one() -> None:
    job = await ended()
    jobs = [Job(**{**dict(job), "id": job.id + number}) for number in range(1000)]  # type: ignore[call-overload]
    with counted_statements() as statements:
        await record_ended(jobs)
    assert len(statements) == 2
    with counted_statements() as statements:
        await record_reopened(jobs)
    assert len(statements) == 1
    assert await StatisticsDelta.all().count() == 2000
    assert [counts[1:] for counts in await sums()] == [(0, 0, 0, 0, 0)]


async def test_what_is_taken_back_is_what_was_written_though_zone_and_attempts_have_changed() -> None:
    """16:30 in London is the next day in Shanghai."""
    job = await ended(JobStatus.SUCCEEDED, datetime(2026, 1, 31, 16, 30, tzinfo=UTC))
    await record_ended([job])
    assert await sums() == [("2026-02-01", 1, 0, 0, 1, 30_000)]
    change_settings(timezone="Europe/London")
    await Attempt.filter(job_id=job.id).delete()
    await roll_up(60)
    await record_reopened([job])
    assert await sums() == [("2026-02-01", 0, 0, 0, 0, 0)]
    await record_ended([job])
    assert await sums() == [("2026-01-31", 1, 0, 0, 0, 0), ("2026-02-01", 0, 0, 0, 0, 0)]


async def test_taking_back_twice_or_what_was_never_noted_changes_nothing() -> None:
    job, other = await ended(JobStatus.FAILED), await ended()
    await record_ended([job])
    await record_reopened([job, other])
    rows = await StatisticsDelta.all().count()
    await record_reopened([job, other])
    assert await StatisticsDelta.all().count() == rows == 2


async def test_a_charge_stays_when_its_job_is_taken_up_again() -> None:
    await make_account()
    job = await make_generation()
    await record_credits(job, 20)
    await record_credits(job, 0)
    await transaction(lambda: cancel_generation(job))
    await transaction(lambda: retry_generation(job))
    assert [row.credits for row in await StatisticsDelta.all().order_by("id")] == [20, 0, 0]
    await roll_up(60)
    cell = await StatisticsCell.get(grain="OWNER", day="")
    assert (cell.credits, cell.canceled, cell.deltas) == (20, 0, 3)


async def test_what_a_purged_job_came_to_stays_and_only_its_rows_go() -> None:
    job, other = await ended(), await ended()
    await record_ended([job, other])
    await roll_up(60)
    await record_reopened([other])
    await delete_deltas_of_jobs([job.id, other.id])
    assert [(row.job_id, row.succeeded) for row in await StatisticsDelta.all()] == [(other.id, -1)]
    assert (await StatisticsCell.get(grain="OWNER", day="")).succeeded == 2


async def test_an_end_that_is_rolled_back_is_not_noted() -> None:
    job = await ended()

    async def body() -> None:
        await on_ended([job.id])
        raise ValueError("the disk is full")

    with pytest.raises(ValueError, match="disk"):
        await transaction(body)
    assert await StatisticsDelta.all().count() == 0
