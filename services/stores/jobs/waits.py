"""Due times of jobs: waking those that sleep, delaying those that wait, and restarting their waiting time."""

from collections.abc import Collection

from models.database import execute, now_ms_sql
from models.enums import JobRole, JobStatus, Queue
from models.jobs import Job
from models.sql import greatest_sql, least_sql
from services.platform.leases import Lease
from services.platform.owned import places
from services.stores.clock import NULL, in_ms, raised
from services.stores.jobs.claims import IS_RUNNING
from services.stores.jobs.transitions import Changed, announce_ids, transition
from services.stores.jobs.which import Jobs
from services.stores.updates import Sql, update

IS_LIVE = "status IN ('PENDING', 'RUNNING')"
_NEVER_MS = 9223372036854775807
_POOLS = f"queue IN ('{Queue.POOL_IMAGES.value}', '{Queue.POOL_VIDEOS.value}')"


async def sleep_job(lease: Lease, *, is_due: bool, is_try: bool = True, **values: object) -> bool:
    """Lets the holder's job sleep until it is woken, or makes it due at once (is_due); returns whether the lease was
    held. The job stays RUNNING without a worker, and followers are notified. is_try False: the claim does not count as
    a try. values: other columns.
    """
    tries = {} if is_try else {"tries": raised("tries", -1)}
    rows = await update(
        Job,
        {"worker": NULL, "version": raised("version"), "due_at_ms": in_ms(0 if is_due else None), **tries, **values},
        Sql(f"id = ? AND lease_epoch = ? AND {IS_RUNNING}", (lease.id, lease.epoch)),
    )
    announce_ids(row["id"] for row in rows)
    return bool(rows)


# ---------------------------------------------------------------- stage jobs


async def wake_stage_jobs(target_id: int, *, min_ms: int, per_build_ms: int, max_ms: int, at_once: bool) -> None:
    """Makes the live stage jobs of a target due: now if none of its builds is live or `at_once`; else in per_build_ms
    for each live build, at least min_ms and at most max_ms. An earlier due time stays.
    """
    left = (
        "(SELECT COUNT(*) FROM job AS child WHERE child.target_id = job.target_id"
        f" AND child.role = 'BUILD' AND child.{IS_LIVE})"
    )
    delay = least_sql(str(int(max_ms)), greatest_sql(str(int(min_ms)), f"{int(per_build_ms)} * {left}"))
    wait = "0" if at_once else f"CASE WHEN {left} = 0 THEN 0 ELSE {delay} END"
    due = least_sql(f"COALESCE(due_at_ms, {_NEVER_MS})", f"{now_ms_sql()} + {wait}")
    await execute(
        f"UPDATE job SET wakes = wakes + 1, due_at_ms = {due} WHERE target_id = ? AND role = 'STAGE' AND {IS_LIVE}"
        " RETURNING id",
        target_id,
    )


async def wake_stage_jobs_of_workflow(workflow_id: int) -> list[int]:
    """Makes the workflow's live stage jobs due now; returns their ids."""
    rows = await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()}, wakes = wakes + 1 WHERE workflow_id = ? AND role = 'STAGE'"
        f" AND {IS_LIVE} RETURNING id",
        workflow_id,
    )
    return [row["id"] for row in rows]


async def wake_orphaned_stage_jobs() -> int:
    """Makes stage jobs due that sleep although no build of their target is live; returns how many. Skips paused
    workflows.
    """
    rows = await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()}, wakes = wakes + 1 WHERE role = 'STAGE' AND {IS_LIVE}"
        " AND due_at_ms IS NULL AND NOT EXISTS (SELECT 1 FROM job AS child WHERE child.target_id = job.target_id"
        f" AND child.role = 'BUILD' AND child.{IS_LIVE})"
        " AND NOT EXISTS (SELECT 1 FROM workflow WHERE workflow.id = job.workflow_id AND workflow.status = 'PAUSED')"
        " RETURNING id"
    )
    return len(rows)


