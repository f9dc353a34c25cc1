"""Writes the table account_cooldown. Each function belongs in the caller's transaction.

A caller that writes a cooldown also calls services/stores/accounts.touch, because the account shows its cooldowns.
"""

from collections.abc import Sequence

from models.database import execute, now_ms_sql
from models.ids import new_id
from models.sql import greatest_sql, timestamp_sql
from services.platform.owned import places
from services.stores.updates import delete, id_in


async def write(account_id: int, kind: str, model: str, *, seconds: float, step: int, reason: str) -> None:
    """Writes the account's cooldown for a kind and model ("": any), which lasts for `seconds`. It replaces an existing
    cooldown, but never ends earlier than that one, and clears its probe.
    """
    await execute(
        "INSERT INTO account_cooldown (id, created_at, account_id, kind, model, until_ms, step, reason)"
        f" VALUES (?, {timestamp_sql()}, ?, ?, ?, {now_ms_sql()} + ?, ?, ?) ON CONFLICT (account_id, kind, model)"
        f" DO UPDATE SET until_ms = {greatest_sql('account_cooldown.until_ms', 'excluded.until_ms')},"
        " step = excluded.step, reason = excluded.reason, probe_attempt_id = NULL RETURNING id",
        new_id(),
        account_id,
        kind,
        model,
        int(seconds * 1000),
        step,
        reason,
    )


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
