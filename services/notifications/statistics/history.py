"""Counting what ended before there were statistics: once after the upgrade, in the background, part by part.

The migration counts the charges and leaves a fact that says after which job to go on. The rows say the rest: an ended
job without a delta has not been counted.
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
PART = 500
"Jobs that one transaction counts."


async def count_history(patience_seconds: float) -> int:
    """Counts on, until nothing is left or the time is over; how many jobs it looked at. Any process may do this at any
    time, and be killed at it: each end is counted once.
    """
    deadline = time.monotonic() + patience_seconds
    counted = 0
    while await fact(FACT) is not None:
        counted += await transaction(_count_part)
        if time.monotonic() >= deadline:
            break
    return counted


async def _count_part() -> int:
    reached = await lock_fact(FACT)
    if reached is None:
        return 0
    ids = await lock_where(Job, "role = 'GENERATE' AND id > ?", int(reached), limit=PART)
    if not ids:
        await remove_fact(FACT)
        log.info("statistics.history_counted")
        return 0
    jobs = await Job.filter(id__in=[row["id"] for row in ids], role=JobRole.GENERATE).order_by("id")
    await _count_ends(jobs)
    await set_fact(FACT, str(jobs[-1].id))
    return len(jobs)


async def _count_ends(jobs: Sequence[Job]) -> None:
    """Locked, the jobs cannot be taken up again meanwhile: that would take back an end that is only about to count."""
    rows = await execute(
        f"SELECT DISTINCT job_id FROM statistics_delta WHERE job_id IN ({places(jobs)})"
        " AND (succeeded <> 0 OR failed <> 0 OR canceled <> 0)",
        *(job.id for job in jobs),
    )
    known = {row["job_id"] for row in rows}
    await record_ended([job for job in jobs if job.status in ENDED_JOB_STATUSES and job.id not in known])
