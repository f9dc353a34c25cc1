"""Batches that stand still are told of until something moves."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.alert_enums import AlertKind
from models.alerts import Alert
from models.batches import Batch
from models.database import transaction
from models.enums import BatchStatus, BatchType, JobStatus, MediaKind
from models.jobs import Job
from services.generation.batches.lifecycle import begin_batches, reopen_batches
from services.generation.batches.pausing import pause_batch, resume_batch
from services.notifications.alerts.stalls import check_stalled_batches
from settings import Settings
from tests.account_factories import make_generation_job
from tests.factories import OWNER

pytestmark = pytest.mark.usefixtures("either_database")
SETTINGS = Settings(_env_file=None, batch_stalled_seconds=1800)


def ago(minutes: float) -> datetime:
    return datetime.now(UTC) - timedelta(minutes=minutes)


async def make_batch(minutes_ago: float = 60, **values: Any) -> Batch:
    batch = await Batch.create(
        **{
            "owner": OWNER,
            "kind": MediaKind.IMAGE,
            "type": BatchType.IMAGE_GENERATE,
            "status": BatchStatus.RUNNING,
            "project_id": "default",
            "work_id": "moon",
            "total_count": 3,
            "started_at": ago(minutes_ago),
            **values,
        }
    )
    await Batch.filter(id=batch.id).update(updated_at=ago(minutes_ago))
    return batch


async def make_item(batch: Batch, status: JobStatus, **values: Any) -> Job:
    return await make_generation_job(batch_id=batch.id, status=status, **values)


async def alerted_batches() -> list[int]:
    rows = await Alert.filter(kind=AlertKind.BATCH_STALLED, resolved_at__isnull=True).order_by("batch_id")
    assert [row.cause for row in rows] == [f"batch:{row.batch_id}" for row in rows]
    return [row.batch_id for row in rows]


async def test_a_batch_without_progress_raises_one_alert() -> None:
    batch = await make_batch()
    await make_item(batch, JobStatus.SUCCEEDED, started_at=ago(50), finished_at=ago(40))
    await make_item(batch, JobStatus.RUNNING, started_at=ago(40))
    await make_item(batch, JobStatus.PENDING)
    for _ in range(2):
        await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == [batch.id]
    assert (
        "none of its jobs started or ended in the last 30 minutes (1 waiting, 1 running)" in (await Alert.get()).message
    )


@pytest.mark.parametrize("moved", ["started_at", "finished_at"])
async def test_it_is_over_when_a_job_begins_or_ends(moved: str) -> None:
    batch = await make_batch()
    job = await make_item(batch, JobStatus.PENDING)
    await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == [batch.id]
    await Job.filter(id=job.id).update(**{moved: ago(1)})
    await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == []
    await Job.filter(id=job.id).update(**{moved: ago(31)})
    await check_stalled_batches(SETTINGS)
    assert await Alert.all().count() == 2


@pytest.mark.parametrize("status", [BatchStatus.PAUSED, BatchStatus.PARTIALLY_FAILED, BatchStatus.CANCELED])
async def test_it_is_over_when_the_batch_is_paused_or_ends(status: BatchStatus) -> None:
    batch = await make_batch()
    await make_item(batch, JobStatus.PENDING)
    await check_stalled_batches(SETTINGS)
    await Batch.filter(id=batch.id).update(status=status)
    await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == []


async def test_batches_that_wait_rest_move_or_have_just_gone_on_raise_no_alert() -> None:
    resting: tuple[dict[str, Any], ...] = (
        {"status": BatchStatus.PENDING},
        {"status": BatchStatus.PAUSED},
        {"status": BatchStatus.SUCCEEDED},
        {"minutes_ago": 5},
    )
    for values in resting:
        await make_item(await make_batch(**values), JobStatus.PENDING)
    moving = await make_batch()
    await make_item(moving, JobStatus.RUNNING, started_at=ago(3))
    await make_item(moving, JobStatus.PENDING)
    await make_item(await make_batch(), JobStatus.SUCCEEDED, finished_at=ago(50))  # is about to be ended
    await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == []


async def test_a_batch_that_goes_on_after_a_pause_or_a_retry_has_its_time_anew() -> None:
    resumed = await make_batch(status=BatchStatus.PAUSED)
    retried = await make_batch(status=BatchStatus.FAILED)
    begun = await make_batch(status=BatchStatus.PENDING, started_at=None)
    for batch in (resumed, retried, begun):
        await make_item(batch, JobStatus.PENDING)
    await resume_batch(OWNER, resumed.id)
    await transaction(lambda: reopen_batches([retried.id]))
    await begin_batches([begun.id])
    assert {batch.status for batch in await Batch.all()} == {BatchStatus.RUNNING}
    await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == []
    await Batch.all().update(updated_at=ago(31), started_at=ago(31))
    await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == [resumed.id, retried.id, begun.id]
    await pause_batch(OWNER, resumed.id)
    await check_stalled_batches(SETTINGS)
    assert await alerted_batches() == [retried.id, begun.id]
