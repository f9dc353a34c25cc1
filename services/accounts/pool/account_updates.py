"""What upstream's words do to an account: guarded updates, each in the caller's transaction or one of its own.

What is written, and who is told, is the stores' (services/stores/accounts.py).
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
    """Changes the attempt's account as the decision says. random: from 0 to 1, for jitter. session_hash: as take_out.

    RECEIVE only marks it exhausted where today's credits were received before; else the pool's next look receives them.
    """
    account_id, kind = attempt.account_id, attempt.kind
    if effect is AccountEffect.NONE:
        await account_cooldowns.release_probes([attempt.id])
    elif effect in (AccountEffect.INACTIVE, AccountEffect.BANNED):
        await deactivate(account_id, AccountStatus(effect.value), fault.message, session_hash)
    elif effect is AccountEffect.COOL:
        await cool(account_id, kind.value, "", fault.message, random=random, told_seconds=fault.retry_after_seconds)
    elif effect is AccountEffect.COOL_MODEL:
        if fault.kind is FaultKind.MODEL_RISK_CONTROL:
            step = await _step(account_id, kind.value, attempt.model)
            seconds = risk_seconds(step, random=random)
        else:
            seconds = fault.retry_after_seconds or PERMISSION_COOLDOWN_SECONDS * (1 + 0.2 * random)
        await cool_for(account_id, kind.value, attempt.model, fault.message, seconds)
    elif effect is AccountEffect.COOL_LONG:
        await _cool_for_risk(account_id, kind, attempt.model, fault.message, random)
    elif effect is AccountEffect.LOWER_LIMIT:
        await lower_limit(attempt, fault, random=random)
    elif effect is AccountEffect.EXHAUST:
        await exhaust(account_id, kind, now)
    elif effect is AccountEffect.RECEIVE:
        await _out_of_credit(attempt, now)
    elif effect is AccountEffect.COUNT_FAILURE:
        await count_failure(account_id, kind, fault.message, random=random)


async def deactivate(account_id: int, status: AccountStatus, reason: str, session_hash: str | None) -> None:
    """INACTIVE or BANNED, with the reason. session_hash: of the session that was used (None: any); where its owner has
    renewed it meanwhile, the account stays as it is.
    """
    row = await accounts.transition(
        account_id, to=status, expected=[AccountStatus.ACTIVE], session_hash=session_hash, status_reason=reason
    )
    if row is not None and row["deleted_at"] is None:
        await record_deactivated(row, status, reason)


async def cool(
    account_id: int, kind: str, model: str, reason: str, *, random: float, told_seconds: float | None = None
) -> float:
    """Cools for 2, 4, 8 … 1800 s, or as long as upstream told; returns the seconds."""
    step = await _step(account_id, kind, model)
    seconds = cooldown_seconds(step, random=random, told_seconds=told_seconds)
    await _write_cooldown(account_id, kind, model, reason, seconds, step)
    return seconds


async def cool_for(account_id: int, kind: str, model: str, reason: str, seconds: float) -> None:
    """Cools for a time that somebody else decided."""
    await _write_cooldown(account_id, kind, model, reason, seconds, await _step(account_id, kind, model))


async def cool_account(account_id: int, fault: UpstreamFaultError, *, random: float) -> float:
    """What a refusal of a question about the account itself does: it cools for everything, after a limit as `cool`,
    after risk control as long as after that of a task; the seconds, 0 where the fault is of another sort.
    """
    if fault.kind in (FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT):
        return await cool(account_id, "", "", fault.message, random=random, told_seconds=fault.retry_after_seconds)
    if fault.kind in (FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL):
        step = await _step(account_id, "", "")
        seconds = max(risk_seconds(step, random=random), fault.retry_after_seconds or 0.0)
        await _write_cooldown(account_id, "", "", fault.message, seconds, step)
        return seconds
    return 0.0


async def _cool_for_risk(account_id: int, kind: MediaKind, model: str, reason: str, random: float) -> None:
    """For the model first; where another model of the account cools already, for everything."""
    cooling = AccountCooldown.filter(account_id=account_id, kind=kind.value, until_ms__gt=await now_ms())
    others = await cooling.exclude(model__in=["", model])
    scope = (kind.value, model) if not others else ("", "")
    step = await _step(account_id, *scope)
    await _write_cooldown(account_id, *scope, reason, risk_seconds(step, random=random), step)


async def _step(account_id: int, kind: str, model: str) -> int:
    """1, or one more than that of a cooldown whose time has come and whose probe failed; one that still holds stays."""
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
    """Nothing of the kind until the quota's reset."""
    until_ms = int(next_reset(now, get_settings().timezone).timestamp() * 1000)
    await accounts.exhaust(account_id, kind, until_ms)


async def _out_of_credit(attempt: Attempt, now: datetime) -> None:
    """Its balance is below the cost: where today's credits are still to be had, the scheduler receives them first."""
    day = quota_day(now, get_settings().timezone)
    balance = max(0, (attempt.credits_expected or 1) - 1)
    for row in await accounts.lower_balance(attempt.account_id, balance, [CREDIT_COLUMNS, "received_day"]):
        if row["received_day"] == day:
            await exhaust(attempt.account_id, attempt.kind, now)
        await record_credits(row)


async def lower_limit(attempt: Attempt, fault: UpstreamFaultError, *, random: float) -> None:
    """Learns that it takes no more at once than upstream is working on now; where that is nothing, it cools."""
    recovery_ms = int(LIMIT_RECOVERY_SECONDS * 1000)
    learned = await accounts.lower_learned_limit(attempt.account_id, attempt.kind, recovery_ms)
    if learned == 0:
        told_seconds = fault.retry_after_seconds
        await cool(attempt.account_id, attempt.kind.value, "", fault.message, random=random, told_seconds=told_seconds)


async def count_failure(account_id: int, kind: MediaKind, reason: str, *, random: float) -> None:
    """One more failure in a row; from the third on the account cools for the kind, each time for longer."""
    if await accounts.count_failure(account_id) >= FAILURES_BEFORE_COOLDOWN:
        await cool(account_id, kind.value, "", reason, random=random)


async def record_accepted(attempt: Attempt, day: str) -> None:
    """Upstream took a task: it counts for the day, cooldowns whose time has come end, failures are forgotten."""
    account_id, credits = attempt.account_id, attempt.credits_expected or 0
    await account_usage.count(account_id, attempt.kind, day, credits)
    await account_cooldowns.remove_passed(account_id, attempt.kind.value, attempt.model)
    for row in await accounts.record_accepted(account_id, credits, [CREDIT_COLUMNS]):
        await record_credits(row)


async def record_balance(account_id: int, balance: int) -> None:
    """What upstream says that the account has; where that is more than was known, it is exhausted no more."""
    for row in await accounts.set_balance(account_id, balance, [CREDIT_COLUMNS]):
        await record_credits(row)