async def lock_stage_jobs(which: Jobs) -> list[int]:
    """Locks live stage jobs until the end of the transaction; returns their ids. It waits for a running planning
    transaction, so that the caller sees the builds that it creates.
    """
    where = which.where()
    rows = await execute(
        f"UPDATE job SET version = version + 1 WHERE role = 'STAGE' AND {IS_LIVE} AND {where.text} RETURNING id",
        *where.values,
    )
    return [row["id"] for row in rows]


# ---------------------------------------------------------------- builds


async def wake_builds(ids: Collection[int]) -> None:
    """Makes sleeping live builds due. It writes the rows of the others too: a build that is about to sleep then waits
    for this transaction and sees which generations have ended.
    """
    if not ids:
        return
    await execute(
        f"UPDATE job SET wakes = wakes + 1, due_at_ms = CASE WHEN worker IS NULL THEN {now_ms_sql()} ELSE due_at_ms END"
        f" WHERE id IN ({places(list(ids))}) AND role = 'BUILD' AND {IS_LIVE} RETURNING id",
        *ids,
    )


async def wake_orphaned_builds() -> int:
    """Makes builds due that sleep although none of their generations is live; returns how many."""
    rows = await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()}, wakes = wakes + 1 WHERE role = 'BUILD' AND status = 'RUNNING'"
        " AND worker IS NULL AND due_at_ms IS NULL"
        " AND EXISTS (SELECT 1 FROM job AS child WHERE child.parent_id = job.id AND child.role = 'GENERATE')"
        " AND NOT EXISTS (SELECT 1 FROM job AS child WHERE child.parent_id = job.id AND child.role = 'GENERATE'"
        f" AND child.{IS_LIVE}) RETURNING id"
    )
    return len(rows)


async def suspend_builds_of_workflow(workflow_id: int) -> None:
    """Clears the due times of the workflow's waiting builds, until `resume_builds_of_workflow`."""
    await execute(
        "UPDATE job SET due_at_ms = NULL WHERE workflow_id = ? AND role = 'BUILD' AND status = 'PENDING' RETURNING id",
        workflow_id,
    )


async def resume_builds_of_workflow(workflow_id: int) -> None:
    """Makes the workflow's waiting jobs that have no due time due now."""
    await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE workflow_id = ? AND status = 'PENDING' AND due_at_ms IS NULL"
        " RETURNING id",
        workflow_id,
    )


# ---------------------------------------------------------------- generations


async def requeue_orphaned_generations() -> list[Changed]:
    """Makes pool generations wait for an account again that are RUNNING without a live attempt of their run."""
    return await transition(
        Jobs(role=JobRole.GENERATE),
        to=JobStatus.PENDING,
        expected=[JobStatus.RUNNING],
        due_in_ms=0,
        condition=[
            Sql(
                f"{_POOLS} AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = job.id"
                " AND attempt.state <> 'ENDED' AND attempt.run = job.retry_count)"
            )
        ],
    )


async def make_waiting_due(owner: str) -> None:
    """Makes the owner's delayed generations that wait for an account due now."""
    await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE owner = ? AND role = 'GENERATE' AND status = 'PENDING'"
        f" AND {_POOLS} AND due_at_ms > {now_ms_sql()} RETURNING id",
        owner,
    )


async def restart_waiting_in_batch(owner: str, batch_id: int) -> None:
    """Restarts the waiting time of the jobs of the owner's paused batch, so that the pause does not raise their
    urgency.
    """
    await execute(
        f"UPDATE job SET waiting_since_ms = {now_ms_sql()} WHERE batch_id = ? AND status = 'PENDING'"
        " AND batch_id IN (SELECT id FROM batch WHERE owner = ? AND status = 'PAUSED') RETURNING id",
        batch_id,
        owner,
    )


async def restart_waiting_in_workflow(workflow_id: int) -> None:
    """Restarts the waiting time of the workflow's waiting jobs, so that the pause does not raise their urgency."""
    await execute(
        f"UPDATE job SET waiting_since_ms = {now_ms_sql()} WHERE workflow_id = ? AND status = 'PENDING' RETURNING id",
        workflow_id,
    )
