"""Claims of jobs: which worker holds a job, until when, and how it releases it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute, now_ms_sql
from models.enums import JOB_TRANSITIONS, LIVE_JOB_STATUSES, JobStatus
from models.sql import greatest_sql, timestamp_sql
from services.platform.leases import Lease, LeasedTable
from services.stores.jobs.transitions import announce_ids
from services.stores.records import mark_changed_with
from services.stores.transitions import check_transition

LEASES = LeasedTable("job")
IS_RUNNING = "status = 'RUNNING'"


@dataclass(frozen=True)
class Claimed:
    """A job that was just claimed. group: its batch, else its workflow, else 0."""

    lease: Lease
    owner: str
    batch_id: int | None
    group: int


async def claim_next(
    candidate: str, values: Sequence[Any], worker: str, lease_seconds: float, *, group: str
) -> Claimed | None:
    """Claims the live job whose id a SELECT returns and makes it RUNNING; returns None if it returns none. One
    statement, and one for the record of a generation.

    candidate: the SELECT, with places for `values`; group: an SQL expression. Followers are not notified: the caller
    does it once it is sure to keep the claim.
    """
    check_transition(JOB_TRANSITIONS, LIVE_JOB_STATUSES, JobStatus.RUNNING)
    claimed = await LEASES.claim(
        candidate,
        values,
        lease_seconds,
        sets="status = 'RUNNING', tries = tries + 1, worker = ?, version = version + 1,"
        f" started_at = COALESCE(started_at, {timestamp_sql()})",
        set_values=(worker,),
        returning=f"owner, batch_id, record_id, {group} AS grp",
        is_one=True,
    )
    for lease, row in claimed:
        if row["record_id"] is not None:
            await mark_changed_with([lease.id], [row["record_id"]])
        return Claimed(lease, row["owner"], row["batch_id"], row["grp"])
    return None


async def unclaim(lease: Lease) -> bool:
    """Undoes a claim that exceeded a limit: the job is PENDING and due, as if it had not been claimed."""
    check_transition(JOB_TRANSITIONS, [JobStatus.RUNNING], JobStatus.PENDING)
    return await LEASES.release(lease, guard=IS_RUNNING, sets="status = 'PENDING', worker = NULL, tries = tries - 1")


@dataclass(frozen=True)
class Extended:
    """A lease that was extended. parent_id: that of its job."""

    parent_id: int | None


async def extend(
    lease: Lease, lease_seconds: float, progress: float | None = None, message: str | None = None
) -> Extended | None:
    """Extends the lease to lease_seconds from now. Writes the progress, which never decreases, and the message, if
    given. Returns None if the lease is lost. One statement.
    """
    has_changes = progress is not None or message is not None
    rows = await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()} + ?,"
        f" progress = {greatest_sql('progress', 'CAST(? AS DOUBLE PRECISION)')},"
        f" message = COALESCE(?, message), version = version + {1 if has_changes else 0}"
        f" WHERE id = ? AND lease_epoch = ? AND {IS_RUNNING} RETURNING parent_id",
        int(lease_seconds * 1000),
        progress or 0.0,
        message,
        lease.id,
        lease.epoch,
    )
    if not rows:
        return None
    if has_changes:
        announce_ids([lease.id])
    return Extended(rows[0]["parent_id"])


async def release(lease: Lease) -> bool:
    """Releases an unfinished job, so that any worker can claim it at once; for a worker that stops. A second call
    changes nothing.
    """
    return await LEASES.release(
        lease,
        guard=f"{IS_RUNNING} AND worker IS NOT NULL",
        sets="worker = NULL, tries = tries - 1, version = version + 1",
    )


async def release_all() -> int:
    """Makes every leased job due now; returns how many. Only for a process that knows that no other worker is alive."""
    rows = await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE {IS_RUNNING} AND worker IS NOT NULL"
        f" AND due_at_ms > {now_ms_sql()} RETURNING id"
    )
    return len(rows)


async def is_held_by(lease: Lease) -> bool:
    """Returns whether the lease is still held; inside a transaction the answer holds until its end, because the row is
    locked.
    """
    rows = await execute(
        f"UPDATE job SET version = version + 1 WHERE id = ? AND lease_epoch = ? AND {IS_RUNNING} RETURNING id",
        lease.id,
        lease.epoch,
    )
    return bool(rows)
