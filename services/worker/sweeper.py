"""Housekeeping passes: resumes stuck jobs, rolls up statistics and applies retention. Any process may run them."""

import shutil
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio.to_thread
import structlog

from models.database import execute, is_sqlite
from services.generation.orphans import resume_orphans
from services.generation.similarity.indexing import index_missing
from services.notifications.callbacks.clearing import clear_callbacks
from services.notifications.statistics.history import count_history
from services.notifications.statistics.rollup import roll_up
from services.platform.audit import delete_old_entries
from services.platform.deployment_facts import claim_turn
from services.platform.file_removal import remove_unreferenced
from services.platform.idempotency import delete_expired_keys
from services.stores.jobs.waits import wake_orphaned_stage_jobs
from services.worker.retention.expiry import delete_expired_rows
from services.worker.retention.purge import purge_deleted
from services.worker.retention.results import remove_old_results
from settings import Settings

log = structlog.get_logger(__name__)

SCRATCH_HOURS = 24
CACHE_HOURS = 24
VACUUM_PAGES = 5000
HOUSEKEEPING_SECONDS = 600.0
GRACE_SECONDS = 1800.0
"How long an unreferenced file stays marked before it is removed."
STATISTICS_SECONDS = 2.0
"The longest that one statistics step runs."


async def sweep() -> bool:
    """Resumes jobs that no worker holds after an internal fault. Returns False: never more to do at once."""
    await _each(
        {
            "orphaned stages": wake_orphaned_stage_jobs,
            "orphaned generations": resume_orphans,
            "similarity": index_missing,
        }
    )
    return False


async def roll_up_statistics() -> bool:
    """Counts jobs that ended before statistics existed, and rolls up those that ended since. Returns False."""
    await _each(
        {
            "history": lambda: count_history(STATISTICS_SECONDS),
            "statistics": lambda: roll_up(STATISTICS_SECONDS),
        }
    )
    return False


async def apply_retention(settings: Settings) -> bool:
    """Clears this host's scratch and cache folders. Once in HOUSEKEEPING_SECONDS, one process of the deployment also
    removes expired rows and files from the database and the storage. A step that fails is logged; the others still
    run. Returns False.
    """
    await _each(
        {
            "scratch": lambda: _clear(clear_scratch, settings.data_dir / "scratch", SCRATCH_HOURS),
            "cache": lambda: _clear(clear_cache, settings.data_dir / "cache", CACHE_HOURS),
        }
    )
    if await claim_turn("housekeeping", HOUSEKEEPING_SECONDS * 0.9):
        await _each(
            {
                "keys": delete_expired_keys,
                "callbacks": clear_callbacks,
                "audit": lambda: delete_old_entries(settings.audit_days),
                "deleted rows": lambda: purge_deleted(settings.deleted_row_days),
                "old rows": delete_expired_rows,
                "old results": lambda: remove_old_results(settings.file_retention_days),
                "files": lambda: _remove_files(settings),
            }
        )
    if is_sqlite():
        await execute(f"PRAGMA incremental_vacuum({VACUUM_PAGES})")
    return False


async def _each(steps: dict[str, Callable[[], Awaitable[object]]]) -> None:
    for name, step in steps.items():
        try:
            done = await step()
            if isinstance(done, int) and done:
                log.info("sweep.completed", what=name, number=int(done))
        except Exception:
            log.exception("sweep.failed", what=name)


async def _remove_files(settings: Settings) -> int:
    now = datetime.now(UTC)
    oldest = now - timedelta(days=settings.unreferenced_file_days)
    return await remove_unreferenced(oldest, now - timedelta(seconds=GRACE_SECONDS))


async def _clear(clear: Callable[[Path, float], None], folder: Path, hours: float) -> None:
    await anyio.to_thread.run_sync(clear, folder, hours * 3600.0)


def clear_scratch(folder: Path, older_than_seconds: float) -> None:
    """Removes scratch folders not modified for that long, left by ended processes. Blocks: run it in a thread."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        try:
            if time.time() - path.stat().st_mtime >= older_than_seconds:
                shutil.rmtree(path, ignore_errors=True)
        except FileNotFoundError:
            continue


def clear_cache(folder: Path, unused_seconds: float) -> None:
    """Removes cached copies of object storage files not used for that long. Blocks: run it in a thread."""
    for path in folder.rglob("*") if folder.is_dir() else ():
        try:
            if path.is_file() and time.time() - path.stat().st_mtime >= unused_seconds:
                path.unlink()
        except FileNotFoundError:
            continue
