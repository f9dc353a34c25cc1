"""Raising alerts and closing them. In the caller's transaction or one of their own.

Whoever finds a cause says so as often as it likes, from any process: the database lets one alert of an owner, kind and
cause be open (a partial unique index). Once closed, the same cause is a new alert.
"""

from collections.abc import Sequence
from typing import Any

from models.alerts import Alert
from models.database import transaction
from models.enums import AlertKind, AlertSeverity
from services.notifications.callbacks.outbox import write_alert_callback
from services.stores import alerts
from services.stores.updates import Sql
from settings import get_settings

CAUSE_LENGTH = 160
CAUSE_BATCH_SIZE = 1000
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
        opened = await alerts.open_alert(
            owner,
            kind,
            severity,
            cause[:CAUSE_LENGTH],
            message,
            account_id=account_id,
            batch_id=batch_id,
            workflow_id=workflow_id,
        )
        await _call_back(opened)
        return bool(opened)

    return await transaction(body)


async def close_alert(owner: str, kind: AlertKind, cause: str) -> bool:
    """The cause has passed; whether an alert was open."""
    return bool(await close_alerts(owner, [kind], [cause]))


async def close_alerts(owner: str, kinds: Sequence[AlertKind], causes: Sequence[str]) -> int:
    """Closes the owner's open alerts of these kinds and causes; how many there were."""

    async def body() -> int:
        closed = 0
        for start in range(0, len(causes), CAUSE_BATCH_SIZE):
            part = causes[start : start + CAUSE_BATCH_SIZE]
            resolved = await alerts.resolve(owner, kinds, [cause[:CAUSE_LENGTH] for cause in part])
            await _call_back(resolved)
            closed += len(resolved)
        return closed

    return await transaction(body) if causes and kinds else 0


async def close_passed(kind: AlertKind, holds_sql: str, *values: Any) -> int:
    """Closes all open alerts of a kind, whoever's, for which an SQL condition over `alert` holds no more; how many
    there were. One statement where there are none.
    """

    async def body() -> int:
        resolved = await alerts.resolve_passed(kind, Sql(holds_sql, values))
        await _call_back(resolved)
        return len(resolved)

    return await transaction(body)


def is_open_sql(kind: AlertKind, owner: str, cause: str) -> str:
    """An SQL condition: an alert of the kind is open. owner, cause: SQL expressions."""
    return (
        f"EXISTS (SELECT 1 FROM alert WHERE alert.owner = {owner} AND alert.kind = '{kind.value}'"
        f" AND alert.cause = {cause} AND alert.resolved_at IS NULL)"
    )


async def _call_back(alert_ids: Sequence[int]) -> None:
    """Tells the deployment's webhook, where there is one, by rows of its own."""
    if alert_ids and get_settings().alert_webhook_url is not None:
        for alert in await Alert.filter(id__in=list(alert_ids)).order_by("id"):
            await write_alert_callback(alert)
