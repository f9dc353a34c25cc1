"""The health of an account: 1 less a weight for everything in its rows that speaks against it. A pure function.

The formula is in docs/pool.md. Weights add up, so that each reason says by itself how much it costs, down to 0.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from models.enums import AccountStatus, MediaKind

HALF_LIFE_HOURS = 6.0
"An attempt of so long ago counts half."
WINDOW_HOURS = 24
PRIOR_ATTEMPTS = 2.0
"Attempts that are assumed to have gone well, so that a single failure says little."
FAILURE_WEIGHT = 0.4
CONSECUTIVE_WEIGHT, MAX_CONSECUTIVE_WEIGHT = 0.1, 0.3
COOLDOWN_WEIGHT, MODEL_COOLDOWN_WEIGHT, STEP_WEIGHT, MAX_COOLDOWN_WEIGHT = 0.2, 0.1, 0.05, 0.4
RISK_WEIGHT, MAX_RISK_WEIGHT = 0.15, 0.45
UNCONFIRMED_WEIGHT = 0.1
CONFIRMED_HOURS = 24.0
NO_CREDIT_WEIGHT, LOW_CREDIT_WEIGHT, UNKNOWN_CREDIT_WEIGHT = 0.4, 0.1, 0.05
LOW_CREDIT_GENERATIONS = 10
EXHAUSTED_WEIGHT = 0.2
LOWERED_WEIGHT = 0.2
OVERDUE_WEIGHT, MAX_OVERDUE_WEIGHT = 0.1, 0.3
MIN_WEIGHT = 0.005
"What weighs less is not told."


class HealthReasonCode(StrEnum):
    NOT_ACTIVE = "NOT_ACTIVE"  # inactive or banned: it gets no work
    FAILURES = "FAILURES"  # attempts of the last day failed because of it
    CONSECUTIVE_FAILURES = "CONSECUTIVE_FAILURES"
    COOLING_DOWN = "COOLING_DOWN"
    RISK_CONTROL = "RISK_CONTROL"  # upstream's risk control refused it in the last day
    SESSION_UNCONFIRMED = "SESSION_UNCONFIRMED"  # nothing has shown in the last day that its session is accepted
    OUT_OF_CREDIT = "OUT_OF_CREDIT"  # not enough for the cheapest model
    LOW_CREDIT = "LOW_CREDIT"  # enough for fewer than ten of the cheapest model
    CREDIT_UNKNOWN = "CREDIT_UNKNOWN"
    EXHAUSTED = "EXHAUSTED"  # until the quota's reset
    SLOTS_LOWERED = "SLOTS_LOWERED"  # upstream took fewer at once than maxConcurrent
    OVERDUE_TASKS = "OVERDUE_TASKS"  # tasks that timed out hold slots


@dataclass(frozen=True)
class CoolingNow:
    """A cooldown that is not over. is_for_model: for one model only; step: how often in a row, from 1."""

    is_for_model: bool
    step: int = 1


@dataclass(frozen=True)
class Outcomes:
    """Attempts that ended some hours ago. failed: by faults of the account, risk control excepted."""

    hours_ago: float
    succeeded: int = 0
    failed: int = 0


@dataclass(frozen=True)
class Evidence:
    """What an account's rows say now. outcomes: of the last WINDOW_HOURS. confirmed_hours_ago: since upstream accepted
    its session; None: not known to have. cheapest_price: of its models, in credits (None: unknown). exhausted: kinds
    without quota until the reset. slots: the lowest present limit of its kinds, of max_slots.
    """

    status: AccountStatus = AccountStatus.ACTIVE
    status_reason: str | None = None
    outcomes: Sequence[Outcomes] = ()
    consecutive_failures: int = 0
    cooldowns: Sequence[CoolingNow] = ()
    risk_refusals: int = 0
    confirmed_hours_ago: float | None = 0.0
    credit_balance: int | None = None
    cheapest_price: int | None = None
    exhausted: Sequence[MediaKind] = ()
    slots: int = 1
    max_slots: int = 1
    overdue_tasks: int = 0


@dataclass(frozen=True)
class HealthReason:
    """What speaks against an account. weight: by how much it lowers the score, from 0 to 1."""

    code: HealthReasonCode
    message: str
    weight: float


@dataclass(frozen=True)
class Health:
    """score: 1 is well, 0 is useless. reasons: the heaviest first; none for a score of 1."""

    score: float
    reasons: tuple[HealthReason, ...] = field(default=())


def health_of(seen: Evidence) -> Health:
    found = [
        HealthReason(code, message, round(weight, 3))
        for code, message, weight in (
            _status(seen),
            _failures(seen),
            _consecutive(seen),
            _cooldowns(seen),
            _risk(seen),
            _session(seen),
            _credit(seen),
            _quota(seen),
            _slots(seen),
            _overdue(seen),
        )
        if weight >= MIN_WEIGHT
    ]
    found.sort(key=lambda reason: (-reason.weight, reason.code))
    return Health(round(max(0.0, 1.0 - sum(reason.weight for reason in found)), 3), tuple(found))


_Weighed = tuple[HealthReasonCode, str, float]


def _status(seen: Evidence) -> _Weighed:
    is_active = seen.status is AccountStatus.ACTIVE
    reason = (seen.status_reason or "Deactivated by its owner.").rstrip(".")
    message = f"It is {seen.status.value} and gets no work: {reason}."
    return HealthReasonCode.NOT_ACTIVE, message, 0.0 if is_active else 1.0


def failure_share(outcomes: Sequence[Outcomes]) -> float:
    """The share of attempts that failed, from 0 to 1: those of HALF_LIFE_HOURS ago count half, and PRIOR_ATTEMPTS are
    assumed to have succeeded.
    """
    weighed = [(math.pow(0.5, each.hours_ago / HALF_LIFE_HOURS), each) for each in outcomes]
    failed = sum(weight * each.failed for weight, each in weighed)
    return failed / (PRIOR_ATTEMPTS + sum(weight * (each.failed + each.succeeded) for weight, each in weighed))


def _failures(seen: Evidence) -> _Weighed:
    failed = sum(each.failed for each in seen.outcomes)
    count = failed + sum(each.succeeded for each in seen.outcomes)
    message = f"{failed} of its {count} attempts of the last {WINDOW_HOURS} hours failed because of the account."
    return HealthReasonCode.FAILURES, message, FAILURE_WEIGHT * failure_share(seen.outcomes)


def _consecutive(seen: Evidence) -> _Weighed:
    count = seen.consecutive_failures
    message = f"Its last {'call' if count == 1 else f'{count} calls'} failed."
    return HealthReasonCode.CONSECUTIVE_FAILURES, message, min(MAX_CONSECUTIVE_WEIGHT, CONSECUTIVE_WEIGHT * count)


def _cooldowns(seen: Evidence) -> _Weighed:
    weight = sum(
        (MODEL_COOLDOWN_WEIGHT if each.is_for_model else COOLDOWN_WEIGHT) + STEP_WEIGHT * (each.step - 1)
        for each in seen.cooldowns
    )
    step = max((each.step for each in seen.cooldowns), default=1)
    row = "" if step == 1 else f", one for the {step}th time in a row"
    count = len(seen.cooldowns)
    message = f"It has {count} cooldown{'' if count == 1 else 's'} now{row}."
    return HealthReasonCode.COOLING_DOWN, message, min(MAX_COOLDOWN_WEIGHT, weight)


def _risk(seen: Evidence) -> _Weighed:
    times = "once" if seen.risk_refusals == 1 else f"{seen.risk_refusals} times"
    message = f"Upstream's risk control refused it {times} in the last {WINDOW_HOURS} hours."
    return HealthReasonCode.RISK_CONTROL, message, min(MAX_RISK_WEIGHT, RISK_WEIGHT * seen.risk_refusals)


def _session(seen: Evidence) -> _Weighed:
    hours = seen.confirmed_hours_ago
    if hours is not None and hours <= CONFIRMED_HOURS:
        return HealthReasonCode.SESSION_UNCONFIRMED, "", 0.0
    since = "has never been seen to accept" if hours is None else f"was last seen to accept {hours:.0f} hours ago"
    message = f"Upstream {since} its session. checkAccounts finds out."
    return HealthReasonCode.SESSION_UNCONFIRMED, message, UNCONFIRMED_WEIGHT


def _credit(seen: Evidence) -> _Weighed:
    balance, price = seen.credit_balance, seen.cheapest_price
    if balance is None:
        message = "Its credits are unknown. checkAccounts finds out."
        return HealthReasonCode.CREDIT_UNKNOWN, message, UNKNOWN_CREDIT_WEIGHT
    if balance <= 0 or (price is not None and balance < price):
        needed = "" if price is None else f", and its cheapest model needs {price}"
        return HealthReasonCode.OUT_OF_CREDIT, f"It has {balance} credits{needed}.", NO_CREDIT_WEIGHT
    is_low = price is not None and balance < LOW_CREDIT_GENERATIONS * price
    message = f"Its {balance} credits are enough for {balance // price if price else 0} of its cheapest model."
    return HealthReasonCode.LOW_CREDIT, message, LOW_CREDIT_WEIGHT if is_low else 0.0


def _quota(seen: Evidence) -> _Weighed:
    words = {MediaKind.IMAGE: "pictures", MediaKind.VIDEO: "clips"}
    kinds = " and ".join(words[kind] for kind in seen.exhausted)
    message = f"Its quota of {kinds} is used up until the next reset."
    return HealthReasonCode.EXHAUSTED, message, EXHAUSTED_WEIGHT * len(seen.exhausted)


def _slots(seen: Evidence) -> _Weighed:
    missing = max(0, seen.max_slots - seen.slots)
    message = f"Upstream took {seen.slots} tasks at once, not {seen.max_slots}; the limit rises by one each minute."
    return HealthReasonCode.SLOTS_LOWERED, message, LOWERED_WEIGHT * missing / max(1, seen.max_slots)


def _overdue(seen: Evidence) -> _Weighed:
    count = seen.overdue_tasks
    message = f"{count} task{'' if count == 1 else 's'} that timed out hold{'s' if count == 1 else ''} slots."
    return HealthReasonCode.OVERDUE_TASKS, message, min(MAX_OVERDUE_WEIGHT, OVERDUE_WEIGHT * count)
