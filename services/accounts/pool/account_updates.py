"""Account updates that follow from upstream's responses; each in the caller's transaction or one of its own.

The stores own the statements and the change events (services/stores/accounts.py).
"""

from datetime import datetime

from models.accounts import AccountCooldown
from models.database import execute, now_ms, now_ms_sql
from models.enums import AccountStatus, MediaKind
from models.generation import Attempt
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.cooling import (
    FAILURES_BEFORE_COOLDOWN,
    LIMIT_RECOVERY_SECONDS,
    PERMISSION_COOLDOWN_SECONDS,
    cooldown_seconds,
    risk_seconds,
)
from services.accounts.pool.decisions import AccountEffect
from services.accounts.pool.quota import next_reset, quota_day
from services.notifications.alerts.accounts import CREDIT_COLUMNS, record_credits, record_deactivated
from services.stores import account_cooldowns, account_usage, accounts
from settings import get_settings


async def apply_effect(
    effect: AccountEffect,
    attempt: Attempt,
    fault: UpstreamFaultError,
    *,
    random: float,
    now: datetime,
    session_hash: str | None = None,
) -> None:
    """Applies a decision to the attempt's account. random: from 0 to 1, for jitter. session_hash: as in `deactivate`.

    RECEIVE marks the account as exhausted only if today's credits were received before; else the next scheduling pass
    requests them.
    """
    account_id, kind = attempt.account_id, attempt.kind
    if effect is AccountEffect.NONE:
        await account_cooldowns.release_probes([attempt.id])
    elif effect in (AccountEffect.INACTIVE, AccountEffect.BANNED):
        await deactivate(account_id, AccountStatus(effect.value), fault.message, session_hash)
    elif effect is AccountEffect.COOL:
        await cool(
            account_id, kind.value, "", fault.message, random=random, retry_after_seconds=fault.retry_after_seconds
        )
    elif effect is AccountEffect.COOL_MODEL:
        if fault.kind is FaultKind.MODEL_RISK_CONTROL:
            step = await _step(account_id, kind.value, attempt.model)
            seconds = max(risk_seconds(step, random=random), fault.retry_after_seconds or 0.0)
        else:
            seconds = fault.retry_after_seconds or PERMISSION_COOLDOWN_SECONDS * (1 + 0.2 * random)
        await cool_for(account_id, kind.value, attempt.model, fault.message, seconds)
    elif effect is AccountEffect.COOL_LONG:
        await _cool_for_risk(account_id, kind, attempt.model, fault, random)
    elif effect is AccountEffect.LOWER_LIMIT:
        await lower_limit(attempt, fault, random=random)
    elif effect is AccountEffect.EXHAUST:
        await exhaust(account_id, kind, now)
    elif effect is AccountEffect.RECEIVE:
        await _out_of_credit(attempt, now)
    elif effect is AccountEffect.COUNT_FAILURE:
        await count_failure(account_id, kind, fault.message, random=random)


async def deactivate(account_id: int, status: AccountStatus, reason: str, session_hash: str | None) -> None:
    """Sets an ACTIVE account to INACTIVE or BANNED with the reason, and raises the alert. session_hash: of the session
    that the request used (None: any); if the owner has changed the session since then, it does nothing.
    """
    row = await accounts.transition(
        account_id, to=status, expected=[AccountStatus.ACTIVE], session_hash=session_hash, status_reason=reason
    )
    if row is not None and row["deleted_at"] is None:
        await record_deactivated(row, status, reason)


async def cool(
    account_id: int, kind: str, model: str, reason: str, *, random: float, retry_after_seconds: float | None = None
) -> float:
    """Starts a cooldown of 2, 4, 8 … 1800 s, or of Retry-After if that is longer; returns the seconds."""
    step = await _step(account_id, kind, model)
    seconds = cooldown_seconds(step, random=random, retry_after_seconds=retry_after_seconds)
    await _write_cooldown(account_id, kind, model, reason, seconds, step)
    return seconds


async def cool_for(account_id: int, kind: str, model: str, reason: str, seconds: float) -> None:
    """Starts a cooldown of the given duration."""
    await _write_cooldown(account_id, kind, model, reason, seconds, await _step(account_id, kind, model))


async def cool_account(account_id: int, fault: UpstreamFaultError, *, random: float) -> float:
    """Starts a cooldown for all kinds and models after upstream refused a request about the account itself: after a
    rate limit as in `cool`, after risk control as after that of a task. Returns the seconds; 0 for other faults.
    """
    if fault.kind in (FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT):
        return await cool(
            account_id, "", "", fault.message, random=random, retry_after_seconds=fault.retry_after_seconds
        )
    if fault.kind in (FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL):
        step = await _step(account_id, "", "")
        seconds = max(risk_seconds(step, random=random), fault.retry_after_seconds or 0.0)
        await _write_cooldown(account_id, "", "", fault.message, seconds, step)
        return seconds
    return 0.0


