"""Writes of the table account_cooldown. Each function belongs into the caller's transaction.

Whoever writes a cooldown also touches its account (services/stores/accounts.touch), which shows it.
"""

from collections.abc import Sequence

from models.database import execute, now_ms_sql
from models.ids import new_id
from models.sql import greatest_sql, timestamp_sql
from services.platform.owned import places
from services.stores.updates import delete, id_in


async def write(account_id: int, kind: str, model: str, *, seconds: float, step: int, reason: str) -> None:
    """Nothing of the kind and model ("": any) goes to the account for so many seconds. A cooldown that is there becomes
    this one; it never ends earlier by that, and has no probe.
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
    """The attempt is the cooldown's probe, where it has none."""
    await execute(
        "UPDATE account_cooldown SET probe_attempt_id = ? WHERE account_id = ? AND kind = ? AND model = ?"
        " AND probe_attempt_id IS NULL RETURNING id",
        attempt_id,
        account_id,
        kind,
        model,
    )


async def release_probes(attempt_ids: Sequence[int]) -> None:
    """These attempts have ended without telling anything about their accounts: the next attempt is the probe."""
    await execute(
        f"UPDATE account_cooldown SET probe_attempt_id = NULL WHERE probe_attempt_id IN ({places(attempt_ids)})"
        " RETURNING id",
        *attempt_ids,
    )


async def remove_passed(account_id: int, kind: str, model: str) -> None:
    """Upstream took a task of the kind and model: cooldowns of these whose time has come end."""
    await execute(
        f"DELETE FROM account_cooldown WHERE account_id = ? AND until_ms <= {now_ms_sql()} AND kind IN ('', ?)"
        " AND model IN ('', ?) RETURNING id",
        account_id,
        kind,
        model,
    )


async def remove_all(account_ids: Sequence[int]) -> None:
    await delete("account_cooldown", id_in("account_id", account_ids))
