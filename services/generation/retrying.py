"""Retries of generations. A task that the provider has accepted is never submitted a second time."""

from collections.abc import Sequence

from tortoise.exceptions import IntegrityError

from errors import ConflictError
from models.accounts import Account
from models.enums import ENDED_JOB_STATUSES, AttemptOutcome, AttemptState, JobStatus
from models.generation import Attempt, GenerationRecord
from models.job_errors import FINISH, TIMEOUT, JobError
from models.jobs import Job
from services.generation.on_ended import on_reopening
from services.platform.locking import lock_rows
from services.queue.notify import notify
from services.stores import attempts as store
from services.stores.jobs.moves import reopen_generations

SUPERSEDED = "A newer job has replaced it on its record, or the record was deleted."
BUSY = "Its storyboard is already being generated."


async def retry_generation(job: Job) -> None:
    """Retries a failed or canceled generation from the step that it reached. In a transaction.

    If the provider still has a task, the job polls it again; if a result was not stored, because that failed or because
    the cancellation came after the task was done, it is fetched again; if it is not known how the provider ended a
    task, that is asked first. Otherwise the job waits for an account.

    Raises ConflictError if the record has a newer job or was deleted.
    """
    current = await current_among([job])
    if not current:
        raise ConflictError(SUPERSEDED)
    await retry_generations(current)


async def current_among(jobs: Sequence[Job]) -> list[Job]:
    """The jobs that have ended, whose record exists and has no newer job, as they are now. The jobs, and then their
    records, are locked until the end of the transaction.
    """
    if not jobs:
        return []
    ids = [job.id for job in jobs]
    await lock_rows(Job, ids)
    # Read after locking: the statement that waits for a lock returns the row as it was before.
    present = await Job.filter(id__in=ids, status__in=list(ENDED_JOB_STATUSES)).order_by("id")
    record_ids = sorted({job.record_id or 0 for job in present})
    if not record_ids:
        return []
    await lock_rows(GenerationRecord, record_ids)
    records = GenerationRecord.filter(id__in=record_ids, deleted_at__isnull=True).only("id", "current_job_id")
    current = {record.id: record.current_job_id or 0 for record in await records}
    return [job for job in present if job.record_id in current and _is_newest(job, current[job.record_id])]


def _is_newest(job: Job, current_job_id: int) -> bool:
    """Whether the job is the newest of its record. current_job_id: of the record. A job that only refers to a result
    that the record had already (an item of a batch that was not generated again) is newer than the record's own job.
    """
    return current_job_id == job.id or (job.status is JobStatus.SUCCEEDED and current_job_id < job.id)


async def retry_generations(jobs: Sequence[Job]) -> list[Job]:
    """Retries the jobs that failed or were canceled, and returns those. jobs: as returned by current_among.

    Raises ConflictError if a record has another live job.
    """
    ended = [job for job in jobs if job.status in (JobStatus.FAILED, JobStatus.CANCELED)]
    if not ended:
        return []
    await on_reopening(ended)
    resumed: dict[int, int] = {}  # job id -> id of the resumed attempt
    for attempt in await _resumable_attempts([job.id for job in ended]):
        if attempt.job_id in resumed:
            continue
        if await store.resume(attempt.id, attempt.state, has_result=_has_result(attempt)):
            resumed[attempt.job_id] = attempt.id
    for is_resumed in (True, False):
        group = [job.id for job in ended if (job.id in resumed) is is_resumed]
        if group:
            await _reopen(group, is_resumed=is_resumed)
    if resumed:
        await store.count_in_run_of_job(list(resumed.values()))
    notify()
    return ended


async def _reopen(job_ids: Sequence[int], *, is_resumed: bool) -> None:
    try:
        await reopen_generations(job_ids, is_resumed=is_resumed)
    except IntegrityError as error:
        raise ConflictError(BUSY) from error


async def is_resumable(job: Job) -> bool:
    """Whether a failed or canceled generation has a task at the provider, or a paid result, that a
    retry would resume.
    """
    if job.status not in (JobStatus.FAILED, JobStatus.CANCELED):
        return False
    return bool(await _resumable_attempts([job.id]))


async def _resumable_attempts(job_ids: Sequence[int]) -> list[Attempt]:
    """The jobs' attempts that the provider still runs, whose result is paid for, or of which it is not known how they
    ended, in the order of preference for resuming: those with a result first, then those that the provider was not
    asked to cancel, then the newest. That need not be a job's last attempt: one that timed out may still get a result
    after its job failed on another account. The other attempts of a job are left as they are; the first result to
    arrive is used.
    """
    attempts = await Attempt.filter(job_id__in=list(job_ids))
    ended = {attempt.account_id for attempt in attempts if attempt.state is AttemptState.ENDED and attempt.history_id}
    rows = await Account.filter(id__in=list(ended)).exclude(session_sealed="").only("id") if ended else []
    usable = {account.id for account in rows}
    found = [
        attempt
        for attempt in attempts
        if attempt.state in store.UNDER_WAY
        or _lacks_only_storing(attempt)
        or (attempt.account_id in usable and (_has_result(attempt) or _ended_unknown(attempt)))
    ]
    return sorted(found, key=lambda one: (not _has_result(one), _is_canceling(one), -one.number))


def _is_canceling(attempt: Attempt) -> bool:
    return attempt.is_draining and attempt.state is not AttemptState.ENDED


def _has_result(attempt: Attempt) -> bool:
    """Whether the provider has reported a result, which is not stored: it could not be, or nobody wanted it by then."""
    if attempt.state is AttemptState.FETCHING or _lacks_only_storing(attempt):
        return True
    is_unstored = attempt.outcome is not AttemptOutcome.SUCCEEDED and attempt.history_id is not None
    return attempt.state is AttemptState.ENDED and is_unstored and attempt.done_at_ms is not None


def _ended_unknown(attempt: Attempt) -> bool:
    """Whether the attempt ended, canceled or given up, before the provider reported an end of its task."""
    error = JobError.from_json(attempt.error)
    is_untold = attempt.history_id is not None and attempt.done_at_ms is None
    return attempt.state is AttemptState.ENDED and is_untold and (error is None or error.kind == TIMEOUT)


def _lacks_only_storing(attempt: Attempt) -> bool:
    error = JobError.from_json(attempt.error)
    return attempt.state is AttemptState.ENDED and error is not None and error.kind == FINISH
