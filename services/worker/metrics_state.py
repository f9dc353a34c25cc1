"""Gauges of the database's contents, read with three statements on a scrape, at most once in FRESH_SECONDS."""

import asyncio
import time
from dataclasses import dataclass, field

import structlog
from prometheus_client.core import GaugeMetricFamily

from models.database import execute, is_open, now_ms_sql
from services.platform.metrics.definitions import accounts_family, jobs_family, workers_family
from services.platform.metrics.recording import metrics
from services.platform.runtime import runtime
from services.queue.depths import queue_depths

log = structlog.get_logger(__name__)

FRESH_SECONDS = 5.0
READ_SECONDS = 5.0


@dataclass
class LastRead:
    """When the gauges were last read, in seconds of the monotonic clock; a reader holds the lock."""

    at: float = float("-inf")
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


async def refresh() -> None:
    """Reads the gauges again where they are older than FRESH_SECONDS. Concurrent calls read once.

    After a failed read the gauges are absent from the output.
    """
    last = runtime().state(LastRead)
    async with last.lock:
        if time.monotonic() - last.at < FRESH_SECONDS:
            return
        try:
            async with asyncio.timeout(READ_SECONDS):
                metrics().present.families = await _read() if is_open() else []
        except Exception as error:
            log.warning("metrics.read_failed", error=type(error).__name__)
            metrics().present.families = []
        last.at = time.monotonic()


async def _read() -> list[GaugeMetricFamily]:
    jobs, accounts, workers = jobs_family(), accounts_family(), workers_family()
    for queue, depth in (await queue_depths()).items():
        for state, count in (("waiting", depth.waiting), ("delayed", depth.delayed), ("running", depth.running)):
            jobs.add_metric((queue.value, state), count)
    for row in await execute(
        "SELECT provider, site, status, is_cooling, COUNT(*) AS number FROM (SELECT provider, site, status,"
        " CASE WHEN EXISTS (SELECT 1 FROM account_cooldown WHERE account_cooldown.account_id = account.id"
        f" AND account_cooldown.until_ms > {now_ms_sql()}) THEN 1 ELSE 0 END AS is_cooling"
        " FROM account WHERE deleted_at IS NULL) AS present GROUP BY provider, site, status, is_cooling"
    ):
        cooling = "true" if row["is_cooling"] else "false"
        accounts.add_metric((row["provider"], row["site"] or "", row["status"], cooling), row["number"])
    rows = await execute(
        f"SELECT COUNT(*) AS number FROM process_lease WHERE queues IS NOT NULL AND until_ms > {now_ms_sql()}"
    )
    workers.add_metric((), rows[0]["number"])
    return [jobs, accounts, workers]
