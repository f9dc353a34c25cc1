"""A scheduling pass: gives waiting jobs to accounts that can take them, and writes down why.

One process schedules a kind at a time (a lease), but a slot is only ever taken under a lock on its account's row, after
counting again: two that race for the last slot get it once. Budgets and limits of batches are counted again likewise.
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
from services.accounts.pool.choosing import Candidate, Demand, RouteEntry, waiting_reason
from services.accounts.pool.placing import Choice, Placement, place
from services.accounts.pool.waiting import QUEUE_OF, Backlog, backlog, committed_credits, locked_budgets, waiting_lines
from services.platform.leases import NamedLeases
from services.platform.locking import lock_rows
from services.platform.owned import places
from services.platform.runtime import runtime
from services.queue.priority import group_sql, is_paused_with_workflow_sql
from services.stores import account_cooldowns, accounts, routes
from services.stores.account_leases import release_all_polls
from services.stores.attempts import insert_attempts
from services.stores.jobs.moves import Started, start_generations
from settings import get_settings

log = structlog.get_logger(__name__)

LEASE_SECONDS = 10.0
MAX_PLACED = 80
"Jobs that one pass places: writing them down is most of its time."


@dataclass(frozen=True)
class Pass:
    """What a pass did. wants_credits: accounts that could take work if they received today's credits."""

    placed: int = 0
    wants_credits: frozenset[int] = frozenset()
    is_full: bool = False
    "Whether there may be more to place at once: a pass is kept short, so that others can use the database."
    seconds: float = 0.0


@dataclass
class _Plan:
    """What a pass is about to do. placements: of each owner, in turn; demands and routes: of jobs."""

    placements: list[Sequence[Placement]] = field(default_factory=list)
    demands: dict[int, Demand] = field(default_factory=dict)
    routes: dict[int, tuple[RouteEntry, ...]] = field(default_factory=dict)
    wants_credits: set[int] = field(default_factory=set)
    over_budget: set[int] = field(default_factory=set)

    @property
    def count(self) -> int:
        return sum(map(len, self.placements))


class _LimitPassedError(Exception):
    """Somebody else has placed jobs of the same batch meanwhile: all of it is looked at again."""


LEASES = NamedLeases("scheduler_lease", "kind")


async def claim_kind(kind: MediaKind, holder: str) -> bool:
    """Whether `holder` schedules the kind for the next ten seconds; asking again keeps it."""
    return await LEASES.claim(kind.value, holder, LEASE_SECONDS)


async def release_kinds(holder: str) -> None:
    """The process schedules nothing any more. Twice: nothing more."""
    await LEASES.release(holder)


async def release_all_leases() -> None:
    """Ends everybody's scheduling, and asking about accounts. Only for a process that knows that it is alone."""
    await LEASES.release_all()
    await release_all_polls()


@dataclass(frozen=True)
class GroupRules:
    """What a pass does to the batches and workflows whose jobs it places; both stand above the pool.

    Both are called in the transaction of the pass. begin_batches: batches of which a job has just been started.
    pause_for_budget: a batch's or workflow's id and the reason, where its next job would pass its credit budget.
    """

    begin_batches: Callable[[Collection[int]], Awaitable[None]]
    pause_for_budget: Callable[[int, str], Awaitable[None]]


async def schedule(kind: MediaKind, rules: GroupRules) -> Pass:
    """One pass over the waiting jobs of a kind. By owner: the most urgent first, then the batch with the fewest in
    flight, then the oldest; a share of the slots is kept for URGENT.
    """
    began = time.perf_counter()
    lines = await waiting_lines(kind)
    if not lines:
        return Pass(seconds=time.perf_counter() - began)
    moment_ms = await now_ms()
    pools = await account_snapshots(
        {line.owner for line in lines}, kind, now_ms=moment_ms, zone=get_settings().timezone
    )
    waiting = await backlog(kind, lines, max(map(_open_slots, pools.values()), default=0))
    for owner, groups in waiting.groups.items():
        for group_id, group in groups.items():
            group.last_turn = runtime().state(LastTurns).get((kind, owner, group_id), 0)
    plan = _Plan()
    states: dict[tuple[str, str], tuple[str, int | None] | None] = {}
    for owner in waiting.jobs:
        for provider in {waiting.wants[job.key].provider for job in waiting.jobs[owner]}:
            choice = _choose(owner, provider, waiting, pools.get((owner, provider), ()), moment_ms)
            _add(plan, choice, waiting)
            states[owner, provider] = _why_stuck(choice)
    await update_pool_alerts(kind, states)
    is_full = plan.count >= MAX_PLACED or (waiting.is_cut and plan.count > 0)
    placed = await _place(kind, plan, waiting.budgets, rules) if plan.count else 0
    _remember_turns(kind, waiting)
    for group_id in plan.over_budget:
        await _pause_for_budget(group_id, waiting.budgets[group_id], rules)
    return Pass(placed, frozenset(plan.wants_credits), is_full and placed > 0, time.perf_counter() - began)


MAX_REMEMBERED = 10_000


