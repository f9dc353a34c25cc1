"""Placing an owner's waiting jobs on the owner's accounts: pure, and fast for thousands of jobs on many accounts.

Each placement takes its slot before the next job is placed. Eligibility is computed once per demand key, and again only
for the account that has just received a job.
"""

import heapq
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from services.accounts.pool.choosing import (
    Candidate,
    Demand,
    Eligibility,
    RouteEntry,
    check_eligibility,
    free_slots,
    holds_of,
    probed_troubles,
    rank,
    route_of,
    slots_of,
    slots_reserved_for_urgent,
    started_cooldown,
    with_one_more,
    with_probed_site,
)
from services.accounts.pool.fairness import Group, Turns, WaitingJob

URGENT_RANK = 0


@dataclass(frozen=True)
class Placement:
    job: WaitingJob
    account_id: int


@dataclass(frozen=True)
class Choice:
    """The result of `place`. routes: by key, the candidates before the placements. stuck: keys that no account could
    take even if all slots were free. wants_credits: accounts that could take jobs after receiving today's credits.
    over_budget: groups whose next job would exceed their budget.
    """

    placements: tuple[Placement, ...] = ()
    routes: Mapping[str, tuple[RouteEntry, ...]] = field(default_factory=dict)
    stuck: Mapping[str, tuple[Eligibility, ...]] = field(default_factory=dict)
    wants_credits: frozenset[int] = frozenset()
    over_budget: frozenset[int] = frozenset()


class _View:
    """The accounts from the view of one demand key: the free ones are in a heap, the best one first.

    A heap entry is valid only with the newest stamp of its account; an account that has received a job gets a new
    entry, or none.
    """

    def __init__(self, demand: Demand, accounts: Collection[Candidate], now_ms: int, urgent_percent: float) -> None:
        self.demand = demand
        self._now_ms = now_ms
        self.checks = {account.id: check_eligibility(account, demand, now_ms) for account in accounts}
        self.route = route_of(demand, accounts, self.checks)
        working = [account for account in accounts if self._is_usable(account.id)]
        self._urgent_ids = {account.id for account in working}
        slots = sum(slots_of(account, demand) for account in working)
        self._reserved_count = slots_reserved_for_urgent(slots, urgent_percent) - sum(
            account.urgent_in_flight for account in working
        )
        self._free = {account.id: free_slots(account, demand) for account in working if self._is_free(account.id)}
        self._free_count = sum(self._free.values())
        self._stamps = dict.fromkeys(self._free, 0)
        self._heap = [(rank(account, demand), account.id, 0) for account in working if account.id in self._free]
        heapq.heapify(self._heap)

    def _is_free(self, account_id: int) -> bool:
        return self.checks[account_id].is_free

    def _is_usable(self, account_id: int) -> bool:
        check = self.checks[account_id]
        return check.is_free or check.is_busy

    @property
    def is_stuck(self) -> bool:
        return not self._urgent_ids

    def pick(self, job: WaitingJob, self_caused: Collection[int] = ()) -> int | None:
        """The account for the job; None if it has to wait. An account on which the job failed in this run is chosen
        only if no other could take it now or soon. self_caused: accounts that this job shall not probe.
        """
        if job.rank != URGENT_RANK and self._free_count <= max(0, self._reserved_count):
            return None
        passed: list[tuple[tuple[float, ...], int, int]] = []
        chosen: int | None = None
        while self._heap:
            entry = heapq.heappop(self._heap)
            if self._stamps.get(entry[1]) != entry[2] or entry[1] not in self._free:
                continue
            passed.append(entry)
            if entry[1] not in job.tried and entry[1] not in self_caused:
                chosen = entry[1]
                break
        for entry in passed:
            heapq.heappush(self._heap, entry)
        allowed = [entry for entry in passed if entry[1] not in self_caused]
        if chosen is not None or not allowed:
            return chosen
        if any(check.is_busy for account_id, check in self.checks.items() if account_id not in job.tried):
            return None  # an account on which it has not failed will be free soon
        return allowed[0][1]

    def update(self, account: Candidate, *, is_urgent: bool) -> None:
        """Updates the view after an account has received a job."""
        if account.id in self._urgent_ids and is_urgent:
            self._reserved_count -= 1
        if account.id not in self._free:
            return
        self._free_count -= self._free[account.id]
        check = check_eligibility(account, self.demand, self._now_ms)
        self.checks[account.id] = check
        if not check.is_free:
            del self._free[account.id]
            return
        self._free[account.id] = free_slots(account, self.demand)
        self._free_count += self._free[account.id]
        self._stamps[account.id] += 1
        heapq.heappush(self._heap, (rank(account, self.demand), account.id, self._stamps[account.id]))


