"""Claims jobs in a fair order and keeps their leases.

This module decides which job is next; the store makes the claim (services/stores/jobs/claims). A claim moves
`due_at_ms` to the end of the lease and raises `lease_epoch`. Every later write of the holder names that epoch, so a
holder that lost its lease changes 0 rows and stops. Dead workers need no detection: their jobs become due when the
leases end.
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
"Claims without an end (the job kills its worker) after which a job fails."

MAX_UNCLAIMS = 3
"Claims in a row that may be undone because they exceed max_parallel of their batch."


class _RecentTurns:
    """The owners and groups whose jobs this process claimed last from a queue. Of two with equally many running jobs,
    the one whose turn is longer ago goes first. A restart clears it, which does no harm.
    """

    MAX_REMEMBERED = 16

    def __init__(self) -> None:
        self.owners: list[str] = []
        self.groups: list[int] = []

    def record(self, owner: str, group: int) -> None:
        self.owners = [*(each for each in self.owners if each != owner), owner][-self.MAX_REMEMBERED :]
        self.groups = [*(each for each in self.groups if each != group), group][-self.MAX_REMEMBERED :]

    def owner_sql(self, owner: str) -> str:
        """Returns an ORDER BY term: 0 for an owner without a recent turn, else higher the more recent the turn. It has
        one place for each of `owners`.
        """
        whens = " ".join(f"WHEN ? THEN {number}" for number, _ in enumerate(self.owners, 1))
        return f" CASE {owner} {whens} ELSE 0 END," if whens else ""

    def group_sql(self, group: str) -> str:
        whens = " ".join(f"WHEN {int(each)} THEN {number}" for number, each in enumerate(self.groups, 1))
        return f" CASE {group} {whens} ELSE 0 END," if whens else ""


class TurnsByQueue(defaultdict[Queue, _RecentTurns]):
    """The recent turns of this process, by queue."""

    def __init__(self) -> None:
        super().__init__(_RecentTurns)


async def claim(
    queue: Queue, worker: str, lease_seconds: float, roles: Collection[JobRole] = tuple(JobRole)
) -> tuple[Job, Lease] | None:
    """Claims the queue's next due job of these roles; returns the job and its lease, or None if no due job may start.

    Order: the most urgent job (waiting raises the urgency), then the owner with the fewest running jobs in this queue,
    then that owner's jobs that were moved to the front, then the owner's batch or workflow with the fewest running
    jobs, then the oldest job. Between owners, and between batches, with equally many running jobs, the one whose turn
    is longest ago goes first. Jobs of a paused batch do not start, and no batch exceeds its max_parallel.
    """
    for _ in range(MAX_UNCLAIMS):
        turns = runtime().state(TurnsByQueue)[queue]
        claimed = await claims.claim_next(
            _next_sql(queue, roles, turns),
            (queue.value, queue.value, *turns.owners),
            worker,
            lease_seconds,
            group=group_sql(),
        )
        if claimed is None:
            return None
        turns.record(claimed.owner, claimed.group)
        lease = claimed.lease
        if claimed.batch_id is None or not await _unclaim_if_over_limit(lease, claimed.batch_id):
            bus().publish(job_topic(lease.id))
            return await Job.get(id=lease.id), lease
    return None


MAX_CANDIDATES = 64
"""How many workers can claim at the same moment and each find a job: the query considers this many jobs of the first
lines, and the first jobs of this many lines, for one that no other worker is claiming.
"""
MAX_FRONT_LINES = 4


def _next_sql(queue: Queue, roles: Collection[JobRole], turns: _RecentTurns) -> str:
    """Returns the SELECT of a queue's next job id. Its places are the queue, twice, and the owners of the recent
    turns. A job whose lease has expired may always continue.

    Jobs of one owner, group, urgency and place at the front form a line, ordered by age. The query compares lines, of
    which there are few, instead of single jobs. If other workers are claiming the first job of a line, the next one
    is taken.
    """
    of_role = "" if set(roles) == set(JobRole) else f" AND w.role IN ({', '.join(repr(role.value) for role in roles)})"
    due = f"w.status IN ('PENDING', 'RUNNING') AND w.due_at_ms <= {now_ms_sql()}{of_role}"
    same_line = " AND ".join(f"d.{name} = n.{name}" for name in ("owner", "grp", "aged_rank", "is_begun", "front"))
    return (
        f"WITH due AS MATERIALIZED (SELECT w.id, w.owner, w.batch_id, {group_sql('w')} AS grp,"
        f" w.status = 'RUNNING' AS is_begun, {aged_rank_sql('w')} AS aged_rank, w.front_order AS front FROM job w"
        f" WHERE w.queue = ? AND {due}),"
        f" going AS MATERIALIZED (SELECT owner, {group_sql()} AS grp, COUNT(*) AS number FROM job"
        f" WHERE queue = ? AND status = 'RUNNING' AND worker IS NOT NULL GROUP BY owner, {group_sql()}),"
        " line AS MATERIALIZED (SELECT owner, batch_id, grp, is_begun, aged_rank, front, MIN(id) AS first_id FROM due"
        " GROUP BY owner, batch_id, grp, is_begun, aged_rank, front),"
        # Who moved a job to the front gains nothing over other owners: between those the oldest job decides then.
        " eldest AS MATERIALIZED (SELECT owner, aged_rank, MIN(first_id) AS first_id FROM line"
        " GROUP BY owner, aged_rank),"
        " next_line AS MATERIALIZED (SELECT l.owner, l.grp, l.is_begun, l.aged_rank, l.front, l.first_id,"
        f" ROW_NUMBER() OVER (ORDER BY l.aged_rank, COALESCE(o.number, 0),{turns.owner_sql('l.owner')}"
        " CASE WHEN (SELECT MIN(front) FROM line) < 0 THEN e.first_id ELSE 0 END,"
        f" l.front, COALESCE(g.number, 0),{turns.group_sql('l.grp')} l.first_id) AS place FROM line l"
        " JOIN eldest e ON e.owner = l.owner AND e.aged_rank = l.aged_rank LEFT JOIN batch b ON b.id = l.batch_id"
        " LEFT JOIN (SELECT owner, SUM(number) AS number FROM going GROUP BY owner) o ON o.owner = l.owner"
        " LEFT JOIN going g ON g.owner = l.owner AND g.grp = l.grp"
        f" WHERE l.is_begun OR (NOT {is_paused_sql('l')}"
        " AND (b.max_parallel IS NULL OR COALESCE(g.number, 0) < b.max_parallel))"
        f" ORDER BY place LIMIT {MAX_CANDIDATES}),"
        f" front AS MATERIALIZED (SELECT * FROM next_line ORDER BY place LIMIT {MAX_FRONT_LINES}),"
        f" behind AS MATERIALIZED (SELECT d.id, n.place FROM due d JOIN front n ON {same_line}"
        f" ORDER BY n.place, d.id LIMIT {MAX_CANDIDATES}),"
        " head AS MATERIALIZED (SELECT id, place FROM behind UNION SELECT first_id, place FROM next_line)"
        f" SELECT w.id FROM head h JOIN job w ON w.id = h.id WHERE {due}"
        # PostgreSQL re-checks a locked row, which may have moved to another queue. COALESCE, because for a plain
        # comparison the planner would prefer the index on the queue to the ids.
        f" AND COALESCE(w.queue, '') = '{queue.value}'"
        f" ORDER BY h.place, w.id LIMIT 1{skip_locked_sql('w')}"
    )


async def _unclaim_if_over_limit(lease: Lease, batch_id: int) -> bool:
    """Undoes the claim if it exceeds its batch's max_parallel, and returns whether it did. The lock on the batch's row
    lets one of two simultaneous claims see the other. A job that was released is not counted, as in _next_sql:
    counting it would undo every claim made before it, endlessly.
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
    """Returns whether a build was claimed so often without finishing that it probably terminates its workers."""
    return job.tries - job.failures > MAX_TRIES


async def extend(lease: Lease, lease_seconds: float, progress: float | None = None, message: str | None = None) -> bool:
    """Extends the lease to lease_seconds from now and writes progress, which never decreases, and rolls it up into the
    waiting stage job. Returns False if the lease is lost.
    """
    kept = await claims.extend(lease, lease_seconds, progress, message)
    if kept is None:
        return False
    if progress is not None and kept.parent_id is not None:
        await roll_up_progress(kept.parent_id)
    return True


async def release(lease: Lease) -> None:
    """Releases an unfinished job, so that any worker can claim it at once; for a worker that stops. A second call
    changes nothing.
    """
    await claims.release(lease)


async def roll_up_progress(stage_job_id: int) -> None:
    """Writes a stage job's progress from its children, then the workflow stage's from that, then the workflow's from
    its stages.

    Progress is a share of the estimated work in seconds: the finished weight of the children divided by the total
    weight of this run.
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
    """Writes the workflow's progress from its stages; it never decreases within one run."""
    await workflows.roll_up_progress(workflow_id, STAGE_WEIGHTS)
