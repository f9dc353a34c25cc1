"""Cancelling and retrying generations. What upstream has taken is never asked for twice."""

from tortoise.exceptions import IntegrityError

from errors import ConflictError
from models.database import execute, now_ms_sql
from models.enums import LIVE_JOB_STATUSES, AttemptOutcome, AttemptState, JobRole, JobStatus
from models.generation import Attempt
from models.jobs import Job
from services.generation.endings import after_ending, before_reopening
from services.generation.outcomes import announce, lock_ended, wake_parent
from services.pool.effects import forget_probe
from services.queue.outcomes import nudge, on_builds_canceled
from services.queue.sql import timestamp_sql
from services.records.holding import lock_record


async def cancel_generation(job: Job) -> bool:
    """Ends a live generation as CANCELED; whether it was live. In a transaction.

    An attempt that was not sent ends with it. One that upstream has, or may have, drains: it is asked to stop, and
    keeps its slot until upstream has ended it.
    """
    rows = await execute(
        "UPDATE job SET status = 'CANCELED', due_at_ms = NULL, message = NULL, worker = NULL,"
        f" lease_epoch = lease_epoch + 1, finished_at = {timestamp_sql()}, version = version + 1"
        " WHERE id = ? AND role = 'GENERATE' AND status IN ('PENDING', 'RUNNING') RETURNING id",
        job.id,
    )
    if not rows:
        return False
    announce(job)
    await drain_attempts(job.id)
    await wake_parent(job)
    await after_ending([job.id])
    return True


async def drain_attempts(job_id: int) -> None:
    """Ends attempts of a job that were not sent, and lets the others drain. In a transaction, after the job has ended.

    In this order, so that one that is being sent at this moment is either ended before it is or drains after it.
    """
    rows = await execute(
        f"UPDATE attempt SET state = 'ENDED', outcome = '{AttemptOutcome.CANCELED.value}', due_at_ms = NULL,"
        f" lease_epoch = lease_epoch + 1, finished_at = {timestamp_sql()},"
        f" released_at_ms = COALESCE(released_at_ms, {now_ms_sql()})"
        " WHERE job_id = ? AND state = 'PLACED' RETURNING id",
        job_id,
    )
    for row in rows:
        await forget_probe(row["id"])
    await execute(
        f"UPDATE attempt SET is_draining = ?, due_at_ms = CASE WHEN state = 'ACCEPTED' THEN {now_ms_sql()}"
        " ELSE due_at_ms END WHERE job_id = ? AND state IN ('SENT', 'ACCEPTED', 'FETCHING') RETURNING id",
        True,
        job_id,
    )
    nudge()


async def retry_generation(job: Job) -> None:
    """Runs a failed or canceled generation again, from where it stands. In a transaction.

    What upstream still works on is waited for again; a result that could not be stored is fetched again; else the job
    waits for an account. Raises ConflictError where the record has gone on with a newer job.
    """
    record = await lock_record(job.owner, job.record_id or 0)
    if record is None or record.current_job_id != job.id:
        raise ConflictError("Its record has gone on with a newer job, or was deleted.")
    ended = await lock_ended(job.id)
    if ended is None or ended.status is JobStatus.SUCCEEDED:
        return
    await before_reopening([ended])
    last = await Attempt.filter(job_id=job.id).order_by("-number").first()
    resumes = last is not None and await _resume(last)
    status, due = ("RUNNING", "NULL") if resumes else ("PENDING", now_ms_sql())
    try:
        rows = await execute(
            f"UPDATE job SET status = '{status}', due_at_ms = {due}, error = NULL, message = NULL, failures = 0,"
            " tries = 0, finished_at = NULL, retry_count = retry_count + 1, progress = 0, version = version + 1,"
            f" waiting_since_ms = {now_ms_sql()}"
            " WHERE id = ? AND status IN ('FAILED', 'CANCELED') RETURNING retry_count",
            job.id,
        )
    except IntegrityError as error:
        raise ConflictError("Its storyboard is being generated already.") from error
    if rows and resumes and last is not None:
        await Attempt.filter(id=last.id).update(run=rows[0]["retry_count"])
    announce(job)
    nudge()


async def is_resumable(job: Job) -> bool:
    """Whether a failed or canceled generation has something upstream, or paid for, that a retry would go on with."""
    if job.status not in (JobStatus.FAILED, JobStatus.CANCELED):
        return False
    last = await Attempt.filter(job_id=job.id).order_by("-number").first()
    return last is not None and (last.state in _UNDER_WAY or _lacks_only_storing(last))


_UNDER_WAY = (AttemptState.SENT, AttemptState.ACCEPTED, AttemptState.FETCHING)


def _lacks_only_storing(last: Attempt) -> bool:
    return last.state is AttemptState.ENDED and (last.error or {}).get("kind") == "FINISH"


async def _resume(last: Attempt) -> bool:
    """Whether the last attempt goes on: it is still upstream, or only its result is missing here. Whoever has a step of
    it at this moment knows it as one to be ended, and loses it.
    """
    if last.state in _UNDER_WAY:
        rows = await execute(
            "UPDATE attempt SET is_detached = ?, is_draining = ?, outcome = 'RUNNING', error = NULL, queued_ms = 0,"
            " lease_epoch = lease_epoch + 1,"
            f" finished_at = NULL, accepted_at_ms = CASE WHEN accepted_at_ms IS NULL THEN NULL ELSE {now_ms_sql()} END,"
            f" sent_at_ms = CASE WHEN accepted_at_ms IS NULL THEN {now_ms_sql()} ELSE sent_at_ms END,"
            f" due_at_ms = {now_ms_sql()} WHERE id = ? AND state = ? RETURNING id",
            False,
            False,
            last.id,
            last.state.value,
        )
        return bool(rows)
    if _lacks_only_storing(last):
        rows = await execute(
            "UPDATE attempt SET state = 'FETCHING', outcome = 'RUNNING', failures = 1, finished_at = NULL,"
            f" lease_epoch = lease_epoch + 1, fetch_since_ms = {now_ms_sql()}, due_at_ms = {now_ms_sql()}"
            " WHERE id = ? AND state = 'ENDED' RETURNING id",
            last.id,
        )
        return bool(rows)
    return False


async def cancel_generations_of(build_ids: list[int]) -> None:
    """Cancels the live generations that builds wait for. In a transaction."""
    for start in range(0, len(build_ids), 10_000):
        children = Job.filter(
            parent_id__in=build_ids[start : start + 10_000], role=JobRole.GENERATE, status__in=list(LIVE_JOB_STATUSES)
        )
        for child in await children:
            await cancel_generation(child)


on_builds_canceled(cancel_generations_of)
