"""What upstream's words do to an account: guarded updates, each in the caller's transaction or one of its own.

Every change that its owner may see raises `version` and is announced after the commit.
"""

from datetime import datetime

from models.accounts import AccountCooldown
from models.database import after_commit, execute, now_ms, now_ms_sql
from models.enums import AccountStatus, MediaKind
from models.generation import Attempt
from models.ids import new_id
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
from services.notifications.alerts.accounts import CREDIT_COLUMNS, note_credits, note_taken_out
from services.platform.events import accounts_topic, bus
from services.platform.owned import places
from services.platform.sql import greatest_sql, least_sql, timestamp_sql
from settings import get_settings

EXHAUSTED_COLUMN = {MediaKind.IMAGE: "image_exhausted_until_ms", MediaKind.VIDEO: "video_exhausted_until_ms"}
LEARNED_COLUMN = {MediaKind.IMAGE: "learned_image_limit", MediaKind.VIDEO: "learned_video_limit"}


def announce(owner: str) -> None:
    after_commit(lambda: bus().publish(accounts_topic(owner)))


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
        await forget_probe(attempt.id)
    elif effect in (AccountEffect.INACTIVE, AccountEffect.BANNED):
        await take_out(account_id, AccountStatus(effect.value), fault.message, session_hash)
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


async def take_out(account_id: int, status: AccountStatus, reason: str, session_hash: str | None) -> None:
    """INACTIVE or BANNED, with the reason. session_hash: of the session that was used (None: any); where its owner has
    renewed it meanwhile, the account stays as it is.
    """
    rows = await execute(
        f"UPDATE account SET status = ?, status_reason = ?, updated_at = {timestamp_sql()}, version = version + 1"
        " WHERE id = ? AND status = 'ACTIVE' AND session_hash = COALESCE(?, session_hash)"
        " RETURNING id, owner, name, deleted_at",
        status.value,
        reason,
        account_id,
        session_hash,
    )
    for row in rows:
        if row["deleted_at"] is None:
            await note_taken_out(row, status, reason)
        announce(row["owner"])


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
    until = f"{now_ms_sql()} + ?"
    await execute(
        "INSERT INTO account_cooldown (id, created_at, account_id, kind, model, until_ms, step, reason)"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, {until}, ?, ?) ON CONFLICT (account_id, kind, model) DO UPDATE SET"
        f" until_ms = {greatest_sql('account_cooldown.until_ms', 'excluded.until_ms')}, step = excluded.step,"
        " reason = excluded.reason, probe_attempt_id = NULL RETURNING id",
        new_id(),
        account_id,
        kind,
        model,
        int(seconds * 1000),
        step,
        reason,
    )
    await _touch(account_id)


async def _touch(account_id: int) -> None:
    rows = await execute("UPDATE account SET version = version + 1 WHERE id = ? RETURNING owner", account_id)
    for row in rows:
        announce(row["owner"])


async def exhaust(account_id: int, kind: MediaKind, now: datetime) -> None:
    """Nothing of the kind until the quota's reset."""
    until_ms = int(next_reset(now, get_settings().timezone).timestamp() * 1000)
    rows = await execute(
        f"UPDATE account SET {EXHAUSTED_COLUMN[kind]} = ?, version = version + 1 WHERE id = ? RETURNING owner",
        until_ms,
        account_id,
    )
    for row in rows:
        announce(row["owner"])


async def _out_of_credit(attempt: Attempt, now: datetime) -> None:
    """Its balance is below the cost: where today's credits are still to be had, the scheduler receives them first."""
    day = quota_day(now, get_settings().timezone)
    balance = max(0, (attempt.credits_expected or 1) - 1)
    rows = await execute(
        "UPDATE account SET credit_balance = CASE WHEN credit_balance IS NULL OR credit_balance > ? THEN ?"
        " ELSE credit_balance END, version = version + 1 WHERE id = ?"
        f" RETURNING {CREDIT_COLUMNS}, received_day",
        balance,
        balance,
        attempt.account_id,
    )
    for row in rows:
        if row["received_day"] == day:
            await exhaust(attempt.account_id, attempt.kind, now)
        await note_credits(row)
        announce(row["owner"])


