"""Account updates that follow from upstream's responses; each in the caller's transaction or one of its own.

The stores own the statements and the change events (services/stores/accounts.py).
"""

from datetime import datetime

from models.accounts import Account, AccountCooldown
from models.database import execute, now_ms, now_ms_sql
from models.enums import AccountStatus, DeactivatedBy, MediaKind
from models.generation import Attempt
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.cooling import (
    BRIEF_SECONDS,
    DOUBT_SECONDS,
    FAILURES_BEFORE_COOLDOWN,
    HOLD_SECONDS,
    LIMIT_RECOVERY_SECONDS,
    MODEL_LIMIT_CAP_SECONDS,
    PERMISSION_COOLDOWN_SECONDS,
    PUNISHED_LOOKS,
    cooldown_seconds,
    relook_seconds,
    risk_seconds,
)
from services.accounts.pool.decisions import RISKS, AccountEffect
from services.accounts.pool.quota import next_reset
from services.notifications.alerts.accounts import CREDIT_COLUMNS, record_credits, record_deactivated
from services.notifications.alerts.sites import record_trouble_over
from services.stores import account_cooldowns, account_faults, account_usage, accounts
from services.stores.account_cooldowns import NO_CAUSE, Cause
from settings import get_settings

CREDIT_LOOK_SECONDS = 1.0
"Delay of the look at the balance after a refusal for want of credits: refusals of the same moment need one look."
CREDIT_HOLD_SECONDS = 60.0
"The longest time for which a model waits for that look."


async def apply_effect(
    effect: AccountEffect,
    attempt: Attempt,
    fault: UpstreamFaultError,
    *,
    random: float,
    now: datetime,
    session_hash: str | None = None,
) -> None:
    """Applies a decision to the attempt's account. random: from 0 to 1, for jitter. session_hash: of the session that
    the request used (None: any); if the owner has changed the session since then, its status does not change.
    """
    account_id, kind = attempt.account_id, attempt.kind
    scope = (kind.value, attempt.model if fault.is_about_model else "")
    cause = Cause(fault.kind.value, attempt.job_id)
    if effect is AccountEffect.NONE:
        await account_cooldowns.release_probes([attempt.id])
    elif effect is AccountEffect.HOLD:
        await hold_for_look(account_id, fault, session_hash, attempt.job_id)
    elif effect is AccountEffect.HOLD_OR_BAN:
        await hold_or_ban(account_id, fault, session_hash, attempt.job_id)
    elif effect is AccountEffect.COOL:
        retry_after = fault.retry_after_seconds
        await cool(account_id, *scope, fault.message, random=random, retry_after_seconds=retry_after, cause=cause)
    elif effect is AccountEffect.COOL_BRIEFLY:
        await cool_for(account_id, kind.value, attempt.model, fault.message, BRIEF_SECONDS, cause)
    elif effect is AccountEffect.COOL_IN_DOUBT:
        await _cool_in_doubt(attempt, fault, random, cause)
    elif effect is AccountEffect.COOL_MODEL:
        await _cool_model(attempt, fault, random, cause)
    elif effect is AccountEffect.COOL_LONG:
        await _cool_for_risk(account_id, kind, attempt.model, fault, random, cause)
    elif effect is AccountEffect.LOWER_LIMIT:
        await lower_limit(attempt, fault, random=random)
    elif effect is AccountEffect.EXHAUST:
        await _reach_daily_limit(attempt, fault, now)
    elif effect is AccountEffect.ASK_BALANCE:
        await _ask_balance(attempt, fault)
    elif effect is AccountEffect.COUNT_FAILURE:
        await count_failure(account_id, kind.value, fault.message, random=random, cause=cause)


async def deactivate(account_id: int, status: AccountStatus, reason: str, session_hash: str | None) -> bool:
    """Sets an ACTIVE account to INACTIVE or BANNED with the reason, and raises the alert; returns whether it did.
    session_hash: of the session that the request used (None: any); if the owner has changed the session since then, it
    does nothing. An INACTIVE account is looked at again by itself; a ban is ended by a person.
    """
    is_inactive = status is AccountStatus.INACTIVE
    row = await accounts.transition(
        account_id,
        to=status,
        expected=[AccountStatus.ACTIVE],
        session_hash=session_hash,
        status_reason=reason,
        deactivated_by=DeactivatedBy.SERVER if is_inactive else None,
        look_due_at_ms=None,
        looks=0,
    )
    if row is None:
        return False
    await account_cooldowns.remove_caused([account_id], FaultKind.SESSION_EXPIRED.value)
    if row["deleted_at"] is None:
        await record_deactivated(row, status, reason)
    if is_inactive and (seconds := relook_seconds(0, get_settings().relook_seconds)) is not None:
        await accounts.want_look([account_id], seconds)
    return True


