"""Taking generations up again. What upstream has taken is never asked for twice."""

from collections.abc import Sequence

from tortoise.exceptions import IntegrityError

from errors import ConflictError
from models.enums import ENDED_JOB_STATUSES, AttemptState, JobStatus
from models.generation import Attempt, GenerationRecord
from models.job_errors import FINISH, JobError
from models.jobs import Job
from services.generation.on_ended import on_reopening
from services.platform.locking import lock_rows
from services.queue.notify import notify
from services.stores import attempts as store
from services.stores.jobs.moves import reopen_generations

GONE_ON = "Its record has gone on with a newer job, or was deleted."
BUSY = "Its storyboard is being generated already."


async def retry_generation(job: Job) -> None:
    """Runs a failed or canceled generation again, from where it stands. In a transaction.

    What upstream still works on is waited for again; a result that could not be stored is fetched again; else the job
    waits for an account. Raises ConflictError where the record has gone on with a newer job.
    """
    current = await current_among([job])
    if not current:
        raise ConflictError(GONE_ON)
    await retry_generations(current)


async def current_among(jobs: Sequence[Job]) -> list[Job]:
    """Those of the jobs that have ended and whose record is there and has not gone on with a newer job, as they are
    now; they, and then their records, are locked until the transaction's end.
    """
    if not jobs:
        return []
    ids = [job.id for job in jobs]
    await lock_rows(Job, ids)
    # Read once it is locked: a lock that was waited for comes with the row as it was before.
    present = await Job.filter(id__in=ids, status__in=list(ENDED_JOB_STATUSES)).order_by("id")
    record_ids = sorted({job.record_id or 0 for job in present})
    if not record_ids:
        return []
    await lock_rows(GenerationRecord, record_ids)
    records = GenerationRecord.filter(id__in=record_ids, deleted_at__isnull=True).only("id", "current_job_id")
    current = {record.id: record.current_job_id or 0 for record in await records}
    return [job for job in present if job.record_id in current and _is_newest(job, current[job.record_id])]


def _is_newest(job: Job, current_job_id: int) -> bool:
    """Whether the record, whose current job that is, has not gone on without the job. One that only stands for a result
    that its record had already (a batch's item that was not made again) is newer than the record's own.
    """
    return current_job_id == job.id or (job.status is JobStatus.SUCCEEDED and current_job_id < job.id)


async def retry_generations(jobs: Sequence[Job]) -> list[Job]:
    """Runs those that failed or were canceled again; which those were. jobs: as current_among gave them.

    Raises ConflictError where a record has another live job.
    """
    ended = [job for job in jobs if job.status in (JobStatus.FAILED, JobStatus.CANCELED)]
    if not ended:
        return []
    await on_reopening(ended)
    resumed: dict[int, int] = {}  # by job the attempt that goes on
    for attempt in await _resumable_attempts([job.id for job in ended]):
        if attempt.job_id not in resumed and await store.resume(attempt.id, attempt.state):
            resumed[attempt.job_id] = attempt.id
    for goes_on in (True, False):
        group = [job.id for job in ended if (job.id in resumed) is goes_on]
        if group:
            await _reopen(group, goes_on=goes_on)
    if resumed:
        await store.count_in_run_of_job(list(resumed.values()))
    notify()
    return ended


async def _reopen(job_ids: Sequence[int], *, goes_on: bool) -> None:
    try:
        await reopen_generations(job_ids, goes_on=goes_on)
    except IntegrityError as error:
        raise ConflictError(BUSY) from error


async def is_resumable(job: Job) -> bool:
    """Whether a failed or canceled generation has something upstream, or paid for, that a retry would go on with."""
    if job.status not in (JobStatus.FAILED, JobStatus.CANCELED):
        return False
    return bool(await _resumable_attempts([job.id]))


async def _resumable_attempts(job_ids: Sequence[int]) -> list[Attempt]:
    """All that the jobs have upstream, or paid for, those first that are to go on: what upstream was not asked to stop,
    and of these the newest. That need not be a job's last attempt: of one that timed out, and whose job then failed on
    another account, the result may still come. The others of a job stay as they are: whichever comes first is taken.
    """
    attempts = await Attempt.filter(job_id__in=list(job_ids))
    found = [attempt for attempt in attempts if attempt.state in store.UNDER_WAY or _lacks_only_storing(attempt)]
    return sorted(found, key=lambda attempt: (_is_asked_to_stop(attempt), -attempt.number))


def _is_asked_to_stop(attempt: Attempt) -> bool:
    return attempt.is_draining and attempt.state is not AttemptState.ENDED


def _lacks_only_storing(attempt: Attempt) -> bool:
    error = JobError.from_json(attempt.error)
    return attempt.state is AttemptState.ENDED and error is not None and error.kind == FINISH
