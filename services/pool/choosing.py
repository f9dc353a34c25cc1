"""Which account takes which job: pure functions of plain values. Times are milliseconds of the database's clock."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
    used_today: generated of the kind. resets_at_ms: when today's counts end.
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
    """What a waiting job wants. sites: where its model is; cost: credits, None where nobody knows; account_ids: only
    these (empty: any); tried: accounts that failed it in this run.
    """

    job_id: int
    kind: MediaKind
    model: str
    sites: tuple[str, ...]
    cost: int | None = None
    load_balance: LoadBalance = LoadBalance.LEAST_USED
    max_concurrent_per_account: int | None = None
    account_ids: frozenset[int] = frozenset()
    tried: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Verdict:
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


def judge(account: Candidate, demand: Demand, now_ms: int) -> Verdict:
    """The first thing that speaks against the account, the most lasting first."""
    if demand.account_ids and account.id not in demand.account_ids:
        return Verdict("The strategy does not name it.")
    if account.status is not AccountStatus.ACTIVE:
        return Verdict(f"It is {account.status.value}: {account.status_reason or 'its owner took it out.'}")
    if account.site not in demand.sites:
        return Verdict(f"{demand.model} is not on its site {account.site}.")
    if account.exhausted_until_ms > now_ms:
        return Verdict("It has used up what it may generate.", account.exhausted_until_ms)
    for cooldown in account.cooldowns:
        if cooldown.concerns(demand.kind, demand.model):
            if cooldown.until_ms > now_ms:
                return Verdict(f"It is cooling: {cooldown.reason}", cooldown.until_ms)
            if cooldown.is_probing:
                return Verdict("Its first try after cooling is under way.", is_busy=True)
    if account.daily_limit is not None and account.used_today >= account.daily_limit:
        return Verdict(f"Its daily limit of {account.daily_limit} is reached.", account.resets_at_ms)
    if demand.cost is not None and account.credit_balance is not None and account.credit_balance < demand.cost:
        text = f"It has {account.credit_balance} credits, and this takes about {demand.cost}."
        return Verdict(text, account.resets_at_ms, wants_credits=account.can_receive)
    if _slots(account, demand) <= 0:
        return Verdict("All its slots are taken.", is_busy=True)
    return Verdict()


def _slots(account: Candidate, demand: Demand) -> int:
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


@dataclass(frozen=True)
class Placement:
    job_id: int
    account_id: int
    route: tuple[RouteEntry, ...] = ()


@dataclass(frozen=True)
class Choice:
    """placements: who goes where. stuck: jobs for which no account is there even if slots were free.
    wants_credits: accounts that could take work if they received today's credits.
    """

    placements: tuple[Placement, ...] = ()
    stuck: tuple[int, ...] = ()
    wants_credits: frozenset[int] = field(default=frozenset())


def choose(demands: Sequence[Demand], accounts: Collection[Candidate], now_ms: int) -> Choice:
    """Places jobs in their order on the accounts of one owner; each placement takes its slot before the next job is
    looked at. An account that failed a job in this run comes after all others that could take it now or soon.
    """
    pool: dict[int, Candidate] = {account.id: account for account in accounts}
    placements: list[Placement] = []
    stuck: list[int] = []
    wanting: set[int] = set()
    full: set[tuple[object, ...]] = set()
    for demand in demands:
        key = _like(demand)
        if key in full:
            continue
        verdicts = {account_id: judge(account, demand, now_ms) for account_id, account in pool.items()}
        chosen = _pick(demand, pool, verdicts)
        if chosen is None:
            wanting |= {account_id for account_id, verdict in verdicts.items() if verdict.wants_credits}
            is_busy = any(verdict.is_busy or verdict.is_free for verdict in verdicts.values())
            if not is_busy:
                stuck.append(demand.job_id)
            elif not demand.tried:
                full.add(key)  # the next of the same kind finds no slot either
            continue
        placements.append(Placement(demand.job_id, chosen, _route(demand, pool, verdicts)))
        pool[chosen] = _with_one_more(pool[chosen], demand, now_ms, len(placements))
    return Choice(tuple(placements), tuple(stuck), frozenset(wanting))


def _like(demand: Demand) -> tuple[object, ...]:
    return (
        demand.model,
        demand.sites,
        demand.cost,
        demand.load_balance,
        demand.max_concurrent_per_account,
        demand.account_ids,
        demand.tried,
    )


def _pick(demand: Demand, pool: Mapping[int, Candidate], verdicts: Mapping[int, Verdict]) -> int | None:
    free = [account_id for account_id, verdict in verdicts.items() if verdict.is_free]
    untried = [account_id for account_id in free if account_id not in demand.tried]
    if not untried and any(verdict.is_busy for key, verdict in verdicts.items() if key not in demand.tried):
        return None  # one that has not failed it will be free soon
    usable = untried or free
    return min(usable, key=lambda account_id: rank(pool[account_id], demand)) if usable else None


def _route(demand: Demand, pool: Mapping[int, Candidate], verdicts: Mapping[int, Verdict]) -> tuple[RouteEntry, ...]:
    """All candidates: those that could take it first, in order of preference, then the others, the soonest first."""

    def place(account_id: int) -> tuple[float, ...]:
        verdict = verdicts[account_id]
        late = account_id in demand.tried
        return (not verdict.is_free, late, verdict.until_ms or 0, *rank(pool[account_id], demand))

    return tuple(
        RouteEntry(account_id, verdicts[account_id].reason, verdicts[account_id].until_ms)
        for account_id in sorted(verdicts, key=place)
    )


def _with_one_more(account: Candidate, demand: Demand, now_ms: int, order: int) -> Candidate:
    """The account after a placement: a slot, a count and the expected credits less; half-open cooldowns have their
    probe.
    """
    balance = account.credit_balance
    return replace(
        account,
        in_flight=account.in_flight + 1,
        kind_in_flight=account.kind_in_flight + 1,
        used_today=account.used_today + 1,
        credit_balance=balance - (demand.cost or 0) if balance is not None else None,
        last_used_ms=now_ms + order,
        cooldowns=tuple(
            replace(cooldown, is_probing=True) if cooldown.concerns(demand.kind, demand.model) else cooldown
            for cooldown in account.cooldowns
        ),
    )


def waiting_reason(verdicts: Collection[Verdict]) -> tuple[str, int | None]:
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
