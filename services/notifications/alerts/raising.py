"""Raising and closing alerts, in the caller's transaction or a transaction of their own.

Any process may raise the same alert any number of times: a partial unique index allows one open alert per owner, kind
and cause. After it is closed, the same cause raises a new alert.
"""

from collections.abc import Sequence
from typing import Any

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.database import transaction
from services.notifications.callbacks.outbox import write_alert_callback
from services.stores import alerts
from services.stores.updates import Sql
from settings import get_settings

CAUSE_LENGTH = 160
CAUSE_BATCH_SIZE = 1000
"Causes per statement; SQLite allows at most 32,766 parameters."


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
    job_id: int | None = None,
) -> bool:
    """Opens an alert of the owner ("": of the whole deployment) and queues its webhook. Returns False, and leaves the
    open alert and its message unchanged, if one with the same owner, kind and cause is open. cause: e.g. account:7267,
    cut to 160 characters.
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
            job_id=job_id,
        )
        await _write_webhooks(opened)
        return bool(opened)

    return await transaction(body)


async def refresh_alert(owner: str, kind: AlertKind, cause: str, message: str) -> bool:
    """Gives the owner's open alert of the kind and cause a newer message; returns False if there is none, or if it says
    that already. Its followers are told; no webhook is sent, since it is the same alert.
    """
    return await transaction(lambda: alerts.change_message(owner, kind, cause[:CAUSE_LENGTH], message))


async def close_alert(owner: str, kind: AlertKind, cause: str) -> bool:
    """Closes the owner's open alert of the kind and cause; returns False if there was none."""
    return bool(await close_alerts(owner, [kind], [cause]))


async def close_alerts(owner: str, kinds: Sequence[AlertKind], causes: Sequence[str]) -> int:
    """Closes the owner's open alerts of these kinds and causes; returns how many were closed."""

    async def body() -> int:
        closed = 0
        for start in range(0, len(causes), CAUSE_BATCH_SIZE):
            page = causes[start : start + CAUSE_BATCH_SIZE]
            resolved = await alerts.resolve(owner, kinds, [cause[:CAUSE_LENGTH] for cause in page])
            await _write_webhooks(resolved)
            closed += len(resolved)
        return closed

    return await transaction(body) if causes and kinds else 0


async def close_passed(kind: AlertKind, holds_sql: str, *values: Any) -> int:
    """Closes the open alerts of a kind, of all owners, for which an SQL condition over `alert` is false; returns how
    many were closed. One statement if none was.
    """

    async def body() -> int:
        resolved = await alerts.resolve_cleared(kind, Sql(holds_sql, values))
        await _write_webhooks(resolved)
        return len(resolved)

    return await transaction(body)


def is_open_sql(kind: AlertKind, owner: str, cause: str) -> str:
    """An SQL condition that is true while an alert of the kind is open. owner, cause: SQL expressions."""
    return (
        f"EXISTS (SELECT 1 FROM alert WHERE alert.owner = {owner} AND alert.kind = '{kind.value}'"
        f" AND alert.cause = {cause} AND alert.resolved_at IS NULL)"
    )


async def _write_webhooks(alert_ids: Sequence[int]) -> None:
    """Writes an outbox row per alert, if the deployment has an alert webhook."""
    if alert_ids and get_settings().alert_webhook_url is not None:
        for alert in await Alert.filter(id__in=list(alert_ids)).order_by("id"):
            await write_alert_callback(alert)