async def hold_for_look(
    account_id: int, fault: UpstreamFaultError, session_hash: str | None, job_id: int | None = None
) -> None:
    """Holds an ACTIVE account whose session upstream did not accept, and asks for a second look, which decides."""
    if not await _is_active(account_id, session_hash):
        return
    reason = f"{fault.message} A second look will confirm it."
    cause = Cause(FaultKind.SESSION_EXPIRED.value, job_id)
    await _write_cooldown(account_id, "", "", reason, HOLD_SECONDS, await _step(account_id, "", ""), cause)
    await accounts.want_look([account_id], get_settings().second_look_seconds)


async def hold_or_ban(
    account_id: int, fault: UpstreamFaultError, session_hash: str | None, job_id: int | None = None
) -> bool:
    """Holds an ACTIVE account that upstream calls punished; if it was held so before, and its probe was refused in the
    same way, the account becomes BANNED, and the result is True. A query of the account does not tell a punishment, so
    a task is the second look.
    """
    if not await _is_active(account_id, session_hash):
        return False
    held = await AccountCooldown.get_or_none(account_id=account_id, kind="", model="", cause=FaultKind.PUNISHED.value)
    if held is None:
        seconds = PUNISHED_LOOKS * get_settings().second_look_seconds
        reason = f"{fault.message} One more task will confirm it."
        await _write_cooldown(account_id, "", "", reason, seconds, 1, Cause(FaultKind.PUNISHED.value, job_id))
    elif held.until_ms <= await now_ms():
        return await deactivate(account_id, AccountStatus.BANNED, fault.message, session_hash)
    return False


async def _is_active(account_id: int, session_hash: str | None) -> bool:
    found = Account.filter(id=account_id, status=AccountStatus.ACTIVE)
    return await (found if session_hash is None else found.filter(session_hash=session_hash)).exists()


async def cool(
    account_id: int,
    kind: str,
    model: str,
    reason: str,
    *,
    random: float,
    retry_after_seconds: float | None = None,
    cause: Cause = NO_CAUSE,
) -> float:
    """Starts a cooldown of 2, 4, 8 … 1800 s, or of Retry-After if that is longer; returns the seconds."""
    step = await _step(account_id, kind, model)
    seconds = cooldown_seconds(step, random=random, retry_after_seconds=retry_after_seconds)
    await _write_cooldown(account_id, kind, model, reason, seconds, step, cause)
    return seconds


async def cool_for(
    account_id: int, kind: str, model: str, reason: str, seconds: float, cause: Cause = NO_CAUSE
) -> None:
    """Starts a cooldown of the given duration."""
    await _write_cooldown(account_id, kind, model, reason, seconds, await _step(account_id, kind, model), cause)


async def cool_account(account_id: int, fault: UpstreamFaultError, *, random: float) -> float:
    """Starts a cooldown for all kinds and models after upstream refused a request about the account itself: after a
    rate limit as in `cool`, after risk control as after that of a task. Returns the seconds; 0 for other faults.
    """
    cause = Cause(fault.kind.value)
    if fault.kind in (FaultKind.RATE_LIMIT, FaultKind.CONCURRENCY_LIMIT):
        retry_after = fault.retry_after_seconds
        return await cool(
            account_id, "", "", fault.message, random=random, retry_after_seconds=retry_after, cause=cause
        )
    if fault.kind in (FaultKind.RISK_CONTROL, FaultKind.MODEL_RISK_CONTROL):
        step = await _step(account_id, "", "")
        seconds = max(risk_seconds(step, random=random), fault.retry_after_seconds or 0.0)
        await _write_cooldown(account_id, "", "", fault.message, seconds, step, cause)
        return seconds
    return 0.0


