"""Eligibility and ranking of accounts, as pure functions. Times are milliseconds of the database's clock."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from models.enums import AccountStatus, CreditsSource, LoadBalance, MediaKind


@dataclass(frozen=True)
class Cooldown:
    """A cooldown of an account, or a hold of its site. kind and model "": any. is_probing: it ended and its single
    probe is in progress. cause_job_id: the job that started it. trouble_id: of a hold, whose probe is one for all
    accounts of the site.
    """

    kind: str
    model: str
    until_ms: int
    reason: str
    is_probing: bool = False
    cause_job_id: int | None = None
    trouble_id: int | None = None

    def concerns(self, kind: MediaKind, model: str) -> bool:
        return self.kind in ("", kind.value) and self.model in ("", model)


@dataclass(frozen=True)
class Candidate:
    """A snapshot of an account. in_flight: slots held, of both kinds; kind_in_flight: of the requested kind;
    slot_limit: slots of both kinds together; kind_limit: the limit learned from refusals of the kind (None: none);
    urgent_in_flight: slots held by URGENT jobs, of both kinds; detached: slots held by tasks that no job runs on any
    more; used_today: generations of the kind; resets_at_ms: when
    today's counts are reset.
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
    detached: int = 0
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
    """What the waiting jobs of one demand key require. sites: those that can do exactly this; other_sites: those that
    offer the model, but not with this ratio; cost: credits, None if unknown; cost_source, price_key: see pricing.Price;
    account_ids: the only allowed accounts (empty: any); is_manual: the caller polls it by refreshing.
    """

    kind: MediaKind
    model: str
    sites: tuple[str, ...]
    other_sites: tuple[str, ...] = ()
    ratio: str | None = None
    cost: int | None = None
    cost_source: CreditsSource | None = None
    price_key: str | None = None
    load_balance: LoadBalance = LoadBalance.LEAST_USED
    max_concurrent_per_account: int | None = None
    account_ids: frozenset[int] = frozenset()
    is_manual: bool = False


@dataclass(frozen=True)
class Eligibility:
    """Whether an account can take a job now (reason None), or why not and until when, if known. is_busy: it only lacks
    a free slot. wants_credits: it could take the job after receiving today's free credits.
    """

    reason: str | None = None
    until_ms: int | None = None
    is_busy: bool = False
    wants_credits: bool = False

    @property
    def is_free(self) -> bool:
        return self.reason is None


def check_eligibility(account: Candidate, demand: Demand, now_ms: int) -> Eligibility:
    """The first reason against the account; the longest-lasting reasons are checked first."""
    if demand.account_ids and account.id not in demand.account_ids:
        return Eligibility("The account is not in the strategy's list.")
    if account.status is not AccountStatus.ACTIVE:
        return Eligibility(f"{account.status.value}: {account.status_reason or 'Deactivated by its owner.'}")
    if account.site in demand.other_sites:
        able = ", ".join(demand.sites)
        return Eligibility(
            f"The site {account.site} offers {demand.model}, but not with the ratio {demand.ratio}; it needs {able}."
        )
    if account.site not in demand.sites:
        return Eligibility(f"The site {account.site} does not offer {demand.model}.")
    if account.exhausted_until_ms > now_ms:
        return Eligibility("The account's quota is used up.", account.exhausted_until_ms)
    for cooldown in account.cooldowns:
        if cooldown.concerns(demand.kind, demand.model):
            if cooldown.until_ms > now_ms:
                words = "" if cooldown.trouble_id is not None else "Cooling down: "
                return Eligibility(f"{words}{cooldown.reason}", cooldown.until_ms)
            if cooldown.is_probing:
                what = "trouble of the site" if cooldown.trouble_id is not None else "a cooldown"
                return Eligibility(f"The probe after {what} is in progress.", is_busy=True)
    if account.daily_limit is not None and account.used_today >= account.daily_limit:
        return Eligibility(f"The daily limit of {account.daily_limit} is reached.", account.resets_at_ms)
    if account.credit_balance is not None and account.credit_balance < (1 if demand.cost is None else demand.cost):
        needs = "." if demand.cost is None else f"; the job needs about {demand.cost}."
        text = f"The account has {max(0, account.credit_balance)} credits{needs}"
        return Eligibility(text, account.resets_at_ms, wants_credits=account.can_receive)
    if free_slots(account, demand) <= 0:
        return Eligibility("All slots are in use.", is_busy=True)
    return Eligibility()


def free_slots(account: Candidate, demand: Demand) -> int:
    limit = account.slot_limit
    if demand.max_concurrent_per_account is not None:
        limit = min(limit, demand.max_concurrent_per_account)
    free = limit - account.in_flight
    if account.kind_limit is not None:
        free = min(free, account.kind_limit - account.kind_in_flight)
    return free


