"""Replays recorded jobs on accounts under other strategies: a simulation of events, in which the pool's own rules place
jobs and decide what faults do. Pure and deterministic; times are milliseconds of the recorded clock.

What is assumed: accounts begin idle, with today's counts at 0 and no cooldowns; credits bound nothing, since balances
of then are not recorded; jitter adds nothing, and Retry-After is not known. What a try does is said by
replay_records.Records.
"""

import heapq
import itertools
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.enums import AccountStatus
from providers.pooled import FaultKind
from services.accounts.pool.choosing import Candidate, Cooldown, with_one_more
from services.accounts.pool.cooling import (
    BRIEF_SECONDS,
    DOUBT_SECONDS,
    FAILURES_BEFORE_COOLDOWN,
    LIMIT_RECOVERY_SECONDS,
    PERMISSION_COOLDOWN_SECONDS,
    STEP_TRIES,
    cooldown_seconds,
    risk_seconds,
)
from services.accounts.pool.decisions import AccountEffect, FaultContext, JobMove, decide
from services.accounts.pool.fairness import Group, WaitingJob
from services.accounts.pool.placing import place
from services.accounts.pool.replay_records import Expected, Records, ReplayedJob, idle_account
from services.queue.priority import aged_rank

PASS_DELAY_MS = 50
"From an event to the next scheduling pass: what happens meanwhile is placed together."
PATIENCE_MS = 2 * 86_400_000
"How long after the last recorded moment jobs that no account takes are waited for."


@dataclass(frozen=True)
class Rules:
    """What the deployment decides. next_reset_ms: the end of a moment's quota day."""

    urgent_percent: float
    ageing_ms: int
    next_reset_ms: Callable[[int], int]


@dataclass
class Tally:
    """What came of jobs. waits_ms: from arrival to the first placement. last_end_ms: when the last try ended.
    credits: of tries of which they are known; unpriced: tries of which they are not.
    """

    tries: int = 0
    succeeded: int = 0
    failed: int = 0
    never_placed: int = 0
    switches: int = 0
    faults: int = 0
    waits_ms: list[int] = field(default_factory=list)
    last_end_ms: int | None = None
    credits: int = 0
    unpriced: int = 0
    by_account: dict[int, int] = field(default_factory=lambda: defaultdict(int))

    def count_try(self, account_id: int, credits: int | None, ended_at_ms: int) -> None:
        self.tries += 1
        self.by_account[account_id] += 1
        self.credits += credits or 0
        self.unpriced += credits is None
        self.last_end_ms = max(self.last_end_ms or 0, ended_at_ms)


def recorded_tally(jobs: Sequence[ReplayedJob]) -> Tally:
    """What really came of the jobs, by their recorded tries."""
    tally = Tally()
    for job in jobs:
        for each in job.tries:
            credits = 0 if each.is_failure and each.accepted_ms is None else each.credits
            tally.count_try(each.account_id, credits, each.placed_at_ms + each.held_ms)
            tally.faults += each.is_failure
        tally.waits_ms.append(max(0, job.tries[0].placed_at_ms - job.arrived_at_ms))
        tally.switches += len(job.tries) - 1
        tally.succeeded += not job.tries[-1].is_failure
        tally.failed += job.tries[-1].is_failure
    return tally


@dataclass
class _Run:
    """A job during the replay."""

    job: ReplayedJob
    tried: frozenset[int] = frozenset()
    attempts: int = 0
    faults: dict[FaultKind, int] = field(default_factory=lambda: defaultdict(int))
    is_first: bool = True


