"""The scheduling pass: assigns waiting jobs to eligible accounts and stores the route of each decision.

A lease lets one process schedule a kind at a time. Still, a slot is taken only under a lock on the account's row, after
counting again, so two processes cannot both take the last slot. Budgets and limits of batches are re-counted likewise.
"""

import itertools
import time
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from models.accounts import Account
from models.batches import Batch
from models.database import execute, now_ms, transaction
from models.enums import MediaKind
from models.generation import Attempt
from models.ids import new_id
from services.accounts.pool.account_snapshots import InFlight, account_snapshots, cooldowns_of, in_flight_of
from services.accounts.pool.alerts import update_pool_alerts
from services.accounts.pool.choosing import Candidate, Cooldown, Demand, RouteEntry, holds_of, waiting_reason
from services.accounts.pool.placing import Choice, Placement, place
from services.accounts.pool.urgency import reserved_percents
from services.accounts.pool.waiting import QUEUE_OF, Backlog, backlog, committed_credits, locked_budgets, waiting_lines
from services.platform.leases import NamedLeases
from services.platform.locking import lock_rows
from services.platform.owned import places
from services.platform.runtime import runtime
from services.queue.priority import group_sql, is_paused_with_workflow_sql
from services.stores import account_cooldowns, account_faults, accounts, routes
from services.stores.account_leases import release_all_polls
from services.stores.attempts import insert_attempts
from services.stores.jobs.moves import Started, start_generations
from settings import get_settings

log = structlog.get_logger(__name__)

LEASE_SECONDS = 10.0
MAX_PLACED = 80
"Jobs placed per pass: inserting their attempts is most of its time."


@dataclass(frozen=True)
class Pass:
    """The result of a pass. wants_credits: accounts that could take jobs after receiving today's credits."""

    placed: int = 0
    wants_credits: frozenset[int] = frozenset()
    is_full: bool = False
    "Whether more jobs may be placeable now: a pass is limited so that it does not hold the database for long."
    seconds: float = 0.0


