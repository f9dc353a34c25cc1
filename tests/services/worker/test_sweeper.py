"""House-keeping as a whole: whose turn it is, and that one fault keeps nothing else from being done."""

import asyncio
import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.enums import JobStatus
from models.files import StoredFile
from models.jobs import Job
from services.notifications.alerts.raising import raise_alert
from services.platform import files
from services.platform.deployment_facts import claim_turn
from services.worker import sweeper as sweeping
from services.worker.sweeper import apply_retention, roll_up_statistics, sweep
from settings import get_settings
from tests.factories import OWNER, make_file, make_job

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture(autouse=True)
def storage(either_database: str, data_dir: Path) -> None:
    files.use_storage(None, data_dir)


async def loose_file() -> StoredFile:
    """One that nothing refers to, and that was marked long ago."""
    file = await make_file()
    long_ago = datetime.now(UTC) - timedelta(days=9)
    await StoredFile.filter(id=file.id).update(created_at=long_ago, released_at=long_ago)
    return file


async def test_of_all_processes_one_has_the_turn_and_the_next_one_comes_after_its_time() -> None:
    assert sum(await asyncio.gather(*(claim_turn("test", 60) for _ in range(8)))) == 1
    assert not await claim_turn("test", 60)
    assert await claim_turn("other", 60)
    assert await claim_turn("short", 0)
    assert await claim_turn("short", 60), "the former turn is over"


async def test_clearing_away_removes_files_and_rows_when_it_is_its_turn(data_dir: Path) -> None:
    scratch = data_dir / "scratch" / "old"
    scratch.mkdir(parents=True)
    os.utime(scratch, (time.time() - 90_000,) * 2)
    await loose_file()
    await apply_retention(get_settings())
    assert await StoredFile.all().count() == 0
    assert not scratch.exists()
    await loose_file()
    await apply_retention(get_settings())
    assert await StoredFile.all().count() == 1  # somebody has just done it


async def test_a_step_that_fails_keeps_no_other_from_being_done(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken() -> None:
        raise OSError("away")

    monkeypatch.setattr(sweeping, "delete_expired_keys", broken)
    await loose_file()
    await raise_alert(OWNER, AlertKind.CREDIT_LOW, AlertSeverity.WARNING, "old", "It has few credits.")
    await Alert.all().update(resolved_at=datetime.now(UTC) - timedelta(days=100))
    await apply_retention(get_settings())
    assert await StoredFile.all().count() == 0
    assert await Alert.all().count() == 0


async def test_statistics_are_rolled_up_though_counting_the_history_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    rolled: list[float] = []

    async def broken(seconds: float) -> None:
        raise OSError("away")

    async def roll_up(seconds: float) -> int:
        rolled.append(seconds)
        return 1

    monkeypatch.setattr(sweeping, "count_history", broken)
    monkeypatch.setattr(sweeping, "roll_up", roll_up)
    assert await roll_up_statistics() is False
    assert rolled == [sweeping.STATISTICS_SECONDS]


async def test_a_sweep_lets_a_forgotten_stage_job_go_on() -> None:
    stage = await make_job(status=JobStatus.RUNNING, due_at_ms=None)
    assert await sweep() is False
    assert (await Job.get(id=stage.id)).due_at_ms is not None
