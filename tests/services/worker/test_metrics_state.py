"""Gauges of what the database holds, read when somebody scrapes."""

import asyncio

import pytest
from prometheus_client.parser import text_string_to_metric_families

from models.accounts import AccountCooldown
from models.database import execute, now_ms
from models.enums import AccountStatus, JobStatus, Queue
from services.platform.process_leases import process_number
from services.platform.runtime import runtime
from services.worker import metrics_state as present_state
from services.worker.metrics_server import exposition
from services.worker.metrics_state import LastRead, refresh
from tests.factories import OTHER, make_job
from tests.metric_values import value
from tests.pool_factories import make_account, make_generation
from tests.statements import counted_statements


async def test_jobs_accounts_and_workers_are_counted(either_database: str) -> None:
    await make_generation()
    await make_generation(OTHER)
    running = await make_job(status=JobStatus.RUNNING, worker="one", queue=Queue.TEXT)
    await execute("UPDATE job SET due_at_ms = 9000000000000 WHERE id = ? RETURNING id", running.id)
    await make_account()
    cooling = await make_account(OTHER)
    await AccountCooldown.create(account_id=cooling.id, kind="", model="", until_ms=await now_ms() + 60_000, reason="x")
    await make_account(status=AccountStatus.BANNED, site=None)
    async with process_number("worker") as number:
        await number.serve([Queue.TEXT])
        await refresh()
    assert value("ekonte_jobs", queue="pool-images", state="waiting") == 2
    assert value("ekonte_jobs", queue="text", state="running") == 1
    assert value("ekonte_jobs", queue="videos", state="waiting") == 0
    labels = {"provider": "fake", "site": "CN", "status": "ACTIVE"}
    assert value("ekonte_accounts", **labels, cooling="false") == 1
    assert value("ekonte_accounts", **labels, cooling="true") == 1
    assert value("ekonte_accounts", provider="fake", site="", status="BANNED", cooling="false") == 1
    assert value("ekonte_workers") == 1


async def test_many_scrapes_at_once_read_once(database: None) -> None:
    with counted_statements() as statements:
        await asyncio.gather(*(exposition() for _ in range(20)))
    assert len(statements) == 3


async def test_where_the_database_is_away_the_rest_is_told(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_generation()
    await refresh()
    assert value("ekonte_jobs", queue="pool-images", state="waiting") == 1

    async def fail() -> None:
        raise OSError("away")

    monkeypatch.setattr(present_state, "queue_depths", fail)
    runtime().state(LastRead).at = float("-inf")
    runtime().metrics.websockets.inc()
    families = {family.name: family for family in text_string_to_metric_families((await exposition()).decode())}
    assert "ekonte_jobs" not in families  # nothing is better than what was true before
    assert families["ekonte_websocket_connections"].samples[0].value == 1


async def test_without_a_database_there_are_only_the_processs_own() -> None:
    assert b"ekonte_build_info" in await exposition()