@dataclass
class _Plan:
    """What a pass is going to write. placements: per owner, in turn; demands and routes: by job id. holds: by account
    id those of its site, if there are any.
    """

    placements: list[Sequence[Placement]] = field(default_factory=list)
    demands: dict[int, Demand] = field(default_factory=dict)
    routes: dict[int, tuple[RouteEntry, ...]] = field(default_factory=dict)
    wants_credits: set[int] = field(default_factory=set)
    over_budget: set[int] = field(default_factory=set)
    holds: dict[int, tuple[Cooldown, ...]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        return sum(map(len, self.placements))


class _LimitPassedError(Exception):
    """Another process has placed jobs of the same group meanwhile; the pass is rolled back and the next one retries."""


LEASES = NamedLeases("scheduler_lease", "kind")


async def claim_kind(kind: MediaKind, holder: str) -> bool:
    """Takes or renews the lease on the kind for LEASE_SECONDS; returns False if another holder has it."""
    return await LEASES.claim(kind.value, holder, LEASE_SECONDS)


async def release_kinds(holder: str) -> None:
    """Releases the holder's leases on all kinds. Idempotent."""
    await LEASES.release(holder)


async def release_all_leases() -> None:
    """Ends all scheduling and polling leases. Only for a process that is known to be the only one."""
    await LEASES.release_all()
    await release_all_polls()


@dataclass(frozen=True)
class GroupRules:
    """Callbacks into the batch and workflow code, which is above the pool. Both run in a transaction of the pass.

    begin_batches: gets the ids of batches whose jobs were just started. pause_for_budget: gets the id of a batch or
    workflow and the reason, when its next job would exceed its credit budget.
    """

    begin_batches: Callable[[Collection[int]], Awaitable[None]]
    pause_for_budget: Callable[[int, str], Awaitable[None]]


async def schedule(kind: MediaKind, rules: GroupRules) -> Pass:
    """Runs one pass over the waiting jobs of a kind. Per owner: highest priority first, then the batch with the fewest
    jobs in flight, then the oldest job; a share of the slots is reserved for URGENT.
    """
    started = time.perf_counter()
    lines = await waiting_lines(kind)
    if not lines:
        return Pass(seconds=time.perf_counter() - started)
    moment_ms = await now_ms()
    pools = await account_snapshots(
        {line.owner for line in lines}, kind, now_ms=moment_ms, zone=get_settings().timezone
    )
    waiting = await backlog(kind, lines, max(map(_open_slots, pools.values()), default=0))
    for owner, groups in waiting.groups.items():
        for group_id, group in groups.items():
            group.last_turn = runtime().state(LastTurns).get((kind, owner, group_id), 0)
    percents = await reserved_percents(list(waiting.jobs))
    plan = _Plan()
    states: dict[tuple[str, str], tuple[str, int | None] | None] = {}
    for owner in waiting.jobs:
        for provider in {waiting.requests[job.key].provider for job in waiting.jobs[owner]}:
            accounts_of_owner = pools.get((owner, provider), ())
            choice = _choose(owner, provider, waiting, accounts_of_owner, moment_ms, percents[owner])
            _add(plan, choice, waiting)
            plan.holds |= {account.id: holds for account in accounts_of_owner if (holds := holds_of(account))}
            states[owner, provider] = _stuck_reason(choice)
    await update_pool_alerts(kind, states)
    is_full = plan.count >= MAX_PLACED or (waiting.is_cut and plan.count > 0)
    placed = await _place(kind, plan, waiting.budgets, rules) if plan.count else 0
    _remember_turns(kind, waiting)
    for group_id in plan.over_budget:
        await _pause_for_budget(group_id, waiting.budgets[group_id], rules)
    return Pass(placed, frozenset(plan.wants_credits), is_full and placed > 0, time.perf_counter() - started)


MAX_REMEMBERED = 10_000


class LastTurns(dict[tuple[MediaKind, str, int], int]):
    """The last turn of each group in this process, by kind, owner and group: of two groups with equally many jobs in
    flight, the one with the earlier turn goes first. Lost at a restart without harm.
    """


def _remember_turns(kind: MediaKind, waiting: Backlog) -> None:
    last_turns = runtime().state(LastTurns)
    if len(last_turns) > MAX_REMEMBERED:
        last_turns.clear()
    for owner, groups in waiting.groups.items():
        for group_id, group in groups.items():
            if group.last_turn:
                last_turns[kind, owner, group_id] = group.last_turn


def _open_slots(accounts: Sequence[Candidate]) -> int:
    """An upper bound of the free slots for any demand."""
    return sum(max(0, account.slot_limit - account.in_flight) for account in accounts)


def _choose(
    owner: str,
    provider: str,
    waiting: Backlog,
    accounts: Sequence[Candidate],
    moment_ms: int,
    urgent_percent: float,
) -> Choice:
    jobs = [job for job in waiting.jobs[owner] if waiting.requests[job.key].provider == provider]
    return place(
        jobs,
        {job.key: waiting.requests[job.key].demand for job in jobs},
        accounts,
        waiting.groups[owner],
        now_ms=moment_ms,
        urgent_percent=urgent_percent,
        limit=MAX_PLACED,
    )


def _add(plan: _Plan, choice: Choice, waiting: Backlog) -> None:
    plan.placements.append(choice.placements)
    plan.wants_credits |= choice.wants_credits
    plan.over_budget |= choice.over_budget
    for placement in choice.placements:
        job = placement.job
        plan.demands[job.job_id] = waiting.requests[job.key].demand
        plan.routes[job.job_id] = choice.routes[job.key]


def _stuck_reason(choice: Choice) -> tuple[str, int | None] | None:
    """Why no account can take some of the waiting jobs, and until when; None if none is stuck."""
    if not choice.stuck:
        return None
    return waiting_reason([check for checks in choice.stuck.values() for check in checks])


async def _place(kind: MediaKind, plan: _Plan, budgets: Mapping[int, int], rules: GroupRules) -> int:
    """Takes the slots and inserts the attempts in one transaction; returns how many. Skips placements that are no
    longer valid; they are left for the next pass.
    """

    placements = _in_turn(plan.placements, MAX_PLACED)

    async def body() -> int:
        account_ids = sorted({placement.account_id for placement in placements})
        locked = await _lock(account_ids)
        slots = await in_flight_of(kind, account_ids)
        cooldowns = await cooldowns_of(account_ids)
        kept = _within_slots(placements, plan, locked, slots)
        rows = await start_generations(
            [placement.job.job_id for placement in kept], group=group_sql(), is_paused=is_paused_with_workflow_sql()
        )
        started = {job.id: job for job in rows}
        kept = [placement for placement in kept if placement.job.job_id in started]
        if not kept:
            return 0
        route_ids = await _write_routes([plan.routes[placement.job.job_id] for placement in kept])
        attempts = [
            _attempt(
                started[placement.job.job_id],
                plan.demands[placement.job.job_id],
                locked[placement.account_id],
                route_id=route_id,
            )
            for placement, route_id in zip(kept, route_ids, strict=True)
        ]
        await insert_attempts(attempts)
        for attempt in attempts:
            for cooldown in cooldowns.get(attempt.account_id, ()):
                if cooldown.concerns(kind, attempt.model):
                    await account_cooldowns.set_probe(attempt.id, attempt.account_id, cooldown.kind, cooldown.model)
            for hold in plan.holds.get(attempt.account_id, ()):
                if hold.trouble_id is not None and hold.concerns(kind, attempt.model):
                    await account_faults.set_trouble_probe(hold.trouble_id, attempt.id)
        await _begin_groups(kind, started, budgets, rules)
        return len(attempts)

    try:
        return await transaction(body)
    except _LimitPassedError:
        return 0


async def _begin_groups(
    kind: MediaKind, started: Mapping[int, Started], budgets: Mapping[int, int], rules: GroupRules
) -> None:
    """Starts the batches and, with their rows locked, raises _LimitPassedError if the started jobs exceed
    `max_parallel` or a budget.
    """
    batch_ids = {job.batch_id for job in started.values() if job.batch_id is not None}
    if batch_ids:
        await rules.begin_batches(batch_ids)
        if await _exceeds_max_parallel(kind, list(batch_ids)):
            raise _LimitPassedError
    with_budget = sorted({job.group for job in started.values()} & set(budgets))
    if with_budget:
        allowed = await locked_budgets(with_budget)
        for group_id, committed in (await committed_credits(list(allowed))).items():
            if committed.credits > allowed[group_id] or committed.unmeasured > 1:
                raise _LimitPassedError


async def _exceeds_max_parallel(kind: MediaKind, batch_ids: Sequence[int]) -> bool:
    """Whether a batch runs more jobs than its `max_parallel`. Counted in a separate statement after the batches are
    locked, since a statement that waits for a lock sees the jobs as they were before it.
    """
    locked = await lock_rows(Batch, batch_ids, "max_parallel IS NOT NULL", ["id", "max_parallel"])
    if not locked:
        return False
    running = await execute(
        "SELECT batch_id, COUNT(*) AS number FROM job WHERE status = 'RUNNING' AND queue = ?"
        f" AND batch_id IN ({places(locked)}) GROUP BY batch_id",
        QUEUE_OF[kind].value,
        *(row["id"] for row in locked),
    )
    counts = {row["batch_id"]: row["number"] for row in running}
    return any(counts.get(row["id"], 0) > row["max_parallel"] for row in locked)


async def _pause_for_budget(group_id: int, budget: int, rules: GroupRules) -> None:
    """Pauses the batch or workflow, with an alert, since its next job would exceed its budget. Does nothing if the
    budget was changed meanwhile.
    """

    async def body() -> None:
        if (await locked_budgets([group_id])).get(group_id) != budget:
            return
        committed = (await committed_credits([group_id]))[group_id]
        message = f"The next picture or clip would exceed the budget of {budget} credits."
        if committed.unmeasurable:
            message = (
                f"The budget of {budget} credits cannot be kept: the price of a model is unknown, and neither"
                " upstream's credit history nor the account's balance told what its last task cost. Resume with"
                " creditBudget null to continue without a limit."
            )
        await rules.pause_for_budget(group_id, message)

    await transaction(body)


def _in_turn(of_owners: Sequence[Sequence[Placement]], limit: int) -> list[Placement]:
    """At most `limit` placements, taken from the owners in turn."""
    rows = itertools.zip_longest(*of_owners)
    return [placement for row in rows for placement in row if placement is not None][:limit]


def _within_slots(
    placements: Sequence[Placement], plan: _Plan, accounts: Mapping[int, Account], slots: Mapping[int, InFlight]
) -> list[Placement]:
    """The placements that still have a free slot, counted with the accounts' rows locked."""
    kept: list[Placement] = []
    taken: dict[int, int] = defaultdict(int)
    for placement in placements:
        account = accounts.get(placement.account_id)
        if account is None:
            continue
        requested_limit = plan.demands[placement.job.job_id].max_concurrent_per_account
        limit = min(account.max_concurrent, requested_limit or account.max_concurrent)
        if slots.get(account.id, InFlight()).total + taken[account.id] < limit:
            taken[account.id] += 1
            kept.append(placement)
    return kept


async def _write_routes(chosen: Sequence[tuple[RouteEntry, ...]]) -> list[int]:
    """Inserts one row per distinct route; returns the row id for each element. Jobs of one key share a tuple object."""
    ids = {id(route): new_id() for route in chosen}
    rows = {
        ids[id(route)]: [
            {"accountId": entry.account_id, "reason": entry.reason, "untilMs": entry.until_ms} for entry in route
        ]
        for route in {id(route): route for route in chosen}.values()
    }
    await routes.insert(rows)
    return [ids[id(route)] for route in chosen]


def _attempt(job: Started, demand: Demand, account: Account, *, route_id: int) -> Attempt:
    return Attempt(
        owner=job.owner,
        job_id=job.id,
        run=job.run,
        number=job.number,
        account_id=account.id,
        provider=account.provider,
        site=account.site,
        kind=demand.kind,
        model=demand.model,
        route_id=route_id,
        submit_id=str(uuid.uuid4()),
        is_manual=demand.is_manual,
        credits_expected=demand.cost,
        credits_source=demand.cost_source,
        price_key=demand.price_key,
    )


async def _lock(account_ids: Sequence[int]) -> dict[int, Account]:
    """The accounts that are still ACTIVE, with their rows locked until the transaction ends."""
    active = await accounts.lock_active(account_ids)
    return {account.id: account for account in await Account.filter(id__in=active)} if active else {}
