"""Claiming jobs in fair turns, and keeping their leases.

Here it is decided which job is next; the claim itself is the store's (services/stores/jobs/claims). A claim moves
`due_at_ms` to the end of the lease and raises `lease_epoch`. Every later write of the holder names that epoch, so a
holder that slept too long changes 0 rows and stops. Nobody has to find dead workers: their jobs are due.
"""

from collections import defaultdict
from collections.abc import Collection

from models.batches import Batch
from models.database import execute, now_ms_sql, transaction
from models.enums import JobRole, Queue
from models.jobs import Job
from models.sql import skip_locked_sql
from services.platform.events import bus, job_topic
from services.platform.leases import Lease
from services.platform.locking import lock_rows
from services.platform.runtime import runtime
from services.queue.priority import aged_rank_sql, group_sql, is_paused_sql
from services.stores import workflows
from services.stores.jobs import claims
from services.stores.jobs.progress import sum_up_stage_progress

MAX_TRIES = 5
"Claims after which a job that never comes to an end (it kills its worker) is given up."

MAX_PUT_BACK = 3
"Claims in a row that may turn out to be one too many of their batch."


class _Turns:
    """Whose jobs this process took last from a queue: of two with as many under way the one before has the next turn.
    Forgotten at a restart, without harm.
    """

    MOST = 16

    def __init__(self) -> None:
        self.owners: list[str] = []
        self.groups: list[int] = []

    def note(self, owner: str, group: int) -> None:
        self.owners = [*(each for each in self.owners if each != owner), owner][-self.MOST :]
        self.groups = [*(each for each in self.groups if each != group), group][-self.MOST :]

    def owner_sql(self, owner: str) -> str:
        """A term to order by: 0 for who had no turn lately, else higher the later; each of `owners` is one place."""
        whens = " ".join(f"WHEN ? THEN {number}" for number, _ in enumerate(self.owners, 1))
        return f" CASE {owner} {whens} ELSE 0 END," if whens else ""

    def group_sql(self, group: str) -> str:
        whens = " ".join(f"WHEN {int(each)} THEN {number}" for number, each in enumerate(self.groups, 1))
        return f" CASE {group} {whens} ELSE 0 END," if whens else ""


class TurnsOfQueues(defaultdict[Queue, _Turns]):
    """This process's turns, by queue."""

    def __init__(self) -> None:
        super().__init__(_Turns)


async def claim(
    queue: Queue, worker: str, lease_seconds: float, roles: Collection[JobRole] = tuple(JobRole)
) -> tuple[Job, Lease] | None:
    """The queue's next due job of these roles and the lease on it; None where nothing is due that may begin.

    The most urgent goes first (waiting makes a job more urgent), then that of the owner with the fewest under way in
    this queue, then that of the owner's batch or workflow with the fewest, then the oldest; of owners, and of batches,
    with as many under way the one whose turn was longest ago. Nothing of a paused batch begins, and no more of a batch
    at once than it may have.
    """
    for _ in range(MAX_PUT_BACK):
        turns = runtime().state(TurnsOfQueues)[queue]
        claimed = await claims.claim_next(
            _next_sql(queue, roles, turns),
            (queue.value, queue.value, *turns.owners),
            worker,
            lease_seconds,
            group=group_sql(),
        )
        if claimed is None:
            return None
        turns.note(claimed.owner, claimed.group)
        lease = claimed.lease
        if claimed.batch_id is None or not await _unclaim_if_over_limit(lease, claimed.batch_id):
            bus().publish(job_topic(lease.id))
            return await Job.get(id=lease.id), lease
    return None


MAX_RACING = 64
"""Workers that find a job each when all of them claim at the same moment: so many jobs of the first lines are looked at
for one that nobody else is just claiming, and the first jobs of so many lines.
"""
FIRST_LINES = 4