def rank(account: Candidate, demand: Demand) -> tuple[float, ...]:
    """The sort key of an account; the lowest is preferred. LEAST_USED: in flight divided by the slot limit, then
    today's count, then the time of last use.
    """
    share = account.in_flight / max(1, account.slot_limit)
    if demand.load_balance is LoadBalance.ROUND_ROBIN:
        return (account.last_used_ms, account.id)
    if demand.load_balance is LoadBalance.PRIORITY:
        return (account.priority, share, account.used_today, account.last_used_ms, account.id)
    return (share, account.used_today, account.last_used_ms, account.id)


@dataclass(frozen=True)
class RouteEntry:
    """A considered account: why it was refused; None: it could take the job."""

    account_id: int
    reason: str | None
    until_ms: int | None = None


def route_of(
    demand: Demand, accounts: Collection[Candidate], checks: Mapping[int, Eligibility]
) -> tuple[RouteEntry, ...]:
    """All candidates: eligible ones first, in order of preference, then the others, the earliest available first."""

    def place(account: Candidate) -> tuple[float, ...]:
        check = checks[account.id]
        return (not check.is_free, check.until_ms or 0, *rank(account, demand))

    return tuple(
        RouteEntry(account.id, checks[account.id].reason, checks[account.id].until_ms)
        for account in sorted(accounts, key=place)
    )


def slots_of(account: Candidate, demand: Demand) -> int:
    """The account's slots that jobs of the demand can really use, free or in use by jobs: within the strategy's and the
    learned limit, and without those that detached tasks hold.
    """
    limit = account.slot_limit
    if demand.max_concurrent_per_account is not None:
        limit = min(limit, demand.max_concurrent_per_account)
    limit = limit if account.kind_limit is None else min(limit, account.kind_limit)
    return max(0, limit - account.detached)


SMALL_POOL_SLOTS = 10


def slots_reserved_for_urgent(slots: int, percent: float) -> int:
    """How many of `slots` are reserved for URGENT jobs: the percentage, rounded down below ten slots and up from there,
    and at most all but one.
    """
    share = slots * percent / 100
    reserved = math.floor(share + 1e-9) if slots < SMALL_POOL_SLOTS else math.ceil(share - 1e-9)
    return max(0, min(reserved, slots - 1))


def with_one_more(account: Candidate, demand: Demand, now_ms: int, order: int, *, is_urgent: bool) -> Candidate:
    """The account after a placement: one more slot and count used, the expected credits deducted, and the job as the
    probe of half-open cooldowns.
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


def started_cooldown(account: Candidate, demand: Demand, job_id: int) -> bool:
    """Whether the account's next job of the demand is the probe of a cooldown that this very job has started."""
    return any(
        cooldown.cause_job_id == job_id and cooldown.concerns(demand.kind, demand.model)
        for cooldown in account.cooldowns
    )


def holds_of(account: Candidate) -> tuple[Cooldown, ...]:
    """The holds of the account's site."""
    return tuple(cooldown for cooldown in account.cooldowns if cooldown.trouble_id is not None)


def probed_troubles(account: Candidate, demand: Demand) -> frozenset[int]:
    """The troubles of the account's site whose probe a job of the demand is that was placed on it."""
    return frozenset(
        hold.trouble_id
        for hold in holds_of(account)
        if hold.trouble_id is not None and hold.concerns(demand.kind, demand.model)
    )


def with_probed_site(account: Candidate, trouble_ids: frozenset[int]) -> Candidate:
    """The account while a job on another account of its site probes these troubles."""
    return replace(
        account,
        cooldowns=tuple(
            replace(cooldown, is_probing=True) if cooldown.trouble_id in trouble_ids else cooldown
            for cooldown in account.cooldowns
        ),
    )


def waiting_reason(checks: Collection[Eligibility]) -> tuple[str, int | None]:
    """What a job without an account waits for, as a sentence, and until when in milliseconds (None: unknown)."""
    if not checks:
        return "Waiting for an account: there is none for this provider. Add one with createAccounts.", None
    if any(check.is_free for check in checks):
        return "Next to be scheduled.", None
    if any(check.is_busy for check in checks):
        return "Waiting for a free account slot.", None
    timed = [check for check in checks if check.until_ms is not None]
    if timed:
        soonest = min(timed, key=lambda check: check.until_ms or 0)
        return f"Waiting for an account. The next available one: {soonest.reason}", soonest.until_ms
    reasons = list(dict.fromkeys(check.reason for check in checks if check.reason))
    return f"No account can run this job: {' '.join(reasons[:3])}", None