async def _cool_for_risk(
    account_id: int, kind: MediaKind, model: str, fault: UpstreamFaultError, random: float
) -> None:
    """Starts a cooldown for the model, or for everything if another model of the account is already cooling."""
    cooling = AccountCooldown.filter(account_id=account_id, kind=kind.value, until_ms__gt=await now_ms())
    others = await cooling.exclude(model__in=["", model])
    scope = (kind.value, model) if not others else ("", "")
    step = await _step(account_id, *scope)
    seconds = max(risk_seconds(step, random=random), fault.retry_after_seconds or 0.0)
    await _write_cooldown(account_id, *scope, fault.message, seconds, step)


async def _step(account_id: int, kind: str, model: str) -> int:
    """The step of the next cooldown: 1 for the first; the stored step if that cooldown still runs; one more if it has
    ended, which means that its probe failed.
    """
    rows = await execute(
        f"SELECT step, until_ms <= {now_ms_sql()} AS is_over FROM account_cooldown"
        " WHERE account_id = ? AND kind = ? AND model = ?",
        account_id,
        kind,
        model,
    )
    return int(rows[0]["step"]) + (1 if rows[0]["is_over"] else 0) if rows else 1


async def _write_cooldown(account_id: int, kind: str, model: str, reason: str, seconds: float, step: int) -> None:
    await account_cooldowns.write(account_id, kind, model, seconds=seconds, step=step, reason=reason)
    await accounts.touch(account_id)


async def exhaust(account_id: int, kind: MediaKind, now: datetime) -> None:
    """Marks the account as exhausted for the kind until the quota's reset."""
    until_ms = int(next_reset(now, get_settings().timezone).timestamp() * 1000)
    await accounts.exhaust(account_id, kind, until_ms)


async def _out_of_credit(attempt: Attempt, now: datetime) -> None:
    """Lowers the stored balance below the cost, and exhausts the kind if today's credits were already received;
    otherwise the scheduler receives them first.
    """
    day = quota_day(now, get_settings().timezone)
    balance = max(0, (attempt.credits_expected or 1) - 1)
    for row in await accounts.lower_balance(attempt.account_id, balance, [CREDIT_COLUMNS, "received_day"]):
        if row["received_day"] == day:
            await exhaust(attempt.account_id, attempt.kind, now)
        await record_credits(row)


async def lower_limit(attempt: Attempt, fault: UpstreamFaultError, *, random: float) -> None:
    """Lowers the learned limit to the number of tasks that upstream is running now; if that is 0, starts a cooldown."""
    recovery_ms = int(LIMIT_RECOVERY_SECONDS * 1000)
    learned = await accounts.lower_learned_limit(attempt.account_id, attempt.kind, recovery_ms)
    if learned == 0:
        retry_after = fault.retry_after_seconds
        await cool(
            attempt.account_id, attempt.kind.value, "", fault.message, random=random, retry_after_seconds=retry_after
        )


async def count_failure(account_id: int, kind: MediaKind, reason: str, *, random: float) -> None:
    """Counts a failure; from the third in a row on, starts a cooldown for the kind, longer each time."""
    if await accounts.count_failure(account_id) >= FAILURES_BEFORE_COOLDOWN:
        await cool(account_id, kind.value, "", reason, random=random)


async def count_unknown_submit(
    attempt: Attempt, fault: UpstreamFaultError | None, reason: str, *, random: float
) -> None:
    """Counts a submit of which it is not known whether upstream accepted it as a failure, so that other accounts are
    preferred meanwhile. fault: what upstream answered; the account then cools for the kind at once, for as long as the
    answer asks. None: it did not answer, which cools it from the third time in a row on.
    """
    if fault is None:
        await count_failure(attempt.account_id, attempt.kind, reason, random=random)
    else:
        await accounts.count_failure(attempt.account_id)
        await cool(
            attempt.account_id,
            attempt.kind.value,
            "",
            reason,
            random=random,
            retry_after_seconds=fault.retry_after_seconds,
        )


async def record_accepted(attempt: Attempt, day: str) -> None:
    """Records that upstream accepted a task: counts it for the day, removes ended cooldowns and resets the failures."""
    account_id = attempt.account_id
    await account_usage.count(account_id, attempt.kind, day, attempt.credits_expected)
    await account_cooldowns.remove_expired(account_id, attempt.kind.value, attempt.model)
    for row in await accounts.record_accepted(account_id, attempt.credits_expected or 0, [CREDIT_COLUMNS]):
        await record_credits(row)


async def record_measured(account_id: int, credits: int, sent_at_ms: int) -> None:
    """Corrects the balance after a task turned out to cost so many credits more than was known (negative: fewer),
    unless upstream has told the balance since the task was sent.
    """
    for row in await accounts.correct_balance(account_id, credits, sent_at_ms, [CREDIT_COLUMNS]):
        await record_credits(row)


async def record_balance(account_id: int, balance: int) -> None:
    """Stores the balance that upstream returned; a higher balance than before ends the exhaustion."""
    for row in await accounts.set_balance(account_id, balance, [CREDIT_COLUMNS]):
        await record_credits(row)
