"""A scheduling pass: gives waiting jobs to accounts that can take them, and writes down why.

One process schedules a kind at a time (a lease), but a slot is only ever taken under a lock on its account's row, after
counting again: two that race for the last slot get it once.
"""

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.accounts import Account
from models.database import after_commit, execute, now_ms, now_ms_sql, transaction
from models.enums import AttemptState, JobRole, JobStatus, MediaKind, Polling, Queue
from models.generation import Attempt, Route
from models.ids import new_id
from models.jobs import Job
from providers.pooled import ModelInfo
from services.events import bus, job_topic
from services.generation.requests import GenerationRequest
from services.pool.choosing import Cooldown, Demand, Placement, RouteEntry, choose
from services.pool.roster import InFlight, cooldowns_of, in_flight_of, rosters
from services.providers import pooled_models
from services.queue.sql import timestamp_sql
from services.reading.owned import places
from settings import get_settings

QUEUE_OF = {MediaKind.IMAGE: Queue.POOL_IMAGES, MediaKind.VIDEO: Queue.POOL_VIDEOS}
LEASE_MS = 10_000
MOST_JOBS = 1_000
"Waiting jobs that one pass looks at."
STUCK_MS = 5_000
"A job without any account is looked at again after so long, and lets others pass meanwhile."


@dataclass(frozen=True)
class Pass:
    """What a pass did. wants_credits: accounts that could take work if they received today's credits."""

    placed: int = 0
    wants_credits: frozenset[int] = frozenset()
    is_full: bool = False
    "Whether there were more waiting jobs than it looked at."


async def take_lease(kind: MediaKind, holder: str) -> bool:
    """Whether `holder` schedules the kind for the next ten seconds; asking again keeps it."""
    rows = await execute(
        f"INSERT INTO scheduler_lease (kind, holder, until_ms) VALUES (?, ?, {now_ms_sql()} + {LEASE_MS})"
        " ON CONFLICT (kind) DO UPDATE SET holder = excluded.holder, until_ms = excluded.until_ms"
        f" WHERE scheduler_lease.holder = excluded.holder OR scheduler_lease.until_ms < {now_ms_sql()} RETURNING kind",
        kind.value,
        holder,
    )
    return bool(rows)


async def give_lease_up(holder: str) -> None:
    await execute("DELETE FROM scheduler_lease WHERE holder = ? RETURNING kind", holder)


async def release_leases() -> None:
    """Ends everybody's scheduling, and asking about accounts. Only for a process that knows that it is alone."""
    await execute("DELETE FROM scheduler_lease RETURNING kind")
    await execute("UPDATE account SET poll_lease_until_ms = 0 WHERE poll_lease_until_ms > 0 RETURNING id")


async def schedule(kind: MediaKind) -> Pass:
    """One pass over the waiting jobs of a kind, the most urgent and then the oldest first."""
    jobs = await _waiting(kind)
    if not jobs:
        return Pass()
    moment_ms = await now_ms()
    tried = await _tried([job for job in jobs if job.tries])
    groups: dict[tuple[str, str], list[Demand]] = defaultdict(list)
    models = pooled_models()
    for job in jobs:
        request = GenerationRequest.from_json(job.params)
        groups[job.owner, request.provider].append(demand_of(job, request, models, tried.get(job.id, frozenset())))
    placements: list[Placement] = []
    stuck: list[int] = []
    wanting: set[int] = set()
    costs: dict[int, int | None] = {}
    for provider in {provider for _, provider in groups}:
        owners = [owner for owner, of_provider in groups if of_provider == provider]
        pools = await rosters(owners, provider, kind, now_ms=moment_ms, zone=get_settings().timezone)
        for owner in owners:
            choice = choose(groups[owner, provider], pools.get(owner, ()), moment_ms)
            placements += choice.placements
            stuck += choice.stuck
            wanting |= choice.wants_credits
            costs |= {demand.job_id: demand.cost for demand in groups[owner, provider]}
    placed = await _place(kind, {job.id: job for job in jobs}, placements, costs) if placements else 0
    if stuck:
        await _set_aside(stuck)
    return Pass(placed, frozenset(wanting), len(jobs) == MOST_JOBS)