async def lower_limit(attempt: Attempt, fault: UpstreamFaultError, *, random: float) -> None:
    """Learns that it takes no more at once than upstream is working on now; where that is nothing, it cools."""
    column = LEARNED_COLUMN[attempt.kind]
    other = LEARNED_COLUMN[MediaKind.VIDEO if attempt.kind is MediaKind.IMAGE else MediaKind.IMAGE]
    # Both share one time: what the other kind has recovered since then is written down before it begins anew.
    risen = f"{other} + CAST(({now_ms_sql()} - learned_at_ms) / {int(LIMIT_RECOVERY_SECONDS * 1000)} AS INTEGER)"
    recovered = f"CASE WHEN {other} IS NULL THEN NULL ELSE {least_sql('max_concurrent', risen)} END"
    rows = await execute(
        f"UPDATE account SET {other} = {recovered}, {column} = (SELECT COUNT(*) FROM attempt"
        " WHERE attempt.account_id = account.id AND attempt.kind = ?"
        " AND attempt.state = 'ACCEPTED' AND attempt.released_at_ms IS NULL),"
        f" learned_at_ms = {now_ms_sql()}, version = version + 1 WHERE id = ? RETURNING owner, {column} AS learned",
        attempt.kind.value,
        attempt.account_id,
    )
    for row in rows:
        if row["learned"] < 1:
            await execute(f"UPDATE account SET {column} = 1 WHERE id = ? RETURNING id", attempt.account_id)
            await cool(
                attempt.account_id,
                attempt.kind.value,
                "",
                fault.message,
                random=random,
                told_seconds=fault.retry_after_seconds,
            )
        announce(row["owner"])


async def count_failure(account_id: int, kind: MediaKind, reason: str, *, random: float) -> None:
    """One more failure in a row; from the third on the account cools for the kind, each time for longer."""
    rows = await execute(
        "UPDATE account SET consecutive_failures = consecutive_failures + 1, version = version + 1 WHERE id = ?"
        " RETURNING owner, consecutive_failures",
        account_id,
    )
    for row in rows:
        if row["consecutive_failures"] >= FAILURES_BEFORE_COOLDOWN:
            await cool(account_id, kind.value, "", reason, random=random)
        announce(row["owner"])


async def forget_probe(*attempt_ids: int) -> None:
    """Probes that ended without telling anything about their account: the next attempt is the probe."""
    await execute(
        f"UPDATE account_cooldown SET probe_attempt_id = NULL WHERE probe_attempt_id IN ({places(attempt_ids)})"
        " RETURNING id",
        *attempt_ids,
    )


async def note_accepted(attempt: Attempt, day: str) -> None:
    """Upstream took a task: it counts for the day, cooldowns whose time has come end, failures are forgotten."""
    account_id = attempt.account_id
    await execute(
        "INSERT INTO account_usage (id, created_at, account_id, kind, day, count, credits)"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, 1, ?) ON CONFLICT (account_id, kind, day)"
        " DO UPDATE SET count = account_usage.count + 1, credits = account_usage.credits + excluded.credits"
        " RETURNING id",
        new_id(),
        account_id,
        attempt.kind.value,
        day,
        attempt.credits_expected or 0,
    )
    await execute(
        f"DELETE FROM account_cooldown WHERE account_id = ? AND until_ms <= {now_ms_sql()} AND kind IN ('', ?)"
        " AND model IN ('', ?) RETURNING id",
        account_id,
        attempt.kind.value,
        attempt.model,
    )
    rows = await execute(
        "UPDATE account SET consecutive_failures = 0, credit_balance = CASE WHEN credit_balance IS NULL THEN NULL"
        f" ELSE {greatest_sql('0', 'credit_balance - ?')} END, version = version + 1 WHERE id = ?"
        f" RETURNING {CREDIT_COLUMNS}",
        attempt.credits_expected or 0,
        account_id,
    )
    for row in rows:
        await note_credits(row)
        announce(row["owner"])


async def note_balance(account_id: int, balance: int) -> None:
    """What upstream says that the account has; where that is more than was known, it is exhausted no more."""
    revived = ", ".join(
        f"{name} = CASE WHEN credit_balance < ? THEN 0 ELSE {name} END" for name in EXHAUSTED_COLUMN.values()
    )
    rows = await execute(
        f"UPDATE account SET {revived}, credit_balance = ?, checked_at = {timestamp_sql()}, version = version + 1"
        f" WHERE id = ? RETURNING {CREDIT_COLUMNS}",
        balance,
        balance,
        balance,
        account_id,
    )
    for row in rows:
        await note_credits(row)
        announce(row["owner"])
