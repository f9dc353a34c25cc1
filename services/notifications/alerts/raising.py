"""Raising alerts and closing them. In the caller's transaction or one of their own.

Whoever finds a cause says so as often as it likes, from any process: the database lets one alert of an owner, kind and
cause be open (a partial unique index). Once closed, the same cause is a new alert.
"""

from collections.abc import Sequence
from typing import Any

from models.alerts import Alert
from models.database import after_commit, execute, transaction
from models.enums import AlertKind, AlertSeverity
from models.ids import new_id
from services.notifications.callbacks.outbox import write_alert_callback
from services.platform.events import alerts_topic, bus
from services.platform.owned import places
from services.platform.sql import timestamp_sql
from settings import get_settings

CAUSE_LENGTH = 160
CAUSES_AT_ONCE = 1000
"Places in a statement; SQLite takes at most 32,766 of them."


async def raise_alert(
    owner: str,
    kind: AlertKind,
    severity: AlertSeverity,
    cause: str,
    message: str,
    *,
    account_id: int | None = None,
    batch_id: int | None = None,
    workflow_id: int | None = None,
) -> bool:
    """Opens an alert of the owner ("": of the whole deployment); whether none was open of the same kind and
    cause. cause: at most 160 characters, e.g. account:7267.

    Where one is open it stays as it is, its message too.
    """

    async def body() -> bool:
        rows = await execute(
            "INSERT INTO alert (id, created_at, owner, kind, severity, message, cause, account_id, batch_id,"
            f" workflow_id, version) VALUES (?, {timestamp_sql()}, ?, ?, ?, ?, ?, ?, ?, ?, 1)"
            " ON CONFLICT (owner, kind, cause) WHERE resolved_at IS NULL DO NOTHING RETURNING id, owner",
            new_id(),
            owner,
            kind.value,
            severity.value,
            message,
            cause[:CAUSE_LENGTH],
            account_id,
            batch_id,
            workflow_id,
        )
        await _tell(rows)
        return bool(rows)

    return await transaction(body)


async def close_alert(owner: str, kind: AlertKind, cause: str) -> bool:
    """The cause has passed; whether an alert was open."""
    return bool(await close_alerts(owner, [kind], [cause]))


async def close_alerts(owner: str, kinds: Sequence[AlertKind], causes: Sequence[str]) -> int:
    """Closes the owner's open alerts of these kinds and causes; how many there were."""

    async def body() -> int:
        closed = 0
        for start in range(0, len(causes), CAUSES_AT_ONCE):
            part = causes[start : start + CAUSES_AT_ONCE]
            rows = await execute(
                f"UPDATE alert SET resolved_at = {timestamp_sql()}, version = version + 1"
                f" WHERE owner = ? AND kind IN ({places(kinds)}) AND cause IN ({places(part)})"
                " AND resolved_at IS NULL RETURNING id, owner",
                owner,
                *(kind.value for kind in kinds),
                *(cause[:CAUSE_LENGTH] for cause in part),
            )
            await _tell(rows)
            closed += len(rows)
        return closed

    return await transaction(body) if causes and kinds else 0


async def close_passed(kind: AlertKind, holds_sql: str, *values: Any) -> int:
    """Closes all open alerts of a kind, whoever's, for which an SQL condition over `alert` holds no more; how many
    there were. One statement where there are none.
    """

    async def body() -> int:
        rows = await execute(
            f"UPDATE alert SET resolved_at = {timestamp_sql()}, version = version + 1"
            f" WHERE kind = ? AND resolved_at IS NULL AND NOT ({holds_sql}) RETURNING id, owner",
            kind.value,
            *values,
        )
        await _tell(rows)
        return len(rows)

    return await transaction(body)


def is_open_sql(kind: AlertKind, owner: str, cause: str) -> str:
    """An SQL condition: an alert of the kind is open. owner, cause: SQL expressions."""
    return (
        f"EXISTS (SELECT 1 FROM alert WHERE alert.owner = {owner} AND alert.kind = '{kind.value}'"
        f" AND alert.cause = {cause} AND alert.resolved_at IS NULL)"
    )


async def _tell(rows: Sequence[dict[str, Any]]) -> None:
    """The deployment's webhook, where there is one, by rows of its own; and followers, after the commit."""
    if rows and get_settings().alert_webhook_url is not None:
        for alert in await Alert.filter(id__in=[row["id"] for row in rows]).order_by("id"):
            await write_alert_callback(alert)
    for owner in {row["owner"] for row in rows}:
        after_commit(lambda owner=owner: bus().publish(alerts_topic(owner)))  # type: ignore[misc]
