"""What waits for the pool, read for one scheduling pass in a fixed number of statements, however much waits.

Of jobs that want the same, within one group of one owner, only as many are read as a pass could place: ten thousand
waiting jobs are counted through by the database, and a few hundred of them come here.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute, now_ms_sql
from models.enums import AttemptState, MediaKind, Queue
from models.generation import Attempt
from models.jobs import Job
from models.workflows import Workflow
from services.generation.requests import GenerationRequest
from services.pool.choosing import Demand
from services.pool.demands import demand_of
from services.pool.fairness import Group, WaitingJob
from services.providers import pooled_models
from services.queue.priority import aged_rank_sql, group_sql, is_held_with_workflow_sql
from services.reading.owned import places

QUEUE_OF = {MediaKind.IMAGE: Queue.POOL_IMAGES, MediaKind.VIDEO: Queue.POOL_VIDEOS}
MOST_OF_A_KIND = 500
"Jobs that want the same, of one group and rank, that a pass looks at."
MOST_JOBS = 20_000


@dataclass(frozen=True)
class Want:
    """A demand with the provider that it goes to."""

    provider: str
    demand: Demand


@dataclass(frozen=True)
class Backlog:
    """jobs: by owner, the oldest first. wants: by key. groups: by owner and group; changed by what is placed.
    budgets: of the groups that have one.
    """

    jobs: Mapping[str, Sequence[WaitingJob]]
    wants: Mapping[str, Want]
    groups: Mapping[str, Mapping[int, Group]]
    budgets: Mapping[int, int]


async def backlog(kind: MediaKind) -> Backlog:
    """What is due, the most urgent and oldest of each sort; six statements at most."""
    rows = await _rows(kind)
    tried = await _tried({row["id"]: row["retry_count"] for row in rows if row["tries"]})
    jobs: dict[str, list[WaitingJob]] = defaultdict(list)
    samples: dict[str, int] = {}
    for row in rows:
        samples.setdefault(row["want"], row["id"])
        waiting = WaitingJob(row["id"], row["rank"], row["grp"], row["want"], tried.get(row["id"], frozenset()))
        jobs[row["owner"]].append(waiting)
    groups = await _groups(kind, {(row["owner"], row["grp"]) for row in rows})
    budgets = await _limits(groups) if rows else {}
    return Backlog(jobs, await _wants(samples), groups, budgets)


async def _rows(kind: MediaKind) -> list[dict[str, Any]]:
    rank, grp = aged_rank_sql("w"), group_sql("w")
    want = "COALESCE(w.demand_key, CAST(w.id AS TEXT))"
    return await execute(
        "SELECT id, owner, tries, retry_count, rank, grp, want FROM (SELECT w.id, w.owner, w.tries, w.retry_count,"
        f" {rank} AS rank, {grp} AS grp, {want} AS want,"
        f" ROW_NUMBER() OVER (PARTITION BY w.owner, {grp}, {want}, {rank} ORDER BY w.id) AS place"
        f" FROM job w WHERE w.queue = ? AND w.status = 'PENDING' AND w.due_at_ms <= {now_ms_sql()}"
        f" AND NOT {is_held_with_workflow_sql('w')}) AS waiting WHERE place <= ? ORDER BY place, id LIMIT {MOST_JOBS}",
        QUEUE_OF[kind].value,
        MOST_OF_A_KIND,
    )


async def _tried(runs: Mapping[int, int]) -> dict[int, frozenset[int]]:
    """By job the accounts that failed it in its present run. One that it left before anything was sent is none."""
    if not runs:
        return {}
    ended = Attempt.filter(job_id__in=list(runs), state=AttemptState.ENDED)
    found: dict[int, set[int]] = defaultdict(set)
    for row in await ended.values("job_id", "account_id", "run", "sends", "error"):
        if row["run"] == runs[row["job_id"]] and was_a_try(row["sends"], row["error"]):
            found[row["job_id"]].add(row["account_id"])
    return {job_id: frozenset(accounts) for job_id, accounts in found.items()}


def was_a_try(sends: int, error: Mapping[str, Any] | None) -> bool:
    """Whether an attempt says something about its account: it was sent, or upstream had refused what came before."""
    return sends > 0 or (error or {}).get("kind") is not None


async def _wants(samples: Mapping[str, int]) -> dict[str, Want]:
    """By key what its jobs want, read from one of them."""
    if not samples:
        return {}
    models = pooled_models()
    keys = {job_id: key for key, job_id in samples.items()}
    found = {}
    for row in await Job.filter(id__in=list(keys)).values("id", "params"):
        request = GenerationRequest.from_json(row["params"])
        found[keys[row["id"]]] = Want(request.provider, demand_of(request, models))
    return found


async def _groups(kind: MediaKind, wanted: Collection[tuple[str, int]]) -> dict[str, dict[int, Group]]:
    """How many jobs of each group are in flight."""
    groups: dict[str, dict[int, Group]] = defaultdict(dict)
    for owner, group in wanted:
        groups[owner][group] = Group()
    if not wanted:
        return groups
    rows = await execute(
        f"SELECT owner, {group_sql()} AS grp, COUNT(*) AS going FROM job WHERE queue = ? AND status = 'RUNNING'"
        f" GROUP BY owner, {group_sql()}",
        QUEUE_OF[kind].value,
    )
    for row in rows:
        if (known := groups.get(row["owner"], {}).get(row["grp"])) is not None:
            known.in_flight = row["going"]
    return groups


async def _limits(groups: Mapping[str, Mapping[int, Group]]) -> dict[int, int]:
    """Writes what their batches and workflows allow into the groups; returns the budgets, by group."""
    known = {group_id: group for of_owner in groups.values() for group_id, group in of_owner.items() if group_id}
    if not known:
        return {}
    rows = await execute(
        f"SELECT id, max_parallel, credit_budget FROM batch WHERE id IN ({places(list(known))})"
        " AND (max_parallel IS NOT NULL OR credit_budget IS NOT NULL)",
        *known,
    )
    budgets: dict[int, int] = {}
    for row in rows:
        known[row["id"]].max_parallel = row["max_parallel"]
        if row["credit_budget"] is not None:
            budgets[row["id"]] = row["credit_budget"]
    for workflow in await Workflow.filter(id__in=list(known)).values("id", "options"):
        if (budget := workflow["options"].get("credit_budget")) is not None:
            budgets[workflow["id"]] = budget
    for group_id, (committed, is_open) in (await committed_credits(list(budgets))).items():
        known[group_id].credits_left = budgets[group_id] - committed
        known[group_id].credits_open = is_open
    return budgets


async def committed_credits(group_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """By batch or workflow: the credits that its attempts were charged or may be, and how many of those upstream has
    not taken yet.
    """
    if not group_ids:
        return {}
    is_open = "a.credits_spent IS NULL AND a.state IN ('PLACED', 'SENT')"
    rows = await execute(
        f"SELECT {group_sql('j')} AS grp,"
        f" SUM(COALESCE(a.credits_spent, CASE WHEN {is_open} THEN a.credits_expected END, 0)) AS committed,"
        f" SUM(CASE WHEN {is_open} THEN COALESCE(a.credits_expected, 0) ELSE 0 END) AS still_open"
        " FROM job j JOIN attempt a ON a.job_id = j.id WHERE j.role = 'GENERATE' AND"
        f" (j.batch_id IN ({places(group_ids)}) OR j.workflow_id IN ({places(group_ids)})) GROUP BY {group_sql('j')}",
        *group_ids,
        *group_ids,
    )
    found = {row["grp"]: (int(row["committed"]), int(row["still_open"])) for row in rows}
    return {group_id: found.get(group_id, (0, 0)) for group_id in group_ids}
