"""Recording statistics events as deltas, in the transaction that changes the job.

Rows are only appended, never updated, so concurrent transactions never wait for each other here.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from models.enums import JobStatus
from models.generation import Attempt
from models.jobs import Job
from services.notifications.statistics.days import calendar_day
from services.notifications.statistics.histogram import bucket_of
from services.notifications.statistics.measures import generation_seconds, switch_count
from services.stores import statistics
from settings import get_settings


async def record_ended(jobs: Sequence[Job]) -> None:
    """Appends a delta for each ended GENERATE job. The caller records each end once. Two statements for up to 2,000
    jobs.
    """
    if not jobs:
        return
    attempts = await _attempts_by_job_id(jobs)
    await statistics.append_deltas([end_of(job, attempts.get(job.id, ())) for job in jobs])


async def record_reopened(jobs: Sequence[Job]) -> None:
    """Reverts the recorded ends of GENERATE jobs that are about to be retried. One statement.

    It reverts exactly what was recorded, even if the job changed since; a job without a recorded end is skipped.
    """
    if jobs:
        await statistics.revert_ends([job.id for job in jobs])


async def record_credits(job: Job, credits: int | None) -> None:
    """Records what upstream charges for an accepted task of the GENERATE job. None: that is not known yet."""
    if credits is None:
        await record_measured(job, 0, unknown=1)
    elif credits:
        await record_measured(job, credits)


async def record_measured(job: Job, credits: int, *, unknown: int = 0) -> None:
    """Adds to the job's credits, and to the number of its tasks whose charge is unknown; both may be negative."""
    if credits or unknown:
        await statistics.append_deltas([charge_of(job, credits, datetime.now(UTC), unknown)])


async def delete_deltas_of_jobs(job_ids: Sequence[int]) -> None:
    """Deletes the deltas of purged jobs. The aggregates keep their values, which can no longer be reverted."""
    await statistics.remove_deltas_of_jobs(job_ids)


def end_of(job: Job, attempts: Sequence[Attempt]) -> dict[str, Any]:
    """The delta of an ended job. attempts: all attempts of the job, in order."""
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


def charge_of(job: Job, credits: int, at: datetime, unknown: int = 0) -> dict[str, Any]:
    return {**_place_of(job, at), "credits": credits, "credits_unknown": unknown}


def _place_of(job: Job, moment: datetime) -> dict[str, Any]:
    """The key columns of a delta. The request stored in a job has the same project and work as its record."""
    return {
        "job_id": job.id,
        "owner": job.owner,
        "project_id": job.params["project_id"],
        "work_id": job.params["work_id"],
        "kind": job.params["kind"],
        "day": calendar_day(moment, get_settings().timezone).isoformat(),
    }


async def _attempts_by_job_id(jobs: Sequence[Job]) -> dict[int, list[Attempt]]:
    """The attempts of each job in order, with only the columns that statistics need; one statement."""
    found = (
        await Attempt.filter(job_id__in=[job.id for job in jobs])
        .only("id", "job_id", "run", "number", "account_id", "site", "placed_at_ms")
        .order_by("job_id", "number")
    )
    return {job_id: list(group) for job_id, group in groupby(found, key=lambda attempt: attempt.job_id)}