async def _cool_model(attempt: Attempt, fault: UpstreamFaultError, random: float, cause: Cause) -> None:
    """Starts a long cooldown for the model: after risk control that is about it, or for want of a permission."""
    if fault.kind is FaultKind.MODEL_RISK_CONTROL:
        step = await _step(attempt.account_id, attempt.kind.value, attempt.model)
        seconds = max(risk_seconds(step, random=random), fault.retry_after_seconds or 0.0)
    else:
        seconds = fault.retry_after_seconds or PERMISSION_COOLDOWN_SECONDS * (1 + 0.2 * random)
    await cool_for(attempt.account_id, attempt.kind.value, attempt.model, fault.message, seconds, cause)


async def _cool_in_doubt(attempt: Attempt, fault: UpstreamFaultError, random: float, cause: Cause) -> None:
    """Starts a cooldown of a minute for the model, after which another job finds out whether risk control means the
    account; a long one if the model cools on the account for that already, since then a second job was refused.
    """
    cooling = AccountCooldown.filter(account_id=attempt.account_id, kind=attempt.kind.value, model=attempt.model)
    if not await cooling.filter(cause__in=[risk.value for risk in RISKS]).exists():
        seconds = max(DOUBT_SECONDS, fault.retry_after_seconds or 0.0)
        await cool_for(attempt.account_id, attempt.kind.value, attempt.model, fault.message, seconds, cause)
    elif fault.kind is FaultKind.MODEL_RISK_CONTROL:
        await _cool_model(attempt, fault, random, cause)
    else:
        await _cool_for_risk(attempt.account_id, attempt.kind, attempt.model, fault, random, cause)


async def _cool_for_risk(
    account_id: int, kind: MediaKind, model: str, fault: UpstreamFaultError, random: float, cause: Cause
) -> None:
    """Starts a cooldown for the model, or for everything if another model of the account is already cooling after risk
    control.
    """
    cooling = AccountCooldown.filter(
        account_id=account_id, kind=kind.value, until_ms__gt=await now_ms(), cause=cause.fault
    )
    others = await cooling.exclude(model__in=["", model])
    scope = (kind.value, model) if not others else ("", "")
    step = await _step(account_id, *scope)
    seconds = max(risk_seconds(step, random=random), fault.retry_after_seconds or 0.0)
    await _write_cooldown(account_id, *scope, fault.message, seconds, step, cause)


async def is_probed_by_another(attempt: Attempt) -> bool:
    """Whether a cooldown that concerns the attempt has ended, and another attempt is being sent as its probe: a job
    that has waited for the cooldown which it started lets the probe go first.
    """
    rows = await execute(
        "SELECT c.id FROM account_cooldown c JOIN attempt t ON t.id = c.probe_attempt_id WHERE c.account_id = ?"
        " AND c.kind IN ('', ?) AND c.model IN ('', ?) AND t.id <> ? AND t.state IN ('PLACED', 'SENT') LIMIT 1",
        attempt.account_id,
        attempt.kind.value,
        attempt.model,
        attempt.id,
    )
    return bool(rows)


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


async def _write_cooldown(
    account_id: int, kind: str, model: str, reason: str, seconds: float, step: int, cause: Cause
) -> None:
    await account_cooldowns.write(account_id, kind, model, seconds=seconds, step=step, reason=reason, cause=cause)
    await accounts.touch(account_id)


async def exhaust(account_id: int, kind: MediaKind, now: datetime) -> None:
    """Marks the account as exhausted for the kind until the quota's reset."""
    until_ms = int(next_reset(now, get_settings().timezone).timestamp() * 1000)
    await accounts.exhaust(account_id, kind, until_ms)


async def _reach_daily_limit(attempt: Attempt, fault: UpstreamFaultError, now: datetime) -> None:
    """Exhausts the kind until the quota's reset, or only cools the model if upstream's limit is that of the model."""
    if not fault.is_about_model:
        await exhaust(attempt.account_id, attempt.kind, now)
        return
    seconds = (next_reset(now, get_settings().timezone) - now).total_seconds()
    cause = Cause(fault.kind.value, attempt.job_id)
    await cool_for(attempt.account_id, attempt.kind.value, attempt.model, fault.message, seconds, cause)


async def _ask_balance(attempt: Attempt, fault: UpstreamFaultError) -> None:
    """Holds the model on the account, and asks for a look at the balance: only that tells whether credits are lacking,
    or the model is not part of the account's plan (services/accounts/pool/credit_refusals.py).
    """
    cause = Cause(FaultKind.OUT_OF_CREDIT.value, attempt.job_id, attempt.credits_expected)
    reason = f"{fault.message} The balance will show which."
    await cool_for(attempt.account_id, attempt.kind.value, attempt.model, reason, CREDIT_HOLD_SECONDS, cause)
    await accounts.want_look([attempt.account_id], CREDIT_LOOK_SECONDS)


