"""The one door through which a job changes its status."""

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
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, database_time, one_of, update


@dataclass(frozen=True)
class Changed:
    """A job whose row was written."""

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
    """Changes the status of those of the jobs that are in an expected one; which those were, by id. One statement.

    What goes with the status is written too: an end clears the lease, the message and the due time, writes when, and
    takes the progress of a success to 1; an end as CANCELED also takes the lease from its holder. due_in_ms: when a
    live one is due, None: at no time. condition: what must hold besides, in SQL, for the store's own statements.
    values: other columns, which may also replace those that go with the status. Version and followers: as `announce`.

    Raises ForbiddenTransitionError where JOB_TRANSITIONS does not have it, and changes nothing then.
    """
    check_transition(JOB_TRANSITIONS, expected, to)
    where = (which if isinstance(which, Jobs) else Jobs(ids=which)).where()
    rows = await update(
        Job,
        {
            "status": to,
            "version": raised("version"),
            **_that_go_with(to),
            "due_at_ms": in_ms(due_in_ms),
            **with_errors_as_json(values),
        },
        all_of(where, one_of("status", expected), *condition),
        ("id", "type", "batch_id", "parent_id"),
    )
    changed = [Changed(row["id"], JobType(row["type"]), row["batch_id"], row["parent_id"]) for row in rows]
    announce(changed)
    return sorted(changed, key=lambda job: job.id)


def _that_go_with(to: JobStatus) -> dict[str, Any]:
    if to not in ENDED_JOB_STATUSES:
        return {"worker": NULL, "finished_at": NULL}
    ended = {"worker": NULL, "message": NULL, "finished_at": database_time()}
    if to is JobStatus.SUCCEEDED:
        return {**ended, "progress": 1, "error": NULL}
    return {**ended, "lease_epoch": raised("lease_epoch")} if to is JobStatus.CANCELED else ended


def announce(changed: Iterable[Changed]) -> None:
    """Tells the followers of the jobs, and of their batches, once the transaction has committed."""
    jobs = list(changed)
    topics = [job_topic(job.id) for job in jobs]
    topics += [batch_topic(batch_id) for batch_id in sorted({job.batch_id for job in jobs if job.batch_id is not None})]
    if topics:
        after_commit(lambda: publish(topics))


def announce_ids(job_ids: Iterable[int]) -> None:
    """Tells the followers of the jobs once the transaction has committed."""
    topics = [job_topic(job_id) for job_id in job_ids]
    if topics:
        after_commit(lambda: publish(topics))


def publish(topics: Iterable[str]) -> None:
    for topic in topics:
        bus().publish(topic)
