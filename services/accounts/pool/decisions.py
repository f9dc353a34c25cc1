"""The decision table for upstream faults: what happens to the account and to the job. A pure function.

Sources: the actions of the codes in the providers' tables; docs/pool.md explains the rows.
"""

from dataclasses import dataclass
from enum import StrEnum

from models.enums import RateLimitHandling
from providers.pooled import FaultKind
from services.accounts.pool.cooling import JOB_BACKOFF, STEP_TRIES, backoff_seconds

MAX_GENERATION_FAILURES = 2
MAX_UNKNOWN_FAULTS = 2
CONTRADICTIONS = 2
"So many refusals of a job by accounts that take other jobs are about the job, and not about the accounts."
MAX_RISK_REFUSALS = 3
"A job that risk control has refused on so many accounts fails, so that it does not cool the whole pool."
MAX_JOB_LIMITS = 8
"A job that meets limits which others do not meet fails at this one, after having waited for about two minutes."
MAX_RATE_LIMITS = 50
"A job fails at this refusal by a rate limit, whatever others meet; on one account that is most of a day later."


class AccountEffect(StrEnum):
    NONE = "NONE"
    HOLD = "HOLD"  # for everything, until a second look at the session: INACTIVE, or back to work
    HOLD_OR_BAN = "HOLD_OR_BAN"  # for everything; BANNED if the probe is refused in the same way
    COOL = "COOL"  # for the kind, or the model if it is about that alone: 2, 4, 8 … seconds, or Retry-After
    COOL_BRIEFLY = "COOL_BRIEFLY"  # for the model, as short as risk control allows: it was about the job
    COOL_IN_DOUBT = "COOL_IN_DOUBT"  # for the model, a minute; as after risk control if another job is refused as well
    COOL_MODEL = "COOL_MODEL"  # for the model, long
    COOL_LONG = "COOL_LONG"  # risk control: for the model first, for everything if another model cools already
    LOWER_LIMIT = "LOWER_LIMIT"  # fewer concurrent tasks of the kind; cools if none is running
    ASK_BALANCE = "ASK_BALANCE"  # the model waits until the balance shows what the refusal means
    EXHAUST = "EXHAUST"  # the kind, or the model if it is about that alone, until the quota's reset
    COUNT_FAILURE = "COUNT_FAILURE"  # cools after three in a row


class JobMove(StrEnum):
    SAME = "SAME"  # retry the same attempt after a backoff
    WAIT = "WAIT"  # retry the same attempt when the cooldown of its account has ended, after the delay at the soonest
    NEXT = "NEXT"  # switch to another account, after the delay if there is one
    FAIL = "FAIL"


@dataclass(frozen=True)
class Decision:
    account: AccountEffect
    job: JobMove
    delay_seconds: float = 0.0


@dataclass(frozen=True)
class FaultContext:
    """The facts that a decision depends on. was_accepted: upstream had accepted the task before it failed.
    is_site_trouble: the fault hits most accounts of the site. is_contradicted: the account takes other jobs of this
    kind and model meanwhile. The counts include the current fault: step_failures of this step on this account; attempts
    of this run; same_kind: attempts of this run that ended with this kind of fault; limits: refusals of this run by
    limits; contradictions: alike refusals of this run on accounts that take other jobs. asks_to_wait: upstream said for
    how long it wants no further request. is_overdue: the time-out of the job's kind has passed since the first submit
    of this run that was lost.
    """

    was_accepted: bool = False
    asks_to_wait: bool = False
    is_overdue: bool = False
    step_failures: int = 1
    attempts: int = 1
    same_kind: int = 1
    limits: int = 1
    contradictions: int = 0
    is_contradicted: bool = False
    is_site_trouble: bool = False
    max_attempts: int = 5
    auto_switch_on_failure: bool = True
    rate_limit_handling: RateLimitHandling = RateLimitHandling.SWITCH


LIMITS = frozenset({FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT})
RISKS = frozenset({FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL})
PERMISSIONS = frozenset({FaultKind.NO_PERMISSION, FaultKind.NEEDS_CONFIRMATION})
FINAL = frozenset({FaultKind.CONTENT_REJECTED, FaultKind.INVALID_INPUT})
"No account would take the request."

FAILURES = frozenset({FaultKind.UPSTREAM_FAULT, FaultKind.SUBMIT_LOST})
_FAMILIES = (LIMITS, RISKS, PERMISSIONS, FAILURES)

