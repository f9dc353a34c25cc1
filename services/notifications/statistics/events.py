"""Adding to the sums, in the transaction that changes what is summed: rows are appended, none is changed, so whoever
ends generations at the same moment never waits for another here.
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
    """GENERATE jobs as they have ended; each end is noted once. Two statements for up to 2,000 jobs."""
    if not jobs:
        return
    attempts = await _attempts_by_job_id(jobs)
    await statistics.append_deltas([end_of(job, attempts.get(job.id, ())) for job in jobs])


async def record_reopened(jobs: Sequence[Job]) -> None:
    """GENERATE jobs as they had ended, which are about to be taken up again: their end is taken back. One statement.

    What is taken back is what was written, whatever has changed since; of a job whose end is not noted, nothing is.
    """
    if jobs:
        await statistics.take_back_ends([job.id for job in jobs])


async def record_credits(job: Job, credits: int) -> None:
    """Upstream took a task of the GENERATE job, and charges so many credits for it."""
    if credits:
        await statistics.append_deltas([charge_of(job, credits, datetime.now(UTC))])


async def delete_deltas_of_jobs(job_ids: Sequence[int]) -> None:
    """Jobs that go for good: what they came to stays in the sums, and cannot be taken back any more."""
    await statistics.remove_deltas_of_jobs(job_ids)


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
