"""Adding to the sums, in the transaction that changes what is summed: rows are appended, none is changed, so whoever
ends generations at the same moment never waits for another here.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from models.database import execute
from models.enums import JobStatus
from models.generation import Attempt
from models.jobs import Job
from services.notifications.statistics.days import calendar_day
from services.notifications.statistics.histogram import bucket_of
from services.notifications.statistics.measures import generation_seconds, switch_count
from services.platform.owned import places
from settings import get_settings

ROWS_AT_ONCE = 2000
"PostgreSQL takes 32,767 values with one statement."
COLUMNS = (
    "job_id",
    "owner",
    "project_id",
    "work_id",
    "kind",
    "day",
    "succeeded",
    "failed",
    "canceled",
    "error_code",
    "switches",
    "generation_ms",
    "bucket",
    "credits",
)


async def note_ended(jobs: Sequence[Job]) -> None:
    """GENERATE jobs as they have ended; each end is noted once. Two statements for up to 2,000 jobs."""
    if not jobs:
        return
    attempts = await _attempts_by_job_id(jobs)
    await append([end_of(job, attempts.get(job.id, ())) for job in jobs])


async def note_reopened(jobs: Sequence[Job]) -> None:
    """GENERATE jobs as they had ended, which are about to be taken up again: their end is taken back. One statement.

    What is taken back is what was written, whatever has changed since; of a job whose end is not noted, nothing is.
    """
    if not jobs:
        return
    same = "job_id, owner, project_id, work_id, kind, day, error_code, bucket"
    sums = ", ".join(f"-SUM({name})" for name in ("succeeded", "failed", "canceled", "switches", "generation_ms"))
    await execute(
        f"INSERT INTO statistics_delta ({same}, succeeded, failed, canceled, switches, generation_ms, credits,"
        f" is_rolled) SELECT {same}, {sums}, 0, ? FROM statistics_delta WHERE job_id IN ({places(jobs)})"
        f" GROUP BY {same} HAVING SUM(succeeded) <> 0 OR SUM(failed) <> 0 OR SUM(canceled) <> 0",
        False,
        *(job.id for job in jobs),
    )


async def note_credits(job: Job, credits: int) -> None:
    """Upstream took a task of the GENERATE job, and charges so many credits for it."""
    if credits:
        await append([charge_of(job, credits, datetime.now(UTC))])


async def forget_jobs(job_ids: Sequence[int]) -> None:
    """Jobs that go for good: what they came to stays in the sums, and cannot be taken back any more."""
    if job_ids:
        await execute(
            f"DELETE FROM statistics_delta WHERE is_rolled AND job_id IN ({places(job_ids)}) RETURNING id", *job_ids
        )


async def append(deltas: Sequence[Mapping[str, Any]]) -> None:
    """Writes rows of deltas; a column that is not named is 0 or, where it can be, null."""
    usual = dict.fromkeys(COLUMNS, 0) | dict.fromkeys(("error_code", "generation_ms", "bucket"))
    for start in range(0, len(deltas), ROWS_AT_ONCE):
        part = deltas[start : start + ROWS_AT_ONCE]
        row = f"({places(COLUMNS)}, ?)"
        await execute(
            f"INSERT INTO statistics_delta ({', '.join(COLUMNS)}, is_rolled) VALUES {', '.join([row] * len(part))}",
            *(value for delta in part for value in (*(usual | dict(delta)).values(), False)),
        )


def end_of(job: Job, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """The delta of an end. attempts: all of the job, in order."""
    seconds = generation_seconds(job, attempts) if job.status is JobStatus.SUCCEEDED else None
    time_ms = None if seconds is None else round(seconds * 1000)
    return {
        **_place_of(job, job.finished_at or datetime.now(UTC)),
        "succeeded": int(job.status is JobStatus.SUCCEEDED),
        "failed": int(job.status is JobStatus.FAILED),
        "canceled": int(job.status is JobStatus.CANCELED),
        "error_code": (job.error or {}).get("code") if job.status is JobStatus.FAILED else None,
        "switches": switch_count(attempts),
        "generation_ms": time_ms,
        "bucket": None if time_ms is None else bucket_of(time_ms),
    }


def charge_of(job: Job, credits: int, at: datetime) -> dict[str, Any]:
    """The delta of a charge."""
    return {**_place_of(job, at), "credits": credits}


def _place_of(job: Job, moment: datetime) -> dict[str, Any]:
    """Where and when it counts. The request in a job names the same place as the record that it is for."""
    return {
        "job_id": job.id,
        "owner": job.owner,
        "project_id": job.params["project_id"],
        "work_id": job.params["work_id"],
        "kind": job.params["kind"],
        "day": calendar_day(moment, get_settings().timezone).isoformat(),
    }


async def _attempts_by_job_id(jobs: Sequence[Job]) -> dict[int, list[Attempt]]:
    """The attempts of each job in order, with the columns that matter here; one statement."""
    found = (
        await Attempt.filter(job_id__in=[job.id for job in jobs])
        .only("id", "job_id", "run", "number", "account_id", "site", "placed_at_ms")
        .order_by("job_id", "number")
    )
    return {job_id: list(group) for job_id, group in groupby(found, key=lambda attempt: attempt.job_id)}
