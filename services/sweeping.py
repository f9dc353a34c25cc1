"""House-keeping: closes what nobody closed, and takes away what nobody needs. Any process may do it at any time."""

import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio.to_thread
import structlog

from models.database import execute, is_sqlite, now_ms_sql
from services.audit import forget_old_entries
from services.callbacks.clearing import clear_callbacks
from services.files import remove_unreferenced
from services.generation.closing import take_up_forgotten
from services.idempotency import forget_old_keys
from services.statistics.history import count_history
from services.statistics.rolling import roll_up
from settings import Settings

log = structlog.get_logger(__name__)

SCRATCH_HOURS = 24
CACHE_HOURS = 24
VACUUM_PAGES = 5000
HOUSEKEEPING_SECONDS = 600.0
GRACE_SECONDS = 1800.0
"How long a file that nothing refers to is marked before it goes."
STATISTICS_SECONDS = 2.0
"""The longest that a sweep counts: the worker's other looks wait for it."""

_last_housekeeping = -HOUSEKEEPING_SECONDS


async def sweep(settings: Settings) -> None:
    """Takes up jobs that nobody is at work on and sums up what ended; every ten minutes, clears away files and keys."""
    global _last_housekeeping
    await wake_forgotten_stage_jobs()
    if await take_up_forgotten():
        log.warning("sweep.took_up_forgotten")
    await count_history(STATISTICS_SECONDS)
    await roll_up(STATISTICS_SECONDS)
    if time.monotonic() - _last_housekeeping >= HOUSEKEEPING_SECONDS:
        _last_housekeeping = time.monotonic()
        await clear_away(settings)


async def wake_forgotten_stage_jobs() -> int:
    """Makes stage jobs due that wait for builds that are not there. Returns how many."""
    rows = await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()}, wakes = wakes + 1 WHERE role = 'STAGE'"
        " AND status IN ('PENDING', 'RUNNING') AND due_at_ms IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM job AS child WHERE child.target_id = job.target_id AND child.role = 'BUILD'"
        " AND child.status IN ('PENDING', 'RUNNING'))"
        " AND NOT EXISTS (SELECT 1 FROM workflow WHERE workflow.id = job.workflow_id AND workflow.status = 'PAUSED')"
        " RETURNING id"
    )
    return len(rows)


async def clear_away(settings: Settings) -> None:
    await forget_old_keys()
    await clear_callbacks()
    await forget_old_entries(settings.audit_days)
    oldest = datetime.now(UTC) - timedelta(days=settings.unreferenced_file_days)
    await remove_unreferenced(oldest, datetime.now(UTC) - timedelta(seconds=GRACE_SECONDS))
    await anyio.to_thread.run_sync(clear_scratch, settings.data_dir / "scratch", SCRATCH_HOURS * 3600.0)
    if is_sqlite():
        await execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
    await anyio.to_thread.run_sync(clear_cache, settings.data_dir / "cache", CACHE_HOURS * 3600.0)


def clear_scratch(folder: Path, older_than_seconds: float) -> None:
    """Removes scratch folders of processes that are long gone. Blocks: for a thread."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        try:
            if time.time() - path.stat().st_mtime >= older_than_seconds:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue


def clear_cache(folder: Path, unused_seconds: float) -> None:
    """Removes copies of object storage's files that nobody has read for a while. Blocks: for a thread."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            if path.is_file() and time.time() - path.stat().st_mtime >= unused_seconds:
                path.unlink()
        except FileNotFoundError:
            continue