async def lower_limit(attempt: Attempt, fault: UpstreamFaultError, *, random: float) -> None:
    """Lowers the learned limit to the number of tasks that upstream is running now; if that is 0, starts a cooldown.
    Where upstream's limit is that of the model, only the model cools, and not for long.
    """
    cause, retry_after = Cause(fault.kind.value, attempt.job_id), fault.retry_after_seconds
    if fault.is_about_model:
        step = await _step(attempt.account_id, attempt.kind.value, attempt.model)
        seconds = min(cooldown_seconds(step, random=random), MODEL_LIMIT_CAP_SECONDS)
        seconds = max(seconds, retry_after or 0.0)
        await cool_for(attempt.account_id, attempt.kind.value, attempt.model, fault.message, seconds, cause)
        return
    recovery_ms = int(LIMIT_RECOVERY_SECONDS * 1000)
    learned = await accounts.lower_learned_limit(attempt.account_id, attempt.kind, recovery_ms)
    if learned == 0:
        await cool(
            attempt.account_id,
            attempt.kind.value,
            "",
            fault.message,
            random=random,
            retry_after_seconds=retry_after,
            cause=cause,
        )


async def share_blame(job_id: int) -> None:
    """Ends the cooldowns that the refusals of a failed job started within a minute: where nothing tells whether risk
    control meant the accounts or the job, another job finds out.
    """
    for account_id in await account_cooldowns.shorten_caused_by(job_id, DOUBT_SECONDS):
        await accounts.touch(account_id)


async def clear_blame(job_id: int, kind: MediaKind, fault: FaultKind, account_ids: list[int]) -> None:
    """Takes back what a job's refusals did to accounts, after it turned out that they are about the job: cooldowns that
    it started end soon (with another job as the probe), and failures in a row or learned limits of the kind are
    cleared. account_ids: those that refused the job.
    """
    for account_id in await account_cooldowns.shorten_caused_by(job_id, BRIEF_SECONDS):
        await accounts.touch(account_id)
    if fault in (FaultKind.UPSTREAM_FAULT, FaultKind.SUBMIT_LOST):
        await accounts.clear_failures(account_ids)
    elif fault is FaultKind.CONCURRENCY_LIMIT:
        await accounts.forget_learned_limit(account_ids, kind)


async def count_failure(account_id: int, kind: str, reason: str, *, random: float, cause: Cause = NO_CAUSE) -> None:
    """Counts a failure; from the third in a row on, starts a cooldown for the kind ("": all), longer each time."""
    if await accounts.count_failure(account_id) >= FAILURES_BEFORE_COOLDOWN:
        await cool(account_id, kind, "", reason, random=random, cause=cause)


async def count_unknown_submit(
    attempt: Attempt, fault: UpstreamFaultError | None, reason: str, *, random: float
) -> None:
    """Counts a submit of which it is not known whether upstream accepted it as a failure, so that other accounts are
    preferred meanwhile. fault: what upstream answered; the account then cools for the kind at once, for as long as the
    answer asks. None: it did not answer, which cools it from the third time in a row on.
    """
    cause = Cause(FaultKind.SUBMIT_LOST.value, attempt.job_id)
    if fault is None:
        await count_failure(attempt.account_id, attempt.kind.value, reason, random=random, cause=cause)
    else:
        await accounts.count_failure(attempt.account_id)
        await cool(
            attempt.account_id,
            attempt.kind.value,
            "",
            reason,
            random=random,
            retry_after_seconds=fault.retry_after_seconds,
            cause=cause,
        )


async def record_accepted(attempt: Attempt, day: str) -> None:
    """Records that upstream accepted a task: counts it for the day, removes ended cooldowns, resets the failures and
    ends the trouble of its site.
    """
    account_id = attempt.account_id
    await account_usage.count(account_id, attempt.kind, day, attempt.credits_expected)
    await account_cooldowns.remove_expired(account_id, attempt.kind.value, attempt.model)
    for where, scope in await account_faults.end_trouble(account_id, attempt.kind.value, attempt.model):
        await record_trouble_over(where, scope)
        await accounts.touch_site(where.owner, where.provider, where.site)
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