class LastTurns(dict[tuple[MediaKind, str, int], int]):
    """By kind, owner and group of this process, its last turn: of two groups with as many in flight the one before goes
    first. Forgotten at a restart, without harm.
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
    """At most so many slots are free, whatever a job wants."""
    return sum(max(0, account.slot_limit - account.in_flight) for account in accounts)


def _choose(owner: str, provider: str, waiting: Backlog, accounts: Sequence[Candidate], moment_ms: int) -> Choice:
    jobs = [job for job in waiting.jobs[owner] if waiting.wants[job.key].provider == provider]
    return place(
        jobs,
        {job.key: waiting.wants[job.key].demand for job in jobs},
        accounts,
        waiting.groups[owner],
        now_ms=moment_ms,
        urgent_percent=get_settings().urgent_slot_percent,
        most=MAX_PLACED,
    )


def _add(plan: _Plan, choice: Choice, waiting: Backlog) -> None:
    plan.placements.append(choice.placements)
    plan.wants_credits |= choice.wants_credits
    plan.over_budget |= choice.over_budget
    for placement in choice.placements:
        job = placement.job
        plan.demands[job.job_id] = waiting.wants[job.key].demand
        plan.routes[job.job_id] = choice.routes[job.key]


def _why_stuck(choice: Choice) -> tuple[str, int | None] | None:
    """Why no account can take some of what waits, and until when; None where all of it can be taken in time."""
    if not choice.stuck:
        return None
    return waiting_reason([verdict for verdicts in choice.stuck.values() for verdict in verdicts])


async def _place(kind: MediaKind, plan: _Plan, budgets: Mapping[int, int], rules: GroupRules) -> int:
    """Takes the slots and makes the attempts, in one transaction; what no longer holds is left for the next pass."""

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
        await _begin_groups(kind, started, budgets, rules)
        return len(attempts)

    try:
        return await transaction(body)
    except _LimitPassedError:
        return 0


async def _begin_groups(
    kind: MediaKind, started: Mapping[int, Started], budgets: Mapping[int, int], rules: GroupRules
) -> None:
    """Batches begin; and with their rows locked, nothing that was started now passes what they allow."""
    batch_ids = {job.batch_id for job in started.values() if job.batch_id is not None}
    if batch_ids:
        await rules.begin_batches(batch_ids)
        if await _are_too_many(kind, list(batch_ids)):
            raise _LimitPassedError
    with_budget = sorted({job.group for job in started.values()} & set(budgets))
    if with_budget:
        allowed = await locked_budgets(with_budget)
        for group_id, (committed, _) in (await committed_credits(list(allowed))).items():
            if committed > allowed[group_id]:
                raise _LimitPassedError


async def _are_too_many(kind: MediaKind, batch_ids: Sequence[int]) -> bool:
    """Whether more jobs of one of the batches run than may. Counted in a statement that begins once the batches are
    locked: one that waits for a lock sees the jobs as they were before.
    """
    held = await lock_rows(Batch, batch_ids, "max_parallel IS NOT NULL", ["id", "max_parallel"])
    if not held:
        return False
    going = await execute(
        "SELECT batch_id, COUNT(*) AS number FROM job WHERE status = 'RUNNING' AND queue = ?"
        f" AND batch_id IN ({places(held)}) GROUP BY batch_id",
        QUEUE_OF[kind].value,
        *(row["id"] for row in held),
    )
    numbers = {row["batch_id"]: row["number"] for row in going}
    return any(numbers.get(row["id"], 0) > row["max_parallel"] for row in held)


async def _pause_for_budget(group_id: int, budget: int, rules: GroupRules) -> None:
    """Pauses the batch or workflow, with an alert: its next picture would pass its budget. Not where somebody has
    changed that budget meanwhile.
    """
    message = f"The next picture or clip would pass the budget of {budget} credits."

    async def body() -> None:
        if (await locked_budgets([group_id])).get(group_id) != budget:
            return
        await rules.pause_for_budget(group_id, message)

    await transaction(body)


def _in_turn(of_owners: Sequence[Sequence[Placement]], most: int) -> list[Placement]:
    """The first placements of each owner, one after the other: no owner's come before another's."""
    rows = itertools.zip_longest(*of_owners)
    return [placement for row in rows for placement in row if placement is not None][:most]


def _within_slots(
    placements: Sequence[Placement], plan: _Plan, accounts: Mapping[int, Account], slots: Mapping[int, InFlight]
) -> list[Placement]:
    """The placements for which there is a slot still, now that the accounts' rows are locked."""
    kept: list[Placement] = []
    taken: dict[int, int] = defaultdict(int)
    for placement in placements:
        account = accounts.get(placement.account_id)
        if account is None:
            continue
        lowered = plan.demands[placement.job.job_id].max_concurrent_per_account
        most = min(account.max_concurrent, lowered or account.max_concurrent)
        if slots.get(account.id, InFlight()).total + taken[account.id] < most:
            taken[account.id] += 1
            kept.append(placement)
    return kept


async def _write_routes(chosen: Sequence[tuple[RouteEntry, ...]]) -> list[int]:
    """One row for each route; for each place the id of its row. All jobs of a key have the same tuple."""
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
    )


async def _lock(account_ids: Sequence[int]) -> dict[int, Account]:
    """The accounts that may still take work, their rows locked until the transaction's end."""
    active = await accounts.lock_active(account_ids)
    return {account.id: account for account in await Account.filter(id__in=active)} if active else {}
