"""State changes of jobs that several callers use: retry, reopen, start, move to another queue, and end."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute, now_ms_sql
from models.enums import JOB_TRANSITIONS, LIVE_JOB_STATUSES, JobRole, JobStatus, Queue
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from models.sql import timestamp_sql
from services.platform.leases import Lease
from services.platform.owned import places
from services.stores.clock import NULL, now_sql, raised
from services.stores.jobs.transitions import Changed, announce, announce_ids, transition
from services.stores.jobs.which import Jobs
from services.stores.records import mark_changed_with
from services.stores.transitions import check_transition
from services.stores.updates import Sql, update

REOPENED = (JobStatus.FAILED, JobStatus.CANCELED)
LATE = (JobStatus.PENDING, JobStatus.RUNNING, JobStatus.FAILED)
"The statuses of a job whose result arrives after its time-out: waiting for another account, running there, or failed."


async def schedule_retry(lease: Lease, *, wait_ms: int, failures: int, error: JobError, message: str) -> bool:
    """Schedules the next try of the holder's job in wait_ms; returns whether the lease was held. failures: including
    this one. In a paused workflow a build gets no due time: resuming the workflow makes it due.
    """
    is_paused = (
        "role = 'BUILD' AND EXISTS (SELECT 1 FROM workflow"
        " WHERE workflow.id = job.workflow_id AND workflow.status = 'PAUSED')"
    )
    changed = await transition(
        Jobs(lease=lease),
        to=JobStatus.PENDING,
        expected=[JobStatus.RUNNING],
        due_at_ms=Sql(f"CASE WHEN {is_paused} THEN NULL ELSE {now_ms_sql()} + ? END", (wait_ms,)),
        failures=failures,
        error=error,
        message=message,
    )
    return bool(changed)


async def requeue_generation(job_id: int, message: str, *, due_in_ms: int = 0) -> bool:
    """Makes a running generation wait for an account again; returns whether it was running."""
    changed = await transition(
        Jobs(ids=[job_id], role=JobRole.GENERATE),
        to=JobStatus.PENDING,
        expected=[JobStatus.RUNNING],
        due_in_ms=due_in_ms,
        message=message,
    )
    return bool(changed)


async def withdraw_generations(job_ids: Collection[int]) -> list[int]:
    """Makes running generations that lost their account wait for another one, due now, and revokes their leases;
    returns the ids of those that were running.
    """
    if not job_ids:
        return []
    changed = await transition(
        Jobs(ids=job_ids, role=JobRole.GENERATE),
        to=JobStatus.PENDING,
        expected=[JobStatus.RUNNING],
        due_in_ms=0,
        message=NULL,
        lease_epoch=raised("lease_epoch"),
        wakes=raised("wakes"),
    )
    return [job.id for job in changed]


async def reopen(job_ids: Collection[int], *, keeps_progress: bool) -> list[Changed]:
    """Reopens failed and canceled jobs from their beginning, due now, in a new run; returns those that changed."""
    return await _reopen(job_ids, JobStatus.PENDING, 0, **({} if keeps_progress else {"progress": 0}))


async def reopen_generations(job_ids: Collection[int], *, is_resumed: bool) -> list[Changed]:
    """As `reopen`, for generations, whose waiting time starts anew. is_resumed: an attempt is still in progress
    upstream, or only its result has to be fetched; the generations run and are not assigned to an account again.

    Raises IntegrityError if a record has another live job.
    """
    to, due_in_ms = (JobStatus.RUNNING, None) if is_resumed else (JobStatus.PENDING, 0)
    return await _reopen(job_ids, to, due_in_ms, progress=0, waiting_since_ms=now_sql())


async def _reopen(job_ids: Collection[int], to: JobStatus, due_in_ms: int | None, **values: Any) -> list[Changed]:
    return await transition(
        job_ids,
        to=to,
        expected=REOPENED,
        due_in_ms=due_in_ms,
        error=NULL,
        message=NULL,
        tries=0,
        failures=0,
        front_order=0,
        retry_count=raised("retry_count"),
        **values,
    )


@dataclass(frozen=True)
class Started:
    """A generation that has just become RUNNING. run: its retry_count; number: that of its new attempt; group: its
    batch, else its workflow, else 0.
    """

    id: int
    owner: str
    run: int
    number: int
    batch_id: int | None
    group: int


async def start_generations(job_ids: Sequence[int], *, group: str, is_paused: str) -> list[Started]:
    """Makes those of the waiting generations RUNNING that are not paused; returns them. One statement, none for no
    ids.

    group, is_paused: SQL expressions on `job`. Followers are notified after the commit.
    """
    if not job_ids:
        return []
    check_transition(JOB_TRANSITIONS, [JobStatus.PENDING], JobStatus.RUNNING)
    rows = await execute(
        "UPDATE job SET status = 'RUNNING', due_at_ms = NULL, tries = tries + 1, error = NULL, message = NULL,"
        f" started_at = COALESCE(started_at, {timestamp_sql()}), version = version + 1"
        f" WHERE id IN ({places(job_ids)}) AND status = 'PENDING' AND role = 'GENERATE'"
        f" AND NOT {is_paused} RETURNING id, type, parent_id, record_id, owner, retry_count, batch_id,"
        f" {group} AS grp,"
        " (SELECT COALESCE(MAX(number), 0) + 1 FROM attempt WHERE attempt.job_id = job.id) AS number",
        *job_ids,
    )
    await mark_changed_with([row["id"] for row in rows], [row["record_id"] for row in rows if row["record_id"]])
    announce(Changed(row["id"], row["type"], row["batch_id"], row["parent_id"]) for row in rows)
    return [
        Started(row["id"], row["owner"], row["retry_count"], row["number"], row["batch_id"], row["grp"]) for row in rows
    ]


async def move_to_queue(lease: Lease, request: GenerationRequest, queue: Queue) -> bool:
    """Moves the holder's generation, whose inputs are available now, to its provider's queue: due now, with tries and
    failures reset. Returns whether the lease was held.
    """
    changed = await transition(
        Jobs(lease=lease),
        to=JobStatus.PENDING,
        expected=[JobStatus.RUNNING],
        due_in_ms=0,
        params=request.to_json(),
        queue=queue,
        tries=0,
        failures=0,
        error=NULL,
        message=NULL,
    )
    return bool(changed)


async def adopt(job_id: int, request: GenerationRequest, parent_id: int) -> None:
    """Gives an ended generation to another build, which continues with it."""
    await update(Job, {"parent_id": parent_id, "params": request.to_json()}, Sql("id = ?", (job_id,)))


async def supersede(job_ids: Sequence[int]) -> None:
    """Excludes jobs from their batch's counts, because newer jobs have replaced them."""
    rows = await execute(
        f"UPDATE job SET is_superseded = ?, version = version + 1 WHERE id IN ({places(job_ids)}) RETURNING id",
        True,
        *job_ids,
    )
    announce_ids(row["id"] for row in rows)


async def mark_changed(job_ids: Collection[int]) -> None:
    """Raises the versions of jobs whose results changed otherwise, and notifies their followers."""
    changes = {"version": raised("version")}
    rows = await update(Job, changes, Jobs(ids=job_ids).where(), ("id", "type", "batch_id", "parent_id"))
    announce(Changed(row["id"], row["type"], row["batch_id"], row["parent_id"]) for row in rows)


async def cancel(which: Jobs) -> list[Changed]:
    """Ends live jobs as CANCELED and revokes their leases; returns those that changed."""
    return await transition(which, to=JobStatus.CANCELED, expected=LIVE_JOB_STATUSES)


async def fail(which: Jobs, error: JobError, **values: Any) -> list[Changed]:
    """Ends live jobs as FAILED; returns those that changed."""
    return await transition(which, to=JobStatus.FAILED, expected=LIVE_JOB_STATUSES, error=error, **values)


async def succeed(
    which: Jobs, *, expected: Collection[JobStatus] = (JobStatus.RUNNING,), message: str | None = None
) -> list[Changed]:
    """Ends jobs as SUCCEEDED; returns those that changed. message: a remark about the result."""
    return await transition(which, to=JobStatus.SUCCEEDED, expected=expected, message=message)