def is_kept(
    accounts: Sequence[Candidate], demand: Demand, checks: Sequence[Eligibility], urgent_percent: float
) -> bool:
    """Whether there are free slots, but all of them are reserved for URGENT. checks: in the order of the accounts."""
    free = working = urgent = 0
    for account, check in zip(accounts, checks, strict=True):
        if check.is_free or check.is_busy:
            working += slots_of(account, demand)
            urgent += account.urgent_in_flight
        if check.is_free:
            free += free_slots(account, demand)
    return 0 < free <= slots_reserved_for_urgent(working, urgent_percent) - urgent


def _own_cooldowns(accounts: Collection[Candidate]) -> dict[int, frozenset[int]]:
    """By job id, the accounts with a cooldown that the job has started."""
    found: dict[int, set[int]] = {}
    for account in accounts:
        for cooldown in account.cooldowns:
            if cooldown.cause_job_id is not None:
                found.setdefault(cooldown.cause_job_id, set()).add(account.id)
    return {job_id: frozenset(ids) for job_id, ids in found.items()}


def place(
    jobs: Sequence[WaitingJob],
    demands: Mapping[str, Demand],
    accounts: Collection[Candidate],
    groups: Mapping[int, Group],
    *,
    now_ms: int,
    urgent_percent: float,
    limit: int = 1_000_000,
) -> Choice:
    """Places at most `limit` jobs of one owner on accounts of one provider, in fair order. groups: the groups of all
    jobs; updated by each placement.
    """
    pool = {account.id: account for account in accounts}
    views = {key: _View(demand, accounts, now_ms, urgent_percent) for key, demand in demands.items()}
    placements: list[Placement] = []
    over_budget: set[int] = set()
    waiting: set[str] = set()
    turns = Turns(jobs, groups)
    own_cooldowns = _own_cooldowns(accounts)
    held_back: list[WaitingJob] = []

    def put(job: WaitingJob, account_id: int) -> None:
        demand = views[job.key].demand
        placements.append(Placement(job, account_id))
        turns.placed(job, demand.cost)
        is_urgent = job.rank == URGENT_RANK
        before = pool[account_id]
        pool[account_id] = with_one_more(before, demand, now_ms, len(placements), is_urgent=is_urgent)
        for view in views.values():
            view.update(pool[account_id], is_urgent=is_urgent)
        probed = probed_troubles(before, demand)
        for other in [each for each in pool.values() if probed and each.id != account_id and holds_of(each)]:
            pool[other.id] = with_probed_site(other, probed)
            for view in views.values():
                view.update(pool[other.id], is_urgent=False)

    for job in turns:
        view = views[job.key]
        cost = view.demand.cost
        if view.is_stuck:
            waiting.add(job.key)
            turns.refused()
            continue
        if not groups[job.group].can_pay(cost):
            if groups[job.group].can_never_pay(cost):
                over_budget.add(job.group)
            turns.refused()
            continue
        own = own_cooldowns.get(job.job_id, frozenset())
        account_id = view.pick(job, {each for each in own if started_cooldown(pool[each], view.demand, job.job_id)})
        if account_id is None:
            waiting.add(job.key)
            if own:
                held_back.append(job)  # the next one of its queue may be the probe
            else:
                turns.refused()
            continue
        put(job, account_id)
        if len(placements) == limit:
            break
    # What a job has brought about is probed by another job, where there is one.
    for job in held_back:
        group = groups[job.group]
        if len(placements) < limit and not group.is_full and group.can_pay(views[job.key].demand.cost):
            account_id = views[job.key].pick(job)
            if account_id is not None:
                put(job, account_id)
    return Choice(
        placements=tuple(placements),
        routes={key: view.route for key, view in views.items()},
        stuck={key: tuple(view.checks.values()) for key, view in views.items() if view.is_stuck},
        wants_credits=frozenset(
            account_id for key in waiting for account_id, check in views[key].checks.items() if check.wants_credits
        ),
        over_budget=frozenset(over_budget),
    )
