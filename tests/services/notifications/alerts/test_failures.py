"""Owners of whose generations too many fail are told, by kind, until it is better."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.enums import JobRole, JobStatus, JobType
from models.jobs import Job
from services.notifications.alerts.failures import check_failure_rates
from settings import Settings
from tests.account_factories import make_generation_job
from tests.factories import OTHER, OWNER, make_job

pytestmark = pytest.mark.usefixtures("either_database")
SETTINGS = Settings(_env_file=None, failure_rate_percent=50, failure_rate_minimum=4, failure_rate_minutes=30)


async def end(status: JobStatus, times: int = 1, minutes_ago: float = 1, owner: str = OWNER, **values: Any) -> None:
    for _ in range(times):
        finished_at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
        await make_generation_job(owner, status=status, finished_at=finished_at, **values)


async def open_alerts() -> set[tuple[str, str]]:
    rows = await Alert.filter(kind=AlertKind.FAILURE_RATE_HIGH, resolved_at__isnull=True)
    return {(row.owner, row.cause) for row in rows}


async def test_the_alert_is_raised_when_enough_ended_and_enough_of_them_failed() -> None:
    await end(JobStatus.FAILED, 2)
    await end(JobStatus.SUCCEEDED, 1)
    await end(JobStatus.CANCELED, 5)
    await check_failure_rates(SETTINGS)
    assert await open_alerts() == set()  # 2 of 3, and that is not enough to say anything
    await end(JobStatus.SUCCEEDED, 1)
    await check_failure_rates(SETTINGS)
    await check_failure_rates(SETTINGS)
    assert await open_alerts() == {(OWNER, "rate:IMAGE")}
    alert = await Alert.get()
    assert alert.severity is AlertSeverity.WARNING
    assert "2 of 4 pictures that ended in the last 30 minutes failed (50 %)" in alert.message


async def test_it_is_over_when_the_share_falls_and_when_the_failures_are_long_ago() -> None:
    await end(JobStatus.FAILED, 4)
    await check_failure_rates(SETTINGS)
    await end(JobStatus.SUCCEEDED, 5)
    await check_failure_rates(SETTINGS)
    assert await open_alerts() == set()
    await end(JobStatus.FAILED, 4)
    await check_failure_rates(SETTINGS)
    assert await Alert.all().count() == 2
    await Job.all().update(finished_at=datetime.now(UTC) - timedelta(minutes=31))
    await check_failure_rates(SETTINGS)
    assert await open_alerts() == set()


async def test_owners_and_kinds_are_apart_and_builds_do_not_count() -> None:
    await end(JobStatus.FAILED, 4, type=JobType.IMAGE_TO_VIDEO)
    await end(JobStatus.SUCCEEDED, 5)
    await end(JobStatus.FAILED, 4, owner=OTHER, type=JobType.IMAGE_TO_IMAGE)
    await end(JobStatus.FAILED, 9, minutes_ago=40)
    for _ in range(9):
        await make_job(role=JobRole.BUILD, status=JobStatus.FAILED, finished_at=datetime.now(UTC))
    await check_failure_rates(SETTINGS)
    assert await open_alerts() == {(OWNER, "rate:VIDEO"), (OTHER, "rate:IMAGE")}