def demand_of(
    job: Job, request: GenerationRequest, models: dict[tuple[str, str], ModelInfo], tried: frozenset[int]
) -> Demand:
    """What a job wants of the pool. A model of unknown cost is taken to cost one credit."""
    strategy = request.strategy
    model = models.get((request.provider, request.model))
    return Demand(
        job_id=job.id,
        kind=request.kind,
        model=request.model,
        sites=model.sites if model is not None else (),
        cost=1 if model is None or model.credits is None else model.credits,
        load_balance=strategy.load_balance,
        max_concurrent_per_account=strategy.max_concurrent_per_account,
        account_ids=frozenset(strategy.account_ids),
        tried=tried,
    )


async def _waiting(kind: MediaKind) -> list[Job]:
    """Of each owner the most urgent and oldest, the same number of all while there are so many."""
    rows = await execute(
        "SELECT id FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY owner ORDER BY priority_rank, id) AS place FROM job"
        f" WHERE queue = ? AND status = 'PENDING' AND role = 'GENERATE' AND due_at_ms <= {now_ms_sql()}) AS waiting"
        f" ORDER BY place LIMIT {MOST_JOBS}",
        QUEUE_OF[kind].value,
    )
    if not rows:
        return []
    return await Job.filter(id__in=[row["id"] for row in rows]).order_by("priority_rank", "id")


async def _tried(jobs: Sequence[Job]) -> dict[int, frozenset[int]]:
    """By job the accounts that failed it in its present run. One that it left before anything was sent is none."""
    if not jobs:
        return {}
    runs = {job.id: job.retry_count for job in jobs}
    ended = Attempt.filter(job_id__in=list(runs), state=AttemptState.ENDED)
    found: dict[int, set[int]] = defaultdict(set)
    for row in await ended.values("job_id", "account_id", "run", "sends", "error"):
        if row["run"] == runs[row["job_id"]] and was_a_try(row["sends"], row["error"]):
            found[row["job_id"]].add(row["account_id"])
    return {job_id: frozenset(accounts) for job_id, accounts in found.items()}


def was_a_try(sends: int, error: Mapping[str, Any] | None) -> bool:
    """Whether an attempt says something about its account: it was sent, or upstream had refused what came before."""
    return sends > 0 or (error or {}).get("kind") is not None


async def _place(
    kind: MediaKind, jobs: Mapping[int, Job], placements: Sequence[Placement], costs: Mapping[int, int | None]
) -> int:
    """Takes the slots and makes the attempts, in one transaction; what no longer holds is left for the next pass."""

    async def body() -> int:
        account_ids = sorted({placement.account_id for placement in placements})
        accounts = await _lock(account_ids)
        slots = await in_flight_of(kind, account_ids)
        cooldowns = await cooldowns_of(account_ids)
        kept = _within_slots(placements, jobs, accounts, slots)
        started = await _start([placement.job_id for placement in kept])
        kept = [placement for placement in kept if placement.job_id in started]
        if not kept:
            return 0
        routes = await _write_routes(kept)
        moment_ms = await now_ms()
        attempts = [
            _attempt(
                jobs[placement.job_id],
                accounts[placement.account_id],
                number=started[placement.job_id],
                route_id=routes[placement.route],
                cost=costs.get(placement.job_id),
                moment_ms=moment_ms,
            )
            for placement in kept
        ]
        await Attempt.bulk_create(attempts)
        for attempt in attempts:
            for cooldown in cooldowns.get(attempt.account_id, ()):
                if cooldown.concerns(kind, attempt.model):
                    await _make_probe(attempt, cooldown)
        for job_id in started:
            after_commit(lambda job_id=job_id: bus().publish(job_topic(job_id)))  # type: ignore[misc]
        return len(attempts)

    return await transaction(body)


