"""Writes the table account_cooldown. Each function belongs in the caller's transaction.

A caller that writes a cooldown also calls services/stores/accounts.touch, because the account shows its cooldowns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import execute, now_ms_sql
from models.ids import new_id
from models.sql import greatest_sql, least_sql, timestamp_sql
from services.platform.owned import places
from services.stores.updates import delete, id_in


@dataclass(frozen=True)
class Cause:
    """What a cooldown follows from. fault: a FaultKind. job_id: of the refused job. credits_needed: the price of what
    was refused for want of credits.
    """

    fault: str | None = None
    job_id: int | None = None
    credits_needed: int | None = None


NO_CAUSE = Cause()


async def write(
    account_id: int, kind: str, model: str, *, seconds: float, step: int, reason: str, cause: Cause = NO_CAUSE
) -> None:
    """Writes the account's cooldown for a kind and model ("": any), which lasts for `seconds`. It replaces an existing
    cooldown, but never ends earlier than that one, and clears its probe.
    """
    await execute(
        "INSERT INTO account_cooldown (id, created_at, account_id, kind, model, until_ms, step, reason, cause,"
        f" cause_job_id, credits_needed) VALUES (?, {timestamp_sql()}, ?, ?, ?, {now_ms_sql()} + ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (account_id, kind, model)"
        f" DO UPDATE SET until_ms = {greatest_sql('account_cooldown.until_ms', 'excluded.until_ms')},"
        " step = excluded.step, reason = excluded.reason, cause = excluded.cause, cause_job_id = excluded.cause_job_id,"
        " credits_needed = excluded.credits_needed, probe_attempt_id = NULL RETURNING id",
        new_id(),
        account_id,
        kind,
        model,
        int(seconds * 1000),
        step,
        reason,
        cause.fault,
        cause.job_id,
        cause.credits_needed,
    )


async def remove_caused(account_ids: Sequence[int], fault: str) -> list[int]:
    """Removes the accounts' cooldowns that follow from a kind of fault, also those that have not ended; returns the
    accounts that had one.
    """
    if not account_ids:
        return []
    rows = await execute(
        f"DELETE FROM account_cooldown WHERE account_id IN ({places(account_ids)}) AND cause = ? RETURNING account_id",
        *account_ids,
        fault,
    )
    return sorted({int(row["account_id"]) for row in rows})


async def held_for(account_id: int, fault: str) -> str | None:
    """The reason of the account's cooldown for everything that follows from a kind of fault; None if it has none."""
    rows = await execute(
        "SELECT reason FROM account_cooldown WHERE account_id = ? AND kind = '' AND model = '' AND cause = ?",
        account_id,
        fault,
    )
    return str(rows[0]["reason"]) if rows else None


async def shorten_caused_by(job_id: int, seconds: float) -> list[int]:
    """Ends the cooldowns that a job's refusals started in at most `seconds`, with their next steps as after the first
    refusal; returns their accounts.
    """
    rows = await execute(
        f"UPDATE account_cooldown SET until_ms = {least_sql('until_ms', f'{now_ms_sql()} + ?')}, step = 1"
        " WHERE cause_job_id = ? RETURNING account_id",
        int(seconds * 1000),
        job_id,
    )
    return sorted({int(row["account_id"]) for row in rows})


async def set_probe(attempt_id: int, account_id: int, kind: str, model: str) -> None:
    """Makes the attempt the cooldown's probe, unless it has one."""
    await execute(
        "UPDATE account_cooldown SET probe_attempt_id = ? WHERE account_id = ? AND kind = ? AND model = ?"
        " AND probe_attempt_id IS NULL RETURNING id",
        attempt_id,
        account_id,
        kind,
        model,
    )


async def release_probes(attempt_ids: Sequence[int]) -> None:
    """Clears these attempts as probes: they ended without a finding about their accounts, so the next attempt becomes
    the probe.
    """
    await execute(
        f"UPDATE account_cooldown SET probe_attempt_id = NULL WHERE probe_attempt_id IN ({places(attempt_ids)})"
        " RETURNING id",
        *attempt_ids,
    )


async def remove_expired(account_id: int, kind: str, model: str) -> None:
    """Removes the account's expired cooldowns for the kind and model, after upstream accepted such a task."""
    await execute(
        f"DELETE FROM account_cooldown WHERE account_id = ? AND until_ms <= {now_ms_sql()} AND kind IN ('', ?)"
        " AND model IN ('', ?) RETURNING id",
        account_id,
        kind,
        model,
    )


async def remove_all(account_ids: Sequence[int]) -> None:
    await delete("account_cooldown", id_in("account_id", account_ids))