_EFFECTS: dict[FaultKind, AccountEffect] = {
    FaultKind.SESSION_EXPIRED: AccountEffect.HOLD,
    FaultKind.PUNISHED: AccountEffect.HOLD_OR_BAN,
    FaultKind.NO_PERMISSION: AccountEffect.COOL_MODEL,
    FaultKind.NEEDS_CONFIRMATION: AccountEffect.COOL_MODEL,
    FaultKind.OUT_OF_CREDIT: AccountEffect.ASK_BALANCE,
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


def family_of(fault: FaultKind) -> frozenset[FaultKind]:
    """The kinds of fault that count together with this one as refusals of a job."""
    return next((family for family in _FAMILIES if fault in family), frozenset({fault}))


def is_about_the_job(fault: FaultKind, now: FaultContext) -> bool:
    """Whether accounts that take other jobs have refused this one often enough that it is the job, not the accounts."""
    can_be = fault in LIMITS | RISKS | PERMISSIONS | FAILURES
    return can_be and now.contradictions >= CONTRADICTIONS


def may_be_paid(fault: FaultKind, now: FaultContext) -> bool:
    """Whether the attempt may have been charged all the same. It then uses up one of the job's attempts even if the
    fault is the site's, so that trouble of a site cannot make a job pay without a bound.
    """
    return now.was_accepted or fault is FaultKind.SUBMIT_LOST


def is_in_doubt(fault: FaultKind, now: FaultContext) -> bool:
    """Whether a refusal by risk control may be about the job as well as about the account: the account has just taken
    other jobs of the model, or so many accounts have refused this one that it fails.
    """
    return fault in RISKS and (now.is_contradicted or now.same_kind >= MAX_RISK_REFUSALS)


def decide(fault: FaultKind, now: FaultContext) -> Decision:
    """The decision for a fault. A job that has no way to continue fails with the fault's own reason."""
    if fault in FINAL:
        return Decision(AccountEffect.NONE, JobMove.FAIL)
    if now.is_site_trouble and not may_be_paid(fault, now):
        is_skipped = fault in LIMITS and now.rate_limit_handling is RateLimitHandling.SKIP
        return Decision(AccountEffect.NONE, JobMove.FAIL if is_skipped else JobMove.NEXT)
    if is_about_the_job(fault, now) and fault in LIMITS:
        return _limits_of_the_job(now)
    if is_about_the_job(fault, now) and fault in RISKS | PERMISSIONS:
        return Decision(AccountEffect.COOL_BRIEFLY if fault in RISKS else AccountEffect.NONE, JobMove.FAIL)
    account = _effect(fault, now)
    if is_in_doubt(fault, now):
        account = AccountEffect.COOL_IN_DOUBT
    if fault in RISKS and now.same_kind >= MAX_RISK_REFUSALS:
        return Decision(account, JobMove.FAIL)
    return _own_decision(account, fault, now)


def _effect(fault: FaultKind, now: FaultContext) -> AccountEffect:
    """The effect on the account. It is not blamed for the site's faults; one that takes other jobs of the kind and
    model is not blamed for what they show to be untrue.
    """
    if now.is_site_trouble:
        return AccountEffect.NONE
    is_disproved = fault in PERMISSIONS | FAILURES
    return AccountEffect.NONE if is_disproved and now.is_contradicted else _EFFECTS[fault]


def _limits_of_the_job(now: FaultContext) -> Decision:
    """For a limit that only this job meets: it waits by itself, longer each time, and fails at last."""
    if now.rate_limit_handling is RateLimitHandling.SKIP or now.limits >= MAX_JOB_LIMITS:
        return Decision(AccountEffect.NONE, JobMove.FAIL)
    stays = now.rate_limit_handling is RateLimitHandling.WAIT and not now.was_accepted
    seconds = JOB_BACKOFF.wait(now.limits - CONTRADICTIONS + 1)
    return Decision(AccountEffect.NONE, JobMove.SAME if stays else JobMove.NEXT, seconds)


def _own_decision(account: AccountEffect, fault: FaultKind, now: FaultContext) -> Decision:
    """The decision for a fault of the account."""
    if fault is FaultKind.UPSTREAM_FAULT and now.asks_to_wait and not now.was_accepted:
        account = AccountEffect.NONE if now.is_contradicted or now.is_site_trouble else AccountEffect.COOL
        if not now.auto_switch_on_failure and now.step_failures <= STEP_TRIES:
            return Decision(account, JobMove.WAIT)
    elif fault is FaultKind.UPSTREAM_FAULT and not now.was_accepted and now.step_failures <= STEP_TRIES:
        return Decision(account, JobMove.SAME, backoff_seconds(now.step_failures))
    if fault is FaultKind.SUBMIT_LOST and now.is_overdue:
        return Decision(account, JobMove.FAIL)
    if fault in LIMITS:
        is_endless = fault is FaultKind.RATE_LIMIT and now.same_kind + now.step_failures > MAX_RATE_LIMITS
        if now.rate_limit_handling is RateLimitHandling.SKIP or is_endless:
            return Decision(account, JobMove.FAIL)
        if now.rate_limit_handling is RateLimitHandling.WAIT and not now.was_accepted:
            return Decision(account, JobMove.WAIT, JOB_BACKOFF.wait(now.step_failures))
    elif fault is FaultKind.SUBMIT_LOST and not now.auto_switch_on_failure and now.step_failures <= STEP_TRIES:
        return Decision(account, JobMove.WAIT)  # sent again, since only this account may have it
    elif not now.auto_switch_on_failure:
        return Decision(account, JobMove.FAIL)
    # A rate limit is not a failure of the job: waiting for a free account does not use up its attempts.
    if now.attempts >= now.max_attempts and fault not in LIMITS:
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.GENERATION_FAILED and now.same_kind >= MAX_GENERATION_FAILURES:
        return Decision(account, JobMove.FAIL)
    if fault is FaultKind.UNKNOWN and now.same_kind >= MAX_UNKNOWN_FAULTS:
        return Decision(account, JobMove.FAIL)
    return Decision(account, JobMove.NEXT)
