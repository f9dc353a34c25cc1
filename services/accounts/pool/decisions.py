"""The decision table for upstream faults: what happens to the account and to the job. A pure function.

Sources: the actions of the codes in the providers' tables; docs/pool.md explains the rows.
"""

from dataclasses import dataclass
from enum import StrEnum

from models.enums import RateLimitHandling
from providers.pooled import FaultKind
from services.accounts.pool.cooling import STEP_TRIES, backoff_seconds

MAX_GENERATION_FAILURES = 2
MAX_UNKNOWN_FAULTS = 2


class AccountEffect(StrEnum):
    NONE = "NONE"
    INACTIVE = "INACTIVE"  # until a person renews the session
    BANNED = "BANNED"
    COOL = "COOL"  # for the kind: 2, 4, 8 … seconds, or Retry-After
    COOL_MODEL = "COOL_MODEL"  # for the model, long
    COOL_LONG = "COOL_LONG"  # risk control: for the model first, for everything if another model cools already
    LOWER_LIMIT = "LOWER_LIMIT"  # fewer concurrent tasks of the kind; cools if none is running
    RECEIVE = "RECEIVE"  # today's free credits, once; if received already, exhausted until the quota's reset
    EXHAUST = "EXHAUST"
    COUNT_FAILURE = "COUNT_FAILURE"  # cools after three in a row


class JobMove(StrEnum):
    SAME = "SAME"  # retry the same attempt after a backoff
    WAIT = "WAIT"  # retry the same attempt when the cooldown of its account has ended
    NEXT = "NEXT"  # switch to another account at once
    FAIL = "FAIL"


@dataclass(frozen=True)
class Decision:
    account: AccountEffect
    job: JobMove
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class FaultContext:
    """The facts that a decision depends on. was_accepted: upstream had accepted the task before it failed.
    asks_to_wait: upstream said for how long it wants no further request. is_overdue: the time-out of the job's kind has
    passed since the first submit of this run of which upstream has no task. The counts
    include the current one: step_failures of this step on this account; attempts of this run; same_kind: attempts of
    this run that ended with this kind of fault.
    """

    was_accepted: bool = False
    asks_to_wait: bool = False
    is_overdue: bool = False
    step_failures: int = 1
    attempts: int = 1
    same_kind: int = 1
    max_attempts: int = 5
    auto_switch_on_failure: bool = True
    rate_limit_handling: RateLimitHandling = RateLimitHandling.SWITCH


_LIMITS = frozenset({FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT})

_EFFECTS: dict[FaultKind, AccountEffect] = {
    FaultKind.SESSION_EXPIRED: AccountEffect.INACTIVE,
    FaultKind.PUNISHED: AccountEffect.BANNED,
    FaultKind.NO_PERMISSION: AccountEffect.COOL_MODEL,
    FaultKind.NEEDS_CONFIRMATION: AccountEffect.COOL_MODEL,
    FaultKind.OUT_OF_CREDIT: AccountEffect.RECEIVE,
    FaultKind.DAILY_LIMIT: AccountEffect.EXHAUST,
    FaultKind.RATE_LIMIT: AccountEffect.COOL,
    FaultKind.CONCURRENCY_LIMIT: AccountEffect.LOWER_LIMIT,
    FaultKind.RISK_CONTROL: AccountEffect.COOL_LONG,
    FaultKind.MODEL_RISK_CONTROL: AccountEffect.COOL_MODEL,
    FaultKind.CONTENT_REJECTED: AccountEffect.NONE,
    FaultKind.INVALID_INPUT: AccountEffect.NONE,
    FaultKind.GENERATION_FAILED: AccountEffect.NONE,
    FaultKind.UPSTREAM_FAULT: AccountEffect.COUNT_FAILURE,
    FaultKind.SUBMIT_LOST: AccountEffect.COOL,
    FaultKind.UNKNOWN: AccountEffect.NONE,
}


def decide(fault: FaultKind, now: FaultContext) -> Decision:
    """The decision for a fault. A job that has no way to continue fails with the fault's own reason."""
    account = _EFFECTS[fault]
    if fault in (FaultKind.CONTENT_REJECTED, FaultKind.INVALID_INPUT):
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.UPSTREAM_FAULT and now.asks_to_wait and not now.was_accepted:
        account = AccountEffect.COOL
        if not now.auto_switch_on_failure and now.step_failures <= STEP_TRIES:
            return Decision(account, JobMove.WAIT)
    elif fault is FaultKind.UPSTREAM_FAULT and not now.was_accepted and now.step_failures <= STEP_TRIES:
        return Decision(account, JobMove.SAME, backoff_seconds(now.step_failures))
    if fault is FaultKind.SUBMIT_LOST and now.is_overdue:
        return Decision(account, JobMove.FAIL)
    if fault in _LIMITS:
        if now.rate_limit_handling is RateLimitHandling.SKIP:
            return Decision(account, JobMove.FAIL)
        if now.rate_limit_handling is RateLimitHandling.WAIT and not now.was_accepted:
            return Decision(account, JobMove.WAIT)
    elif fault is FaultKind.SUBMIT_LOST and not now.auto_switch_on_failure and now.step_failures <= STEP_TRIES:
        return Decision(account, JobMove.WAIT)  # sent again, since only this account may have it
    elif not now.auto_switch_on_failure:
        return Decision(account, JobMove.FAIL)
    # A rate limit is not a failure of the job: waiting for a free account does not use up its attempts.
    if now.attempts >= now.max_attempts and fault not in _LIMITS:
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.GENERATION_FAILED and now.same_kind >= MAX_GENERATION_FAILURES:
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.UNKNOWN and now.same_kind >= MAX_UNKNOWN_FAULTS:
        return Decision(account, JobMove.FAIL)
    return Decision(account, JobMove.NEXT)
