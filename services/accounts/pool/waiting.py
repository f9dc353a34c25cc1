"""The backlog of jobs that wait for the pool, read for one scheduling pass without reading every job.

Jobs with the same demand, batch, owner and priority form a line. The database returns the lines and the first jobs of
each: ten thousand waiting jobs are a dozen lines and a few hundred rows.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.expressions import Q

from models.batches import Batch
from models.database import execute, now_ms_sql
from models.enums import AttemptState, MediaKind, Queue
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.job_errors import SITE_TROUBLE
from models.jobs import Job
from models.sql import waiting_since_sql
from models.workflows import Workflow
from services.accounts.pool.choosing import Demand
from services.accounts.pool.demands import demand_of
from services.accounts.pool.fairness import Group, WaitingJob
from services.accounts.pool.pricing import learned_prices
from services.platform.locking import lock_rows
from services.platform.owned import places
from services.platform.providers import pooled_models
from services.queue.priority import aged_rank, group_sql, is_paused_with_workflow_sql
from settings import get_settings

QUEUE_OF = {MediaKind.IMAGE: Queue.POOL_IMAGES, MediaKind.VIDEO: Queue.POOL_VIDEOS}
MAX_JOBS_PER_LINE = 100
LINE_BATCH_SIZE = 100
"Lines per statement. SQLite allows 500 selects in one."

ID_BATCH_SIZE = 10_000
"Values per statement: both databases allow about 32,000."


@dataclass(frozen=True)
class PlacementRequest:
    """A demand and its provider."""

    provider: str
    demand: Demand


@dataclass(frozen=True)
class Backlog:
    """The waiting jobs of a kind. jobs: by owner. requests: by demand key. groups: by owner and group; updated by
    placements. budgets: of the groups that have one. is_cut: a line was not read to its end.
    """

    jobs: Mapping[str, Sequence[WaitingJob]]
    requests: Mapping[str, PlacementRequest]
    groups: Mapping[str, Mapping[int, Group]]
    budgets: Mapping[int, int]
    is_cut: bool


@dataclass(frozen=True)
class Line:
    """Waiting jobs that are equal in everything that decides their placement. demand_key None: not computed yet."""

    owner: str
    rank: int
    demand_key: str | None
    batch_id: int | None
    workflow_id: int | None

    @property
    def group(self) -> int:
        return self.batch_id or self.workflow_id or 0


async def waiting_lines(kind: MediaKind) -> list[Line]:
    """The non-empty lines, without those of paused batches and workflows. One statement."""
    rows = await execute(
        "SELECT owner, priority_rank, demand_key, batch_id, workflow_id FROM job WHERE queue = ? AND status = 'PENDING'"
        f" AND NOT {is_paused_with_workflow_sql()} GROUP BY owner, priority_rank, demand_key, batch_id, workflow_id",
        QUEUE_OF[kind].value,
    )
    return [
        Line(row["owner"], row["priority_rank"], row["demand_key"], row["batch_id"], row["workflow_id"]) for row in rows
    ]


async def backlog(kind: MediaKind, lines: Sequence[Line], limit: int) -> Backlog:
    """The first due jobs of each line, at most `limit` per line. If a full line has jobs that were tried before, it
    also returns up to `limit` untried jobs of that line, since the tried ones may need another account than those
    behind them. Six statements, and one or two more for each further hundred lines.
    """
    limit = max(1, min(limit, MAX_JOBS_PER_LINE))
    found: list[tuple[Line, dict[str, Any]]] = []
    for start in range(0, len(lines), LINE_BATCH_SIZE):
        heads = await _heads(kind, lines[start : start + LINE_BATCH_SIZE], limit)
        blocked = [line for line, rows in _by_line(heads).items() if len(rows) == limit and any(map(_was_tried, rows))]
        known = {row["id"] for _, row in heads}
        untried = await _heads(kind, blocked, limit, only_untried=True)
        found += [*heads, *((line, row) for line, row in untried if row["id"] not in known)]
    tried = await _tried({row["id"]: row["retry_count"] for _, row in found if _was_tried(row)})
    ageing_ms = max(1, int(get_settings().priority_ageing_seconds * 1000))
    jobs: dict[str, list[WaitingJob]] = defaultdict(list)
    samples: dict[str, int] = {}
    lengths: dict[Line, int] = defaultdict(int)
    for line, row in found:
        key = line.demand_key or str(row["id"])
        samples.setdefault(key, row["id"])
        rank = aged_rank(line.rank, row["waited_ms"], ageing_ms)
        tried_on = tried.get(row["id"], frozenset())
        jobs[line.owner].append(WaitingJob(row["id"], rank, line.group, key, tried_on, row["front_order"]))
        lengths[line] += 1
    groups = await _groups(kind, {(line.owner, line.group) for line, _ in found})
    budgets = await _read_limits(groups) if found else {}
    return Backlog(jobs, await _requests(samples), groups, budgets, max(lengths.values(), default=0) >= limit)


def _by_line(heads: Sequence[tuple[Line, dict[str, Any]]]) -> dict[Line, list[dict[str, Any]]]:
    found: dict[Line, list[dict[str, Any]]] = defaultdict(list)
    for line, row in heads:
        found[line].append(row)
    return found


def _was_tried(row: Mapping[str, Any]) -> bool:
    """Whether the job was placed on an account in its current run."""
    return bool(row["tries"])


async def _heads(
    kind: MediaKind, lines: Sequence[Line], limit: int, *, only_untried: bool = False
) -> list[tuple[Line, dict[str, Any]]]:
    """The first `limit` due jobs of each line. only_untried: only jobs that were not placed on an account yet."""
    selects: list[str] = []
    values: list[Any] = []
    for number, line in enumerate(lines):
        # COALESCE, because for a plain comparison SQLite prefers the index on the queue, which is not in this order.
        conditions = ["COALESCE(queue, '') = ?", "owner = ?", "priority_rank = ?"]
        conditions += ["tries = 0"] if only_untried else []
        values += [QUEUE_OF[kind].value, line.owner, line.rank]
        for column, value in (
            ("demand_key", line.demand_key),
            ("batch_id", line.batch_id),
            ("workflow_id", line.workflow_id),
        ):
            # Not IS NOT DISTINCT FROM, for which PostgreSQL does not use an index.
            conditions.append(f"{column} IS NULL" if value is None else f"{column} = ?")
            values += [] if value is None else [value]
        selects.append(
            f"SELECT * FROM (SELECT {number} AS line, id, tries, retry_count, front_order,"
            f" {now_ms_sql()} - {waiting_since_sql()} AS waited_ms"
            f" FROM job WHERE status = 'PENDING' AND {' AND '.join(conditions)} AND due_at_ms <= {now_ms_sql()}"
            f" ORDER BY front_order, id LIMIT {limit}) AS line_{number}"
        )
    rows = await execute(" UNION ALL ".join(selects), *values) if selects else []
    return [(lines[row["line"]], row) for row in rows]


async def _tried(runs: Mapping[int, int]) -> dict[int, frozenset[int]]:
    """By job id, the accounts on which the job failed in its current run, time-outs of tasks that upstream still has
    among them. Attempts withdrawn before they were sent do not count. runs: run numbers by job id.
    """
    if not runs:
        return {}
    found: dict[int, set[int]] = defaultdict(set)
    for page in _pages(list(runs)):
        ended = Attempt.filter(Q(state=AttemptState.ENDED) | Q(is_detached=True), job_id__in=page)
        for row in await ended.values("job_id", "account_id", "run", "sends", "error"):
            if row["run"] == runs[row["job_id"]] and counts_as_try(row["sends"], row["error"]):
                found[row["job_id"]].add(row["account_id"])
    return {job_id: frozenset(accounts) for job_id, accounts in found.items()}


def counts_as_try(sends: int, error: Mapping[str, Any] | None) -> bool:
    """Whether an ended attempt counts against its account: it was sent, or upstream refused an earlier step, and not
    for a fault of the whole site.
    """
    kind = (error or {}).get("kind")
    return kind != SITE_TROUBLE and (sends > 0 or kind is not None)


async def _requests(samples: Mapping[str, int]) -> dict[str, PlacementRequest]:
    """The placement request of each key, read from a sample job. samples: job ids by key."""
    if not samples:
        return {}
    models, learned = pooled_models(), await learned_prices()
    keys = {job_id: key for key, job_id in samples.items()}
    found = {}
    for page in _pages(list(keys)):
        for row in await Job.filter(id__in=page).values("id", "params"):
            request = GenerationRequest.from_json(row["params"])
            found[keys[row["id"]]] = PlacementRequest(request.provider, demand_of(request, models, learned))
    return found


def _pages(ids: Sequence[int]) -> list[Sequence[int]]:
    return [ids[start : start + ID_BATCH_SIZE] for start in range(0, len(ids), ID_BATCH_SIZE)]


async def _groups(kind: MediaKind, keys: Collection[tuple[str, int]]) -> dict[str, dict[int, Group]]:
    """The groups with their number of jobs in flight. keys: owner and group."""
    groups: dict[str, dict[int, Group]] = defaultdict(dict)
    for owner, group in keys:
        groups[owner][group] = Group()
    if not keys:
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


async def _read_limits(groups: Mapping[str, Mapping[int, Group]]) -> dict[int, int]:
    """Sets the limits of their batches and workflows in the groups; returns the budgets by group."""
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
    budgets |= await _workflow_budgets(list(known))
    for group_id, committed in (await committed_credits(list(budgets))).items():
        known[group_id].credits_left = budgets[group_id] - committed.credits
        known[group_id].credits_open = committed.open
        known[group_id].unmeasured = committed.unmeasured
        known[group_id].unmeasurable = committed.unmeasurable
    return budgets


async def _workflow_budgets(group_ids: Sequence[int]) -> dict[int, int]:
    rows = await Workflow.filter(id__in=list(group_ids)).values("id", "options")
    return {row["id"]: budget for row in rows if (budget := row["options"].get("credit_budget")) is not None}


async def locked_budgets(group_ids: Sequence[int]) -> dict[int, int]:
    """The current budgets of the batches and workflows, if they have one; locks their rows until the transaction ends.
    Three statements.
    """
    rows = await lock_rows(Batch, group_ids, columns=["id", "credit_budget"])
    await lock_rows(Workflow, group_ids)
    of_batches = {row["id"]: row["credit_budget"] for row in rows if row["credit_budget"] is not None}
    return of_batches | await _workflow_budgets(group_ids)


@dataclass(frozen=True)
class Committed:
    """What a group has spent or may still be charged. credits: charged or expected; open: the expected ones among them,
    of tasks that upstream has not accepted yet. unmeasured: tasks of unknown price that are in flight, or whose charge
    is still looked for; unmeasurable: those whose charge is unknown for good.
    """

    credits: int = 0
    open: int = 0
    unmeasured: int = 0
    unmeasurable: int = 0


async def committed_credits(group_ids: Sequence[int]) -> dict[int, Committed]:
    """What the batches or workflows have committed, by id. A task whose own charge is unknown counts with what the same
    request was measured to cost elsewhere. Two statements.
    """
    if not group_ids:
        return {}
    is_open = "a.state IN ('PLACED', 'SENT') AND a.credits_spent IS NULL"
    is_unknown = "a.account_id IS NOT NULL AND a.credits_spent IS NULL AND a.credits_expected IS NULL"
    rows = await execute(
        f"SELECT {group_sql('j')} AS grp, a.price_key AS price_key,"
        f" SUM(COALESCE(a.credits_spent, CASE WHEN {is_open} THEN a.credits_expected END, 0)) AS committed,"
        f" SUM(CASE WHEN {is_open} THEN COALESCE(a.credits_expected, 0) ELSE 0 END) AS still_open,"
        f" SUM(CASE WHEN {is_unknown} AND (a.state IN ('PLACED', 'SENT') OR a.settle_due_at_ms IS NOT NULL)"
        f" THEN 1 ELSE 0 END) AS unmeasured, SUM(CASE WHEN {is_unknown} AND a.accepted_at_ms IS NOT NULL"
        " AND a.settle_due_at_ms IS NULL THEN 1 ELSE 0 END) AS unmeasurable"
        " FROM job j JOIN attempt a ON a.job_id = j.id WHERE j.role = 'GENERATE' AND"
        f" (j.batch_id IN ({places(group_ids)}) OR j.workflow_id IN ({places(group_ids)}))"
        f" GROUP BY {group_sql('j')}, a.price_key",
        *group_ids,
        *group_ids,
    )
    learned = await learned_prices() if any(row["unmeasured"] or row["unmeasurable"] for row in rows) else {}
    found = dict.fromkeys(group_ids, Committed())
    for row in rows:
        known = found[row["grp"]]
        price = learned.get(row["price_key"])
        unmeasured, unmeasurable = int(row["unmeasured"]), int(row["unmeasurable"])
        found[row["grp"]] = Committed(
            known.credits + int(row["committed"]) + (price or 0) * (unmeasured + unmeasurable),
            known.open + int(row["still_open"]),
            known.unmeasured + (unmeasured if price is None else 0),
            known.unmeasurable + (unmeasurable if price is None else 0),
        )
    return found