def _next_sql(queue: Queue, roles: Collection[JobRole], turns: "_Turns") -> str:
    """The id of a queue's next job; its places are the queue, twice, and who had turns. A job whose lease ran out
    goes on in any case.

    Jobs of one owner, group and urgency stand in a line, of which the oldest is first: so the lines are weighed, of
    which there are few, and not each job. Where others are just claiming the first job, it is the next one's turn.
    """
    of_role = "" if set(roles) == set(JobRole) else f" AND w.role IN ({', '.join(repr(role.value) for role in roles)})"
    due = f"w.status IN ('PENDING', 'RUNNING') AND w.due_at_ms <= {now_ms_sql()}{of_role}"
    same_line = "d.owner = n.owner AND d.grp = n.grp AND d.aged_rank = n.aged_rank AND d.is_begun = n.is_begun"
    return (
        f"WITH due AS MATERIALIZED (SELECT w.id, w.owner, w.batch_id, {group_sql('w')} AS grp,"
        f" w.status = 'RUNNING' AS is_begun, {aged_rank_sql('w')} AS aged_rank FROM job w WHERE w.queue = ? AND {due}),"
        f" going AS MATERIALIZED (SELECT owner, {group_sql()} AS grp, COUNT(*) AS number FROM job"
        f" WHERE queue = ? AND status = 'RUNNING' AND worker IS NOT NULL GROUP BY owner, {group_sql()}),"
        " line AS MATERIALIZED (SELECT owner, batch_id, grp, is_begun, aged_rank, MIN(id) AS first_id FROM due"
        " GROUP BY owner, batch_id, grp, is_begun, aged_rank),"
        " next_line AS MATERIALIZED (SELECT l.owner, l.grp, l.is_begun, l.aged_rank, l.first_id, ROW_NUMBER() OVER"
        f" (ORDER BY l.aged_rank, COALESCE(o.number, 0),{turns.owner_sql('l.owner')}"
        f" COALESCE(g.number, 0),{turns.group_sql('l.grp')} l.first_id) AS place FROM line l"
        " LEFT JOIN batch b ON b.id = l.batch_id"
        " LEFT JOIN (SELECT owner, SUM(number) AS number FROM going GROUP BY owner) o ON o.owner = l.owner"
        " LEFT JOIN going g ON g.owner = l.owner AND g.grp = l.grp"
        f" WHERE l.is_begun OR (NOT {is_paused_sql('l')}"
        " AND (b.max_parallel IS NULL OR COALESCE(g.number, 0) < b.max_parallel))"
        f" ORDER BY place LIMIT {MAX_RACING}),"
        f" front AS MATERIALIZED (SELECT * FROM next_line ORDER BY place LIMIT {FIRST_LINES}),"
        f" behind AS MATERIALIZED (SELECT d.id, n.place FROM due d JOIN front n ON {same_line}"
        f" ORDER BY n.place, d.id LIMIT {MAX_RACING}),"
        " head AS MATERIALIZED (SELECT id, place FROM behind UNION SELECT first_id, place FROM next_line)"
        f" SELECT w.id FROM head h JOIN job w ON w.id = h.id WHERE {due}"
        # What is locked is looked at again, and may have gone to another queue meanwhile. Not as a plain comparison: an
        # index of queues would be preferred to the ids.
        f" AND COALESCE(w.queue, '') = '{queue.value}'"
        f" ORDER BY h.place, w.id LIMIT 1{skip_locked_sql('w')}"
    )


async def _unclaim_if_over_limit(lease: Lease, batch_id: int) -> bool:
    """Whether a job that was just claimed would be one more of its batch than may run: then it waits again. Of two that
    are claimed at once the batch's locked row lets one see the other. One that was handed back runs nowhere, here as in
    _next_sql: counted, it would put back whatever is claimed before it, for ever.
    """

    async def body() -> bool:
        rows = await lock_rows(Batch, [batch_id], "max_parallel IS NOT NULL", ["max_parallel"])
        if not rows:
            return False
        found = await execute(
            "SELECT COUNT(*) AS going FROM job WHERE batch_id = ? AND status = 'RUNNING' AND worker IS NOT NULL"
            " AND queue = (SELECT queue FROM job WHERE id = ?)",
            batch_id,
            lease.id,
        )
        if found[0]["going"] <= rows[0]["max_parallel"]:
            return False
        await claims.unclaim(lease)
        return True

    return await transaction(body)


def is_killing_workers(job: Job) -> bool:
    """Whether a build has been claimed so often without coming to an end that it must be what ends its workers."""
    return job.tries - job.failures > MAX_TRIES


async def extend(lease: Lease, lease_seconds: float, progress: float | None = None, message: str | None = None) -> bool:
    """Keeps the lease for lease_seconds more and writes progress, which never goes back; the stage that waits for the
    job follows. False: the lease is lost.
    """
    kept = await claims.extend(lease, lease_seconds, progress, message)
    if kept is None:
        return False
    if progress is not None and kept.parent_id is not None:
        await roll_up_progress(kept.parent_id)
    return True


async def release(lease: Lease) -> None:
    """Gives a job that was not finished to whoever claims next, at once: the worker stops. Twice: nothing more."""
    await claims.release(lease)


async def roll_up_progress(stage_job_id: int) -> None:
    """Writes a stage job's progress from its children, the workflow stage's from that, and the workflow's from those.

    Progress is a share of estimated seconds of work: the children's done weight over all weight of this run.
    """

    async def body() -> None:
        stage = await sum_up_stage_progress(stage_job_id)
        if stage is None or stage.workflow_id is None:
            return
        await workflows.raise_stage_progress(stage.workflow_id, stage_job_id, stage.progress)
        await roll_up_workflow(stage.workflow_id)

    await transaction(body)


STAGE_WEIGHTS = {"SCRIPT": 1.0, "ASSETS": 2.0, "STORYBOARD": 8.0, "ANIMATIC": 16.0, "VIDEO": 42.0, "EDIT": 31.0}
"Shares of the work, in percent, measured on the offline provider."


async def roll_up_workflow(workflow_id: int) -> None:
    """Writes the workflow's progress from its stages'; it never goes back within one run."""
    await workflows.roll_up_progress(workflow_id, STAGE_WEIGHTS)
