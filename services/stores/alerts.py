"""Writes the table alert. Each function belongs in the caller's transaction and notifies followers after the commit."""

from collections.abc import Sequence
from typing import Any

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.database import after_commit, execute
from models.ids import new_id
from models.sql import timestamp_before_sql, timestamp_sql
from services.platform.events import alerts_topic, bus
from services.platform.table_scan import delete_in_parts
from services.stores.updates import Sql, all_of, database_time, one_of, update


async def open_alert(
    owner: str,
    kind: AlertKind,
    severity: AlertSeverity,
    cause: str,
    message: str,
    *,
    account_id: int | None,
    batch_id: int | None,
    workflow_id: int | None,
    job_id: int | None,
) -> list[int]:
    """Opens an alert unless one of the owner, kind and cause is open. Returns its id in a list, or an empty list."""
    rows = await execute(
        "INSERT INTO alert (id, created_at, owner, kind, severity, message, cause, account_id, batch_id,"
        f" workflow_id, job_id, version) VALUES (?, {timestamp_sql()}, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (owner, kind, cause) WHERE resolved_at IS NULL DO NOTHING RETURNING id, owner",
        new_id(),
        owner,
        kind.value,
        severity.value,
        message,
        cause,
        account_id,
        batch_id,
        workflow_id,
        job_id,
    )
    return _publish(rows)


async def change_message(owner: str, kind: AlertKind, cause: str, message: str) -> bool:
    """Replaces the message of the open alert of the owner, kind and cause, where it is another one; returns whether it
    was. One statement.
    """
    where = all_of(
        Sql("owner = ? AND cause = ? AND resolved_at IS NULL AND message <> ?", (owner, cause, message)),
        one_of("kind", [kind]),
    )
    changes = {"message": message, "version": Sql("version + 1")}
    return bool(_publish(await update(Alert, changes, where, ["id", "owner"])))


async def resolve(owner: str, kinds: Sequence[AlertKind], causes: Sequence[str]) -> list[int]:
    """Resolves the owner's open alerts of these kinds and causes; returns their ids. One statement."""
    return await _resolve(all_of(Sql("owner = ?", (owner,)), one_of("kind", kinds), one_of("cause", causes)))


async def resolve_cleared(kind: AlertKind, condition: Sql) -> list[int]:
    """Resolves the open alerts of a kind, of all owners, for which the SQL condition no longer holds; returns their
    ids.
    """
    return await _resolve(Sql(f"kind = ? AND NOT ({condition.text})", (kind.value, *condition.values)))


async def remove_old(seconds: float) -> int:
    """Removes alerts that were resolved more than `seconds` ago; returns how many."""
    return await delete_in_parts("alert", f"resolved_at < {timestamp_before_sql(seconds)}")


async def _resolve(where: Sql) -> list[int]:
    changes = {"resolved_at": database_time(), "version": Sql("version + 1")}
    return _publish(await update(Alert, changes, all_of(where, Sql("resolved_at IS NULL")), ["id", "owner"]))


def _publish(rows: Sequence[dict[str, Any]]) -> list[int]:
    """Notifies the owners' followers after the commit; returns the rows' ids."""
    for owner in {str(row["owner"]) for row in rows}:
        after_commit(lambda owner=owner: bus().publish(alerts_topic(owner)))  # type: ignore[misc]
    return [int(row["id"]) for row in rows]