class Replay:
    """One replay. `steps` yields after each scheduling pass, so that the caller can do something else meanwhile."""

    def __init__(
        self,
        jobs: Sequence[ReplayedJob],
        accounts: Mapping[str, Sequence[Candidate]],
        max_parallel: Mapping[int, int],
        rules: Rules,
    ) -> None:
        """accounts: by provider, as they are now. An account that is not ACTIVE now counts as ACTIVE if it was used in
        what is replayed: its recorded faults take it out. max_parallel: of batches that have one.
        """
        self.tally = Tally()
        self._rules = rules
        self._records = Records(jobs)
        used = self._records.accounts
        self._provider_of = {account.id: provider for provider, found in accounts.items() for account in found}
        self._accounts = {
            account.id: idle_account(account, was_used=account.id in used)
            for found in accounts.values()
            for account in found
        }
        self._groups = {job.group: Group(max_parallel=max_parallel.get(job.group)) for job in jobs}
        self._waiting: dict[str, dict[int, _Run]] = defaultdict(dict)
        self._steps: dict[tuple[int, str, str], int] = {}
        self._failures: dict[int, int] = defaultdict(int)
        self._events: list[tuple[int, int, Callable[[int], None]]] = []
        self._numbers = itertools.count()
        moments = [each.placed_at_ms + each.held_ms for job in jobs for each in job.tries]
        self._until_ms = max([*moments, *(job.arrived_at_ms for job in jobs)], default=0) + PATIENCE_MS
        self._jobs = jobs
        for job in sorted(jobs, key=lambda job: (job.arrived_at_ms, job.number)):
            run = _Run(job)
            self._at(job.arrived_at_ms, self._arrival(run))

    def steps(self) -> Iterator[None]:
        """Runs until nothing happens any more; the result is in `tally`."""
        if self._events:
            self._begin_day(self._events[0][0])
        while self._unfinished() and self._events and self._events[0][0] <= self._until_ms:
            now_ms = self._events[0][0] + PASS_DELAY_MS
            while self._events and self._events[0][0] <= now_ms:
                at_ms, _, happen = heapq.heappop(self._events)
                happen(at_ms)
            self._schedule(now_ms)
            yield
        for run in [run for found in self._waiting.values() for run in found.values()]:
            self.tally.never_placed += run.is_first
            self.tally.failed += not run.is_first

    def _unfinished(self) -> int:
        """Jobs that have not ended, or not even arrived."""
        return len(self._jobs) - self.tally.succeeded - self.tally.failed

    # ------------------------------------------------------------ events

    def _at(self, at_ms: int, happen: Callable[[int], None]) -> None:
        heapq.heappush(self._events, (at_ms, next(self._numbers), happen))

    def _wake(self, at_ms: int) -> None:
        """Makes a scheduling pass happen then."""
        self._at(at_ms, lambda _: None)

    def _begin_day(self, at_ms: int) -> None:
        """Begins a quota day: counts are 0, and exhaustion has ended by its own time."""
        resets_at_ms = self._rules.next_reset_ms(at_ms)
        for account in list(self._accounts.values()):
            self._change(account.id, used_today=0, resets_at_ms=resets_at_ms)
        self._at(resets_at_ms, self._begin_day)

    def _arrival(self, run: _Run) -> Callable[[int], None]:
        return lambda _: self._wait(run)

    def _wait(self, run: _Run) -> None:
        self._waiting[run.job.provider][run.job.number] = run

    def _change(self, account_id: int, **values: object) -> None:
        self._accounts[account_id] = replace(self._accounts[account_id], **values)  # type: ignore[arg-type]

    # ------------------------------------------------------------ placing

    def _schedule(self, now_ms: int) -> None:
        for provider, waiting in self._waiting.items():
            accounts = [
                account for account_id, account in self._accounts.items() if self._provider_of[account_id] == provider
            ]
            free = sum(max(0, account.slot_limit - account.in_flight) for account in accounts)
            if not waiting or free <= 0:
                continue
            heads = self._heads(waiting, free, now_ms)
            demands = {run.job.key: run.job.demand for run in (waiting[job.job_id] for job in heads)}
            choice = place(
                heads,
                demands,
                accounts,
                self._groups,
                now_ms=now_ms,
                urgent_percent=self._rules.urgent_percent,
            )
            for order, placement in enumerate(choice.placements, 1):
                run = waiting.pop(placement.job.job_id)
                account = self._accounts[placement.account_id]
                self._accounts[account.id] = with_one_more(
                    account, run.job.demand, now_ms, order, is_urgent=placement.job.rank == 0
                )
                self._start(run, account.id, now_ms, is_urgent=placement.job.rank == 0)

    def _heads(self, waiting: Mapping[int, _Run], free: int, now_ms: int) -> list[WaitingJob]:
        """The first jobs of each line: no more of one can be placed than there are free slots."""
        heads: list[WaitingJob] = []
        taken: dict[tuple[int, int, str, frozenset[int]], int] = defaultdict(int)
        for number in sorted(waiting):
            run = waiting[number]
            line = (run.job.rank, run.job.group, run.job.key, run.tried)
            if taken[line] < free:
                taken[line] += 1
                rank = aged_rank(run.job.rank, now_ms - run.job.arrived_at_ms, self._rules.ageing_ms)
                heads.append(WaitingJob(number, rank, run.job.group, run.job.key, run.tried))
        return heads

    def _start(self, run: _Run, account_id: int, now_ms: int, *, is_urgent: bool) -> None:
        if run.is_first:
            run.is_first = False
            self.tally.waits_ms.append(max(0, now_ms - run.job.arrived_at_ms))
        else:
            self.tally.switches += 1
        run.attempts += 1
        expected = self._records.expected(run.job, account_id, now_ms)
        if expected.was_accepted and self._accounts[account_id].cooldowns:
            self._at(now_ms + expected.accepted_ms, lambda at_ms: self._accepted(run, account_id, at_ms))
        self.tally.count_try(account_id, expected.credits, now_ms + expected.held_ms)
        self._at(
            now_ms + expected.held_ms, lambda at_ms: self._ended(run, account_id, expected, at_ms, is_urgent=is_urgent)
        )

    # ------------------------------------------------------------ what comes of a try

    def _accepted(self, run: _Run, account_id: int, at_ms: int) -> None:
        """Upstream took a task: cooldowns that are over are gone, and failures begin anew."""
        demand, account = run.job.demand, self._accounts[account_id]
        over = [
            each for each in account.cooldowns if each.concerns(demand.kind, demand.model) and each.until_ms <= at_ms
        ]
        for each in over:
            self._steps.pop((account_id, each.kind, each.model), None)
        self._change(account_id, cooldowns=tuple(each for each in account.cooldowns if each not in over))
        self._failures[account_id] = 0

    def _release(self, run: _Run, account_id: int, *, is_urgent: bool, is_counted: bool) -> None:
        account = self._accounts[account_id]
        self._change(
            account_id,
            in_flight=account.in_flight - 1,
            kind_in_flight=account.kind_in_flight - 1,
            urgent_in_flight=account.urgent_in_flight - (1 if is_urgent else 0),
            used_today=account.used_today if is_counted else max(0, account.used_today - 1),
            cooldowns=tuple(replace(each, is_probing=False) for each in account.cooldowns),
        )
        self._groups[run.job.group].in_flight -= 1

    def _ended(self, run: _Run, account_id: int, expected: Expected, at_ms: int, *, is_urgent: bool) -> None:
        fault = expected.fault
        if expected.was_accepted:
            self._accepted(run, account_id, at_ms)
        if not expected.is_timeout and fault is None:
            self._release(run, account_id, is_urgent=is_urgent, is_counted=True)
            self.tally.succeeded += 1
            return
        self.tally.faults += 1
        if fault is None:
            self._release(run, account_id, is_urgent=is_urgent, is_counted=True)
            switches = run.job.strategy.switch_on_timeout and run.attempts < run.job.strategy.max_attempts
            self._go_on(run, account_id, JobMove.NEXT if switches else JobMove.FAIL)
            return
        run.faults[fault] += 1
        decision = decide(
            fault,
            FaultContext(
                was_accepted=expected.was_accepted,
                step_failures=STEP_TRIES + 1,  # a recorded try ended only after its steps were tried again
                attempts=run.attempts,
                same_kind=run.faults[fault],
                max_attempts=run.job.strategy.max_attempts,
                auto_switch_on_failure=run.job.strategy.auto_switch_on_failure,
                rate_limit_handling=run.job.strategy.rate_limit_handling,
            ),
        )
        until_ms = self._apply(decision.account, run, account_id, fault, at_ms)
        if decision.job is JobMove.WAIT:
            # It keeps its slot, and is sent again when the account has cooled.
            again = self._records.expected(run.job, account_id, max(until_ms, at_ms))
            again = replace(again, fault=None, is_timeout=False, was_accepted=True)
            self._at(
                max(until_ms, at_ms) + again.held_ms,
                lambda then: self._ended(run, account_id, again, then, is_urgent=is_urgent),
            )
            self.tally.last_end_ms = max(self.tally.last_end_ms or 0, max(until_ms, at_ms) + again.held_ms)
            return
        self._release(run, account_id, is_urgent=is_urgent, is_counted=expected.was_accepted)
        self._go_on(run, account_id, decision.job)

    def _go_on(self, run: _Run, account_id: int, move: JobMove) -> None:
        if move is JobMove.FAIL:
            self.tally.failed += 1
            return
        run.tried |= {account_id}
        self._wait(run)

    # ------------------------------------------------------------ what a fault does to an account

    def _apply(self, effect: AccountEffect, run: _Run, account_id: int, fault: FaultKind, at_ms: int) -> int:
        """Applies a decision's effect; returns until when the account cools for it (at_ms: not at all)."""
        kind, model, account = run.job.demand.kind, run.job.demand.model, self._accounts[account_id]
        if effect in (AccountEffect.HOLD, AccountEffect.HOLD_OR_BAN):
            # What the second look found is seen by whether it was used again.
            is_banned = effect is AccountEffect.HOLD_OR_BAN
            status = AccountStatus.BANNED if is_banned else AccountStatus.INACTIVE
            self._change(account_id, status=status, status_reason=fault.value)
            self._revive(account_id, at_ms)
        elif effect is AccountEffect.COOL:
            return self._cool(account_id, kind.value, "", at_ms, lambda step: cooldown_seconds(step, random=0.0))
        elif effect is AccountEffect.COOL_MODEL and fault is FaultKind.MODEL_RISK_CONTROL:
            return self._cool(account_id, kind.value, model, at_ms, lambda step: risk_seconds(step, random=0.0))
        elif effect is AccountEffect.COOL_MODEL:
            return self._cool(account_id, kind.value, model, at_ms, lambda _: PERMISSION_COOLDOWN_SECONDS)
        elif effect is AccountEffect.COOL_LONG:
            others = [each for each in account.cooldowns if each.until_ms > at_ms and each.model not in ("", model)]
            scope = ("", "") if others else (kind.value, model)
            return self._cool(account_id, *scope, at_ms, lambda step: risk_seconds(step, random=0.0))
        elif effect is AccountEffect.LOWER_LIMIT:
            return self._lower_limit(account_id, kind.value, at_ms)
        elif effect is AccountEffect.COOL_BRIEFLY:
            return self._cool(account_id, kind.value, model, at_ms, lambda _: BRIEF_SECONDS)
        elif effect is AccountEffect.COOL_IN_DOUBT:
            return self._cool(account_id, kind.value, model, at_ms, _doubt_seconds)
        elif effect is AccountEffect.EXHAUST:
            self._change(account_id, exhausted_until_ms=account.resets_at_ms)
        elif effect is AccountEffect.ASK_BALANCE:  # credits bound nothing here, so it is about the model
            return self._cool(account_id, kind.value, model, at_ms, lambda _: PERMISSION_COOLDOWN_SECONDS)
        elif effect is AccountEffect.COUNT_FAILURE:
            self._failures[account_id] += 1
            if self._failures[account_id] >= FAILURES_BEFORE_COOLDOWN:
                return self._cool(account_id, kind.value, "", at_ms, lambda step: cooldown_seconds(step, random=0.0))
        return at_ms

    def _cool(self, account_id: int, kind: str, model: str, at_ms: int, seconds: Callable[[int], float]) -> int:
        account = self._accounts[account_id]
        known = next((each for each in account.cooldowns if (each.kind, each.model) == (kind, model)), None)
        step = self._steps.get((account_id, kind, model), 0)
        if known is None or known.until_ms <= at_ms:
            step += 1
        self._steps[account_id, kind, model] = step
        until_ms = at_ms + round(seconds(step) * 1000)
        others = tuple(each for each in account.cooldowns if each is not known)
        self._change(account_id, cooldowns=(*others, Cooldown(kind, model, until_ms, "As recorded.")))
        self._wake(until_ms)
        return until_ms

    def _lower_limit(self, account_id: int, kind: str, at_ms: int) -> int:
        """The limit falls to what runs besides the refused one; where that is nothing, the account cools."""
        running = self._accounts[account_id].kind_in_flight - 1
        self._change(account_id, kind_limit=max(1, running))
        self._at(at_ms + round(LIMIT_RECOVERY_SECONDS * 1000), lambda then: self._raise_limit(account_id, then))
        if running > 0:
            return at_ms
        return self._cool(account_id, kind, "", at_ms, lambda step: cooldown_seconds(step, random=0.0))

    def _raise_limit(self, account_id: int, at_ms: int) -> None:
        account = self._accounts[account_id]
        if account.kind_limit is None:
            return
        raised = account.kind_limit + 1
        self._change(account_id, kind_limit=None if raised >= account.slot_limit else raised)
        if raised < account.slot_limit:
            self._at(at_ms + round(LIMIT_RECOVERY_SECONDS * 1000), lambda then: self._raise_limit(account_id, then))

    def _revive(self, account_id: int, at_ms: int) -> None:
        """Where the account worked again later, somebody renewed it: it is ACTIVE from its next recorded try on."""
        later = [each.placed_at_ms for each in self._records.accounts.get(account_id, ()) if each.placed_at_ms > at_ms]
        if later:
            self._at(later[0], lambda _: self._change(account_id, status=AccountStatus.ACTIVE))


def _doubt_seconds(step: int) -> float:
    return DOUBT_SECONDS if step == 1 else risk_seconds(step, random=0.0)
