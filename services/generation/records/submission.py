"""Waiting until the provider has accepted a job, for callers that poll it themselves (polling MANUAL)."""

from models.enums import ENDED_JOB_STATUSES, Polling
from models.generation import Attempt
from models.jobs import Job
from services.platform.events import bus, job_topic
from services.platform.providers import is_pooled

WAIT_SECONDS = 45.0
RE_READ_SECONDS = 1.0


async def await_submission(job: Job, wait_seconds: float = WAIT_SECONDS) -> Job:
    """Waits until the provider has accepted the job, the job has ended, or the time is over; returns the job. Returns
    at once unless polling is MANUAL and the provider is pooled. Changes nothing: cancelling the call does not stop the
    job.
    """
    if job.params.get("polling") != Polling.MANUAL.value or not is_pooled(str(job.params.get("provider"))):
        return job
    present = job
    with bus().listen([job_topic(job.id)]) as listener:
        for _ in range(max(1, round(wait_seconds / RE_READ_SECONDS))):
            present = await Job.get(id=job.id)
            is_accepted = await Attempt.filter(job_id=job.id, history_id__isnull=False).exists()
            if is_accepted or present.status in ENDED_JOB_STATUSES:
                break
            await listener.next(RE_READ_SECONDS)
    return present