def _within_slots(
    placements: Sequence[Placement],
    jobs: Mapping[int, Job],
    accounts: Mapping[int, Account],
    slots: Mapping[int, InFlight],
) -> list[Placement]:
    """The placements for which there is a slot still, now that the accounts' rows are locked."""
    kept: list[Placement] = []
    taken: dict[int, int] = defaultdict(int)
    for placement in placements:
        account = accounts.get(placement.account_id)
        if account is None:
            continue
        strategy = GenerationRequest.from_json(jobs[placement.job_id].params).strategy
        most = min(account.max_concurrent, strategy.max_concurrent_per_account or account.max_concurrent)
        if slots.get(account.id, InFlight()).total + taken[account.id] < most:
            taken[account.id] += 1
            kept.append(placement)
    return kept


async def _write_routes(placements: Sequence[Placement]) -> dict[tuple[RouteEntry, ...], int]:
    """One row for each route that differs; by route its id."""
    routes = {route: new_id() for route in dict.fromkeys(placement.route for placement in placements)}
    await Route.bulk_create(
        [
            Route(
                id=route_id,
                candidates=[
                    {"accountId": entry.account_id, "reason": entry.reason, "untilMs": entry.until_ms}
                    for entry in route
                ],
            )
            for route, route_id in routes.items()
        ]
    )
    return routes


def _attempt(job: Job, account: Account, *, number: int, route_id: int, cost: int | None, moment_ms: int) -> Attempt:
    request = GenerationRequest.from_json(job.params)
    return Attempt(
        owner=job.owner,
        job_id=job.id,
        run=job.retry_count,
        number=number,
        account_id=account.id,
        provider=request.provider,
        site=account.site,
        kind=request.kind,
        model=request.model,
        route_id=route_id,
        submit_id=str(uuid.uuid4()),
        is_manual=request.polling is Polling.MANUAL,
        credits_expected=cost,
        placed_at_ms=moment_ms,
        due_at_ms=moment_ms,
    )


async def _make_probe(attempt: Attempt, cooldown: Cooldown) -> None:
    await execute(
        "UPDATE account_cooldown SET probe_attempt_id = ? WHERE account_id = ? AND kind = ? AND model = ?"
        " AND probe_attempt_id IS NULL RETURNING id",
        attempt.id,
        attempt.account_id,
        cooldown.kind,
        cooldown.model,
    )


async def _lock(account_ids: Sequence[int]) -> dict[int, Account]:
    """The accounts that may still take work, their rows locked until the transaction's end."""
    rows = await execute(
        f"UPDATE account SET last_used_at = {timestamp_sql()}, version = version + 1"
        f" WHERE id IN ({places(account_ids)}) AND status = 'ACTIVE' AND deleted_at IS NULL RETURNING id",
        *account_ids,
    )
    if not rows:
        return {}
    return {account.id: account for account in await Account.filter(id__in=[row["id"] for row in rows])}


async def _start(job_ids: Sequence[int]) -> dict[int, int]:
    """Makes waiting jobs RUNNING; by id the number of the attempt that begins."""
    if not job_ids:
        return {}
    rows = await execute(
        "UPDATE job SET status = 'RUNNING', due_at_ms = NULL, tries = tries + 1, error = NULL, message = NULL,"
        f" started_at = COALESCE(started_at, {timestamp_sql()}), version = version + 1"
        f" WHERE id IN ({places(job_ids)}) AND status = 'PENDING' AND role = 'GENERATE' RETURNING id,"
        " (SELECT COALESCE(MAX(number), 0) + 1 FROM attempt WHERE attempt.job_id = job.id) AS number",
        *job_ids,
    )
    return {row["id"]: row["number"] for row in rows}


async def _set_aside(job_ids: Sequence[int]) -> None:
    """Jobs for which there is no account now let the next ones pass for a while."""
    await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()} + {STUCK_MS} WHERE id IN ({places(job_ids)})"
        " AND status = 'PENDING' RETURNING id",
        *job_ids,
    )


async def look_again(owner: str) -> None:
    """Brings an owner's jobs that were set aside back at once: something about the owner's accounts has changed."""
    await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()} WHERE owner = ? AND role = '{JobRole.GENERATE.value}'"
        f" AND status = '{JobStatus.PENDING.value}' AND queue IN ('pool-images', 'pool-videos')"
        f" AND due_at_ms > {now_ms_sql()} RETURNING id",
        owner,
    )
