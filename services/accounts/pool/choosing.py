"""Which account takes which job: pure functions of plain values. Times are milliseconds of the database's clock."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from models.enums import AccountStatus, LoadBalance, MediaKind


@dataclass(frozen=True)
class Cooldown:
    """kind and model "": any. is_probing: the time has come, and its one probe is under way."""

    kind: str
    model: str
    until_ms: int
    reason: str
    is_probing: bool = False

    def concerns(self, kind: MediaKind, model: str) -> bool:
        return self.kind in ("", kind.value) and self.model in ("", model)


@dataclass(frozen=True)
class Candidate:
    """An account as the choice sees it. in_flight: slots held, of both kinds; kind_in_flight: of the wanted kind;
    slot_limit: slots of both kinds together; kind_limit: what refusals taught about the kind (None: nothing).
    urgent_in_flight: slots held by URGENT jobs, of both kinds. used_today: generated of the kind. resets_at_ms: when
    today's counts end.
    """

    id: int
    site: str | None
    status: AccountStatus = AccountStatus.ACTIVE
    status_reason: str | None = None
    priority: int = 100
    slot_limit: int = 3
    kind_limit: int | None = None
    in_flight: int = 0
    kind_in_flight: int = 0
    urgent_in_flight: int = 0
    used_today: int = 0
    daily_limit: int | None = None
    exhausted_until_ms: int = 0
    credit_balance: int | None = None
    can_receive: bool = False
    resets_at_ms: int = 0
    last_used_ms: int = 0
    cooldowns: tuple[Cooldown, ...] = ()


@dataclass(frozen=True)
class Demand:
    """What waiting jobs of one key want. sites: where the model is; cost: credits, None where nobody knows;
    account_ids: only these (empty: any); is_manual: its caller asks upstream for its state.
    """

    kind: MediaKind
    model: str
    sites: tuple[str, ...]
    cost: int | None = None
    load_balance: LoadBalance = LoadBalance.LEAST_USED
    max_concurrent_per_account: int | None = None
    account_ids: frozenset[int] = frozenset()
    is_manual: bool = False


@dataclass(frozen=True)
class Eligibility:
    """Whether an account can take a job now; if not why, and until when where that is known. is_busy: only a slot is
    missing. wants_credits: it could, if it received today's free credits first.
    """

    reason: str | None = None
    until_ms: int | None = None
    is_busy: bool = False
    wants_credits: bool = False

    @property
    def is_free(self) -> bool:
        return self.reason is None


def check_eligibility(account: Candidate, demand: Demand, now_ms: int) -> Eligibility:
    """The first thing that speaks against the account, the most lasting first."""
    if demand.account_ids and account.id not in demand.account_ids:
        return Eligibility("The strategy does not name it.")
    if account.status is not AccountStatus.ACTIVE:
        return Eligibility(f"It is {account.status.value}: {account.status_reason or 'its owner took it out.'}")
    if account.site not in demand.sites:
        return Eligibility(f"{demand.model} is not on its site {account.site}.")
    if account.exhausted_until_ms > now_ms:
        return Eligibility("It has used up what it may generate.", account.exhausted_until_ms)
    for cooldown in account.cooldowns:
        if cooldown.concerns(demand.kind, demand.model):
            if cooldown.until_ms > now_ms:
                return Eligibility(f"It is cooling: {cooldown.reason}", cooldown.until_ms)
            if cooldown.is_probing:
                return Eligibility("Its first try after cooling is under way.", is_busy=True)
    if account.daily_limit is not None and account.used_today >= account.daily_limit:
        return Eligibility(f"Its daily limit of {account.daily_limit} is reached.", account.resets_at_ms)
    if demand.cost is not None and account.credit_balance is not None and account.credit_balance < demand.cost:
        text = f"It has {account.credit_balance} credits, and this takes about {demand.cost}."
        return Eligibility(text, account.resets_at_ms, wants_credits=account.can_receive)
    if free_slots(account, demand) <= 0:
        return Eligibility("All its slots are taken.", is_busy=True)
    return Eligibility()


def free_slots(account: Candidate, demand: Demand) -> int:
    most = account.slot_limit
    if demand.max_concurrent_per_account is not None:
        most = min(most, demand.max_concurrent_per_account)
    free = most - account.in_flight
    if account.kind_limit is not None:
        free = min(free, account.kind_limit - account.kind_in_flight)
    return free


def rank(account: Candidate, demand: Demand) -> tuple[float, ...]:
    """Lower goes first. LEAST_USED: in flight over its limit, then today's count; equal ones by when they were used."""
    share = account.in_flight / max(1, account.slot_limit)
    if demand.load_balance is LoadBalance.ROUND_ROBIN:
        return (account.last_used_ms, account.id)
    if demand.load_balance is LoadBalance.PRIORITY:
        return (account.priority, share, account.used_today, account.last_used_ms, account.id)
    return (share, account.used_today, account.last_used_ms, account.id)


