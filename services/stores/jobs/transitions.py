"""Changes the status of jobs: the only function that does, and the notification of followers."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from models.database import after_commit
from models.enums import ENDED_JOB_STATUSES, JOB_TRANSITIONS, JobStatus, JobType
from models.job_errors import with_errors_as_json
from models.jobs import Job
from services.platform.events import batch_topic, bus, job_topic
from services.stores.clock import NULL, in_ms, raised
from services.stores.jobs.which import Jobs
from services.stores.records import mark_changed_with
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, database_time, one_of, update


@dataclass(frozen=True)
class Changed:
    """A job whose row was just written."""

    id: int
    type: JobType
    batch_id: int | None
    parent_id: int | None


async def transition(
    which: Collection[int] | Jobs,
    *,
    to: JobStatus,
    expected: Collection[JobStatus],
    due_in_ms: int | None = None,
    condition: Collection[Sql] = (),
    **values: Any,
) -> list[Changed]:
    """Changes the status of those of the jobs that are in an expected one; returns them, ordered by id. One statement.

    Dependent columns change too: an end clears the lease, the message and the due time, writes finished_at, and sets
    the progress of a success to 1; CANCELED also revokes the lease. due_in_ms: when a live job is due; None: not until
    it is woken. condition: further SQL conditions, for the statements of this store. values: other columns, which
    override the dependent ones. It raises the version and notifies followers as `announce` does; records whose newest
    jobs these are count as changed (a statement more, or two), but by a success, whose result is written into them.

    Raises ForbiddenTransitionError if JOB_TRANSITIONS does not allow the change; nothing changes then.
    """
    check_transition(JOB_TRANSITIONS, expected, to)
    where = (which if isinstance(which, Jobs) else Jobs(ids=which)).where()
    rows = await update(
        Job,
        {
            "status": to,
            "version": raised("version"),
            **_dependent_columns(to),
            "due_at_ms": in_ms(due_in_ms),
            **with_errors_as_json(values),
        },
        all_of(where, one_of("status", expected), *condition),
        ("id", "type", "batch_id", "parent_id", "record_id"),
    )
    if to is not JobStatus.SUCCEEDED:  # whoever ends a generation well writes its result into the record
        await mark_changed_with([row["id"] for row in rows], [row["record_id"] for row in rows if row["record_id"]])
    changed = [Changed(row["id"], JobType(row["type"]), row["batch_id"], row["parent_id"]) for row in rows]
    announce(changed)
    return sorted(changed, key=lambda job: job.id)


def _dependent_columns(to: JobStatus) -> dict[str, Any]:
    if to not in ENDED_JOB_STATUSES:
        return {"worker": NULL, "finished_at": NULL}
    ended = {"worker": NULL, "message": NULL, "finished_at": database_time()}
    if to is JobStatus.SUCCEEDED:
        return {**ended, "progress": 1, "error": NULL}
    return {**ended, "lease_epoch": raised("lease_epoch")} if to is JobStatus.CANCELED else ended


def announce(changed: Iterable[Changed]) -> None:
    """Notifies the followers of the jobs and of their batches after the commit."""
    jobs = list(changed)
    topics = [job_topic(job.id) for job in jobs]
    topics += [batch_topic(batch_id) for batch_id in sorted({job.batch_id for job in jobs if job.batch_id is not None})]
    if topics:
        after_commit(lambda: publish(topics))


def announce_ids(job_ids: Iterable[int]) -> None:
    """Notifies the followers of the jobs after the commit."""
    topics = [job_topic(job_id) for job_id in job_ids]
    if topics:
        after_commit(lambda: publish(topics))


def publish(topics: Iterable[str]) -> None:
    for topic in topics:
        bus().publish(topic)
