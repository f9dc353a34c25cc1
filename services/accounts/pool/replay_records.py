"""What happened, as a replay takes it: jobs with their recorded tries, and what an account did at a time. Pure."""

import bisect
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from models.enums import AccountStatus
from models.generation_requests import AccountStrategy
from providers.pooled import FaultKind
from services.accounts.pool.choosing import Candidate, Demand

REJECTIONS = frozenset({FaultKind.CONTENT_REJECTED, FaultKind.INVALID_INPUT})
"Faults of the job itself: it meets them on every account."


@dataclass(frozen=True)
class RecordedTry:
    """An attempt that has ended. held_ms: how long it held its slot; accepted_ms: from its placement until upstream
    accepted it (None: it did not). fault: why it ended, None for a success; is_timeout: it ended without one, too late.
    credits: what it cost; None: unknown.
    """

    account_id: int
    model: str
    placed_at_ms: int
    held_ms: int
    accepted_ms: int | None = None
    fault: FaultKind | None = None
    is_timeout: bool = False
    credits: int | None = None

    @property
    def is_failure(self) -> bool:
        return self.fault is not None or self.is_timeout


@dataclass(frozen=True)
class ReplayedJob:
    """A run of a job. number: its order by age. rank: its priority before ageing. key: of its demand; strategy and
    demand: those to replay. tries: in order, those that were recorded.
    """

    number: int
    arrived_at_ms: int
    provider: str
    rank: int
    group: int
    key: str
    demand: Demand
    strategy: AccountStrategy
    tries: tuple[RecordedTry, ...]

    @property
    def rejection(self) -> RecordedTry | None:
        return next((each for each in self.tries if each.fault in REJECTIONS), None)

    @property
    def price(self) -> int | None:
        """What its result cost; None: unknown."""
        known = [each.credits for each in self.tries if not each.is_failure and each.credits is not None]
        return known[0] if known else self.demand.cost


@dataclass(frozen=True)
class Expected:
    """What a try is assumed to do. own: it is a recorded try of the very job on the very account."""

    held_ms: int
    accepted_ms: int
    was_accepted: bool
    credits: int | None
    fault: FaultKind | None = None
    is_timeout: bool = False


@dataclass
class _OfAccount:
    tries: list[RecordedTry] = field(default_factory=list)
    placed: list[int] = field(default_factory=list)


class Records:
    """Says what a try of a job on an account at a time does.

    A try that was recorded for the job on that account does what it did. Otherwise a job that was rejected is rejected;
    else the account's recorded try that is nearest in time counts: where that failed, this one fails alike, but each
    recorded failure is met once. All else succeeds, and takes the mean of the account's successes with that model, else
    of all accounts' with the model, else of all.
    """

    def __init__(self, jobs: Iterable[ReplayedJob]) -> None:
        self._accounts: dict[int, _OfAccount] = defaultdict(_OfAccount)
        self._used: set[int] = set()
        sums: dict[tuple[int, str], list[int]] = defaultdict(list)
        accepted: list[int] = []
        for each in sorted((each for job in jobs for each in job.tries), key=lambda each: each.placed_at_ms):
            known = self._accounts[each.account_id]
            known.tries.append(each)
            known.placed.append(each.placed_at_ms)
            if each.accepted_ms is not None:
                accepted.append(each.accepted_ms)
            if not each.is_failure:
                for key in ((each.account_id, each.model), (0, each.model), (0, "")):
                    sums[key].append(each.held_ms)
        self._means = {key: sum(times) // len(times) for key, times in sums.items()}
        self._accepted_ms = sum(accepted) // len(accepted) if accepted else 0

    @property
    def accounts(self) -> Mapping[int, Sequence[RecordedTry]]:
        """The recorded tries of each account, by time."""
        return {account_id: known.tries for account_id, known in self._accounts.items()}

    def expected(self, job: ReplayedJob, account_id: int, at_ms: int) -> Expected:
        own = next((each for each in job.tries if each.account_id == account_id and id(each) not in self._used), None)
        if own is not None:
            self._used.add(id(own))
            return self._of(own, own.credits)
        if job.rejection is not None:
            return self._of(job.rejection, job.rejection.credits)
        nearest = self._nearest(account_id, at_ms)
        if nearest is not None and nearest.is_failure and nearest.fault not in REJECTIONS:
            self._used.add(id(nearest))
            return self._of(nearest, nearest.credits)
        keys = ((account_id, job.demand.model), (0, job.demand.model), (0, ""))
        held = next((self._means[key] for key in keys if key in self._means), 0)
        return Expected(held, min(held, self._accepted_ms), True, job.price)

    def _of(self, record: RecordedTry, credits: int | None) -> Expected:
        was_accepted = record.accepted_ms is not None
        accepted = record.held_ms if record.accepted_ms is None else record.accepted_ms
        if record.is_failure and not was_accepted:
            credits = 0
        return Expected(record.held_ms, accepted, was_accepted, credits, record.fault, record.is_timeout)

    def _nearest(self, account_id: int, at_ms: int) -> RecordedTry | None:
        """The unused recorded try that was placed nearest to the time, among its neighbours on both sides."""
        known = self._accounts.get(account_id)
        if known is None:
            return None
        place = bisect.bisect_left(known.placed, at_ms)
        near = [known.tries[index] for index in (place - 1, place) if 0 <= index < len(known.tries)]
        near.sort(key=lambda each: (abs(each.placed_at_ms - at_ms), each.placed_at_ms))
        return near[0] if near and id(near[0]) not in self._used else None


def idle_account(account: Candidate, *, was_used: bool) -> Candidate:
    """The account as a replay begins with it: nothing runs, cools or is used up. was_used: it has recorded tries, so it
    was ACTIVE then, whatever it is now.
    """
    return replace(
        account,
        status=AccountStatus.ACTIVE if was_used else account.status,
        kind_limit=None,
        in_flight=0,
        kind_in_flight=0,
        urgent_in_flight=0,
        used_today=0,
        exhausted_until_ms=0,
        credit_balance=None,
        can_receive=False,
        last_used_ms=0,
        cooldowns=(),
    )
