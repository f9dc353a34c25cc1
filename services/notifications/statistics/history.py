"""The backfill of statistics for jobs that ended before statistics existed: once after the upgrade, in the background.

The migration counts the charges and stores a fact with the id of the last counted job. An ended job without a delta has
not been counted.
"""

import time
from collections.abc import Sequence

import structlog

from models.database import execute, transaction
from models.enums import ENDED_JOB_STATUSES, JobRole
from models.jobs import Job
from services.notifications.statistics.events import record_ended
from services.platform.deployment_facts import fact, lock_fact, remove_fact, set_fact
from services.platform.locking import lock_where
from services.platform.owned import places

log = structlog.get_logger(__name__)

FACT = "statistics_history"
JOB_BATCH_SIZE = 500
"Jobs per transaction."


async def count_history(patience_seconds: float) -> int:
    """Continues the backfill until it is complete or `patience_seconds` have passed; returns how many jobs it read.

    Any process may run it at any time and may be killed meanwhile: each end is counted once.
    """
    deadline = time.monotonic() + patience_seconds
    counted = 0
    while await fact(FACT) is not None:
        counted += await transaction(_count_batch)
        if time.monotonic() >= deadline:
            break
    return counted


async def _count_batch() -> int:
    last_id = await lock_fact(FACT)
    if last_id is None:
        return 0
    ids = await lock_where(Job, "role = 'GENERATE' AND id > ?", int(last_id), limit=JOB_BATCH_SIZE)
    if not ids:
        await remove_fact(FACT)
        log.info("statistics.history_counted")
        return 0
    jobs = await Job.filter(id__in=[row["id"] for row in ids], role=JobRole.GENERATE).order_by("id")
    await _count_ends(jobs)
    await set_fact(FACT, str(jobs[-1].id))
    return len(jobs)


async def _count_ends(jobs: Sequence[Job]) -> None:
    """Records the ends that have no delta yet. The jobs must be locked, since a concurrent retry would revert an end
    before it is recorded.
    """
    rows = await execute(
        f"SELECT DISTINCT job_id FROM statistics_delta WHERE job_id IN ({places(jobs)})"
        " AND (succeeded <> 0 OR failed <> 0 OR canceled <> 0)",
        *(job.id for job in jobs),
    )
    recorded = {row["job_id"] for row in rows}
    await record_ended([job for job in jobs if job.status in ENDED_JOB_STATUSES and job.id not in recorded])