@dataclass(frozen=True)
class RouteEntry:
    """An account of the route: reason None where it could take the job."""

    account_id: int
    reason: str | None
    until_ms: int | None = None


def route_of(
    demand: Demand, accounts: Collection[Candidate], verdicts: Mapping[int, Eligibility]
) -> tuple[RouteEntry, ...]:
    """All candidates: those that could take work first, in order of preference, then the others, the soonest first."""

    def place(account: Candidate) -> tuple[float, ...]:
        verdict = verdicts[account.id]
        return (not verdict.is_free, verdict.until_ms or 0, *rank(account, demand))

    return tuple(
        RouteEntry(account.id, verdicts[account.id].reason, verdicts[account.id].until_ms)
        for account in sorted(accounts, key=place)
    )


def slots_of(account: Candidate, demand: Demand) -> int:
    """Slots that the account has for jobs of the demand, free or not."""
    most = account.slot_limit
    if demand.max_concurrent_per_account is not None:
        most = min(most, demand.max_concurrent_per_account)
    return most if account.kind_limit is None else min(most, account.kind_limit)


def slots_reserved_for_urgent(slots: int, percent: float) -> int:
    """How many of so many slots only URGENT jobs may take: the share, rounded up; none where there is one slot only."""
    return 0 if slots < 2 else math.ceil(slots * percent / 100 - 1e-9)


def with_one_more(account: Candidate, demand: Demand, now_ms: int, order: int, *, is_urgent: bool) -> Candidate:
    """The account after a placement: a slot, a count and the expected credits less; half-open cooldowns have their
    probe.
    """
    balance = account.credit_balance
    return replace(
        account,
        in_flight=account.in_flight + 1,
        kind_in_flight=account.kind_in_flight + 1,
        urgent_in_flight=account.urgent_in_flight + (1 if is_urgent else 0),
        used_today=account.used_today + 1,
        credit_balance=balance - (demand.cost or 0) if balance is not None else None,
        last_used_ms=now_ms + order,
        cooldowns=tuple(
            replace(cooldown, is_probing=True) if cooldown.concerns(demand.kind, demand.model) else cooldown
            for cooldown in account.cooldowns
        )
        if account.cooldowns
        else (),
    )


def waiting_reason(verdicts: Collection[Eligibility]) -> tuple[str, int | None]:
    """What a job without an account waits for, in words, and until when (milliseconds) where that is known."""
    if not verdicts:
        return "It waits for an account: there is none that could make it. createAccounts adds one.", None
    if any(verdict.is_free for verdict in verdicts):
        return "It is next.", None
    if any(verdict.is_busy for verdict in verdicts):
        return "It waits for a free slot of an account.", None
    timed = [verdict for verdict in verdicts if verdict.until_ms is not None]
    if timed:
        soonest = min(timed, key=lambda verdict: verdict.until_ms or 0)
        return f"It waits for an account. The first that comes back: {soonest.reason}", soonest.until_ms
    reasons = list(dict.fromkeys(verdict.reason for verdict in verdicts if verdict.reason))
    return f"No account can make it: {' '.join(reasons[:3])}", None
