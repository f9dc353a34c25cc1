"""What ended before there were statistics is counted after the upgrade, on both databases."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.migrations.executor import MigrationExecutor, MigrationTarget

from errors import JobErrorCode
from models.database import APP, connection, database_config, execute, is_sqlite, open_database, transaction
from models.enums import JobStatus, JobType, MediaKind
from models.generation_requests import GenerationRequest
from models.ids import new_id, use_process_number
from models.job_errors import JobError
from models.jobs import Job
from models.statistics import StatisticsDelta
from models.workers import DeploymentFact
from services.generation.outcomes import fail_generation
from services.generation.retrying import retry_generation
from services.notifications.statistics import history
from services.notifications.statistics.history import count_history
from services.notifications.statistics.rollup import roll_up
from services.platform.migrations import database_url, migrate
from services.queries.record_statistics import StatisticsConditions, record_statistics
from settings import Settings, use_settings
from tests.factories import OWNER
from tests.pool_factories import make_generation
from tests.services.notifications.statistics.recount import wrong_sums

BEFORE = "0004_pool"
WORKS = ("film", "short")
ENDED_AT = datetime(2026, 1, 31, 16, 30, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty database without any table."""
    url = None if request.param == "sqlite" else request.getfixturevalue("empty_postgres_url")
    chosen = Settings(_env_file=None, data_dir=tmp_path, database_url=url)
    use_settings(chosen)
    return chosen


@contextlib.asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[None]:
    EXECUTOR_CACHE.clear()
    use_process_number(1)
    async with open_database(database_url(settings), settings.data_dir):
        yield


def moment_sql(moment: datetime) -> str:
    text = f"'{moment:%Y-%m-%d %H:%M:%S}.000+00:00'"
    return text if is_sqlite() else f"TIMESTAMPTZ {text}"


async def insert(table: str, **values: object) -> None:
    """A row with the columns of the version before."""
    columns = ", ".join(values)
    await execute(f"INSERT INTO {table} ({columns}) VALUES ({', '.join('?' * len(values))})", *values.values())


async def insert_generation(number: int, status: str, **job: object) -> int:
    """A generation as the version before wrote it, with two attempts that were charged; its job's id."""
    request = GenerationRequest(
        kind=MediaKind.IMAGE,
        provider="fake",
        model="fake",
        prompt=f"picture {number}",
        work_id=WORKS[number % 2],
        storyboard_id=f"shot-{number}",
    )
    params = orjson.dumps(request.to_json()).decode()
    record_id, job_id = new_id(), new_id()
    finished_at = ENDED_AT + timedelta(hours=number)
    now = datetime.now(UTC).isoformat() if is_sqlite() else datetime.now(UTC)
    await insert(
        "generation_record", id=record_id, created_at=now, updated_at=now, owner=OWNER, kind="IMAGE",
        project_id="default", work_id=request.work_id, storyboard_id=request.storyboard_id, provider="fake",
        model="fake", prompt=request.prompt, params=params, request_sha256=request.sha256(), current_job_id=job_id,
        is_reused=False, version_count=0, version=1,
    )  # fmt: skip
    await insert(
        "job", id=job_id, created_at=now, owner=OWNER, type=JobType.TEXT_TO_IMAGE.value, role="GENERATE",
        queue="pool-images", status=status, priority_rank=2, progress=0, weight=1, expected_weight=0, retry_count=0,
        tries=0, failures=0, params=params, target_id=record_id, record_id=record_id, lease_epoch=0, wakes=0,
        version=1, **job,
    )  # fmt: skip
    if status in ("SUCCEEDED", "FAILED", "CANCELED"):
        await execute(f"UPDATE job SET finished_at = {moment_sql(finished_at)} WHERE id = ?", job_id)
    for attempt in (1, 2):
        placed_at_ms = int(finished_at.timestamp() * 1000) - 60_000 + attempt * 10_000
        await insert(
            "attempt", id=new_id(), created_at=now, owner=OWNER, job_id=job_id, run=0, number=attempt,
            account_id=attempt, provider="fake", kind="IMAGE", model="fake", submit_id=str(attempt), state="ENDED",
            outcome="SUCCEEDED", is_manual=False, is_detached=False, is_draining=False, credits_spent=4,
            quota_day="2026-02-01", sends=1, failures=0, polls=0, placed_at_ms=placed_at_ms, queued_ms=0,
            accepted_at_ms=placed_at_ms, lease_epoch=0,
        )  # fmt: skip
    return job_id


async def fill(settings: Settings) -> dict[str, int]:
    """A database of the version before, with generations in every state; a job of each state."""
    error = orjson.dumps({"code": "TIMEOUT", "message": "Late.", "retryable": True, "upstreamCode": None}).decode()
    async with opened(settings):
        apps = database_config(database_url(settings), settings.data_dir)["apps"]
        await MigrationExecutor(connection(), apps).migrate([MigrationTarget(APP, BEFORE)])
        ids = {}
        for number, status in enumerate([*JobStatus] * 3):
            known = {"error": error} if status is JobStatus.FAILED else {}
            ids[status.value] = await insert_generation(number, status.value, **known)
    return ids


async def test_an_upgraded_studio_has_its_history_whatever_goes_on_while_it_is_counted(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history, "JOB_BATCH_SIZE", 2)
    ids = await fill(settings)
    await migrate(settings)
    async with opened(settings):
        await count_history(0)
        assert await wrong_sums(OWNER, (), ()) != []
        failed, canceled = await Job.get(id=ids["FAILED"]), await Job.get(id=ids["CANCELED"])
        await transaction(lambda: retry_generation(failed))
        await transaction(lambda: retry_generation(canceled))
        error = JobError(JobErrorCode.INTERNAL, "No.", is_retryable=False)
        await transaction(lambda: fail_generation(canceled, error))
        await asyncio.gather(count_history(60), roll_up(60), count_history(60))
        assert await wrong_sums(OWNER, WORKS, ()) == []
        sums = await record_statistics(OWNER, StatisticsConditions(), datetime.now(UTC))
        assert (sums.total, sums.ended.count, sums.ended.credits, sums.ended.switches) == (15, 8, 120, 8)
        assert not await DeploymentFact.exists(name=history.FACT)


@pytest.mark.usefixtures("either_database")
async def test_a_new_deployment_has_no_history_to_count() -> None:
    assert not await DeploymentFact.exists(name=history.FACT)
    await make_generation(status=JobStatus.CANCELED)
    assert await count_history(60) == 0
    assert await StatisticsDelta.all().count() == 0
