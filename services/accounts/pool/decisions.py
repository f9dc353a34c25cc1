"""What becomes of the account and of the job when upstream says no: the table, as a pure function.

Sources: the codes' actions in the providers' tables; the rows are explained in docs/pool.md.
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
    COOL = "COOL"  # for the kind: 2, 4, 8 … seconds, or as upstream told
    COOL_MODEL = "COOL_MODEL"  # for the model, long
    COOL_LONG = "COOL_LONG"  # risk control: for the model first, for everything where it comes again
    LOWER_LIMIT = "LOWER_LIMIT"  # fewer at once of the kind; cools where it is one already
    RECEIVE = "RECEIVE"  # today's free credits, once; else exhausted until the quota's reset
    EXHAUST = "EXHAUST"
    COUNT_FAILURE = "COUNT_FAILURE"  # cools after three in a row


class JobMove(StrEnum):
    SAME = "SAME"  # the same attempt again, after a wait
    WAIT = "WAIT"  # the same attempt again, when its account has cooled
    NEXT = "NEXT"  # another account, at once
    FAIL = "FAIL"


@dataclass(frozen=True)
class Decision:
    account: AccountEffect
    job: JobMove
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class FaultContext:
    """was_accepted: upstream had taken the task, and it failed afterwards. step_failures: failures of this step on this
    account, with this one. attempts: attempts of this run, with this one. same_kind: attempts of this run that ended by
    this kind of fault, with this one.
    """

    was_accepted: bool = False
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
    FaultKind.UNKNOWN: AccountEffect.NONE,
}


def decide(fault: FaultKind, now: FaultContext) -> Decision:
    """The row of the table. A job that may not go on anywhere fails with the fault's own reason."""
    account = _EFFECTS[fault]
    if fault in (FaultKind.CONTENT_REJECTED, FaultKind.INVALID_INPUT):
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.UPSTREAM_FAULT and not now.was_accepted and now.step_failures <= STEP_TRIES:
        return Decision(account, JobMove.SAME, backoff_seconds(now.step_failures))
    if fault in _LIMITS:
        if now.rate_limit_handling is RateLimitHandling.SKIP:
            return Decision(account, JobMove.FAIL)
        if now.rate_limit_handling is RateLimitHandling.WAIT and not now.was_accepted:
            return Decision(account, JobMove.WAIT)
    elif not now.auto_switch_on_failure:
        return Decision(account, JobMove.FAIL)
    # A limit is no failure of the job: waiting for a free account does not use its attempts up.
    if now.attempts >= now.max_attempts and fault not in _LIMITS:
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.GENERATION_FAILED and now.same_kind >= MAX_GENERATION_FAILURES:
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.UNKNOWN and now.same_kind >= MAX_UNKNOWN_FAULTS:
        return Decision(account, JobMove.FAIL)
    return Decision(account, JobMove.NEXT)
