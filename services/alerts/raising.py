"""Raising alerts and closing them. In the caller's transaction or one of their own."""

from models.enums import AlertKind, AlertSeverity


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
    """
    return False


async def close_alert(owner: str, kind: AlertKind, cause: str) -> bool:
    """The cause has passed; whether an alert was open."""
    return False
