"""Alerts about accounts that upstream rejects or that run low on credits.

All functions write in the transaction that changed the account.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.alert_enums import AlertKind, AlertSeverity
from models.database import execute
from models.enums import AccountStatus
from services.notifications.alerts.raising import (
    close_alerts,
    close_passed,
    is_open_sql,
    raise_alert,
    refresh_alert,
)
from settings import get_settings

DEACTIVATED = (AlertKind.ACCOUNT_BANNED, AlertKind.ACCOUNT_SESSION_EXPIRED)
CREDIT_COLUMNS = (
    "id, owner, name, status, credit_balance, deleted_at, CASE WHEN "
    + is_open_sql(AlertKind.CREDIT_LOW, "account.owner", "'account:' || account.id")
    + " THEN 1 ELSE 0 END AS has_open_alert"
)
"The columns that an UPDATE of an account returns for record_credits."


def account_cause(account_id: int) -> str:
    return f"account:{account_id}"


async def record_deactivated(account: Mapping[str, Any], status: AccountStatus, reason: str) -> None:
    """Raises the alert for an account that upstream banned (BANNED) or whose session ended (INACTIVE), and closes its
    other alerts: it gets no jobs. account: its id, owner and name.
    """
    cause = account_cause(account["id"])
    if status is AccountStatus.BANNED:
        kind, severity = AlertKind.ACCOUNT_BANNED, AlertSeverity.CRITICAL
        message = (
            f"The account {account['name']!r} is banned upstream and gets no more jobs. {_sentence(reason)} Check it"
            " on the service's own page; once it is unbanned, activate it with updateAccounts and status ACTIVE."
        )
    else:
        kind, severity = AlertKind.ACCOUNT_SESSION_EXPIRED, AlertSeverity.WARNING
        message = (
            f"Upstream no longer accepts the session of the account {account['name']!r}, and the account gets no more"
            f" jobs. {_sentence(reason)} Activate it with updateAccounts, a new sessionId and status ACTIVE."
        )
    others = [other for other in (*DEACTIVATED, AlertKind.CREDIT_LOW) if other is not kind]
    await close_alerts(account["owner"], others, [cause])
    await raise_alert(account["owner"], kind, severity, cause, message, account_id=account["id"])


async def record_reactivated(owner: str, account_id: int) -> None:
    """Closes the deactivation alerts of an account that is ACTIVE again or has a new session."""
    await close_alerts(owner, DEACTIVATED, [account_cause(account_id)])


async def record_removed(owner: str, account_ids: Sequence[int]) -> None:
    """Closes all alerts of deleted accounts."""
    causes = [account_cause(account_id) for account_id in account_ids]
    await close_alerts(owner, (*DEACTIVATED, AlertKind.CREDIT_LOW), causes)


async def record_idle(owner: str, account_id: int) -> None:
    """Closes the credit alert of an account that its owner deactivated or gave a new session."""
    await close_alerts(owner, [AlertKind.CREDIT_LOW], [account_cause(account_id)])


async def record_credits(account: Mapping[str, Any]) -> None:
    """Raises or closes the credit alert after a balance changed, or gives it the present balance. account:
    CREDIT_COLUMNS of the changed row.

    Runs no statement for an account that is neither low nor has an alert.
    """
    is_low, is_open = _is_low(account), bool(account["has_open_alert"])
    if is_low and is_open:
        await refresh_alert(account["owner"], AlertKind.CREDIT_LOW, account_cause(account["id"]), _low_message(account))
    elif is_low:
        await _raise_low(account)
    elif is_open:
        await close_alerts(account["owner"], [AlertKind.CREDIT_LOW], [account_cause(account["id"])])


async def check_credits() -> None:
    """Raises and closes the credit alerts of all accounts, e.g. after the limit in the settings changed, and closes
    alerts about the budget of a workflow that is no longer paused for it. Two statements that return no rows while
    nothing changes.
    """
    low = get_settings().credit_low
    is_low = "account.status = 'ACTIVE' AND account.deleted_at IS NULL AND account.credit_balance < ?"
    await close_passed(
        AlertKind.CREDIT_LOW,
        f"CASE WHEN alert.cause LIKE 'account:%' THEN EXISTS (SELECT 1 FROM account WHERE account.id = alert.account_id"
        f" AND {is_low}) WHEN alert.cause LIKE 'workflow:%' THEN EXISTS (SELECT 1 FROM workflow"
        " WHERE workflow.id = alert.workflow_id AND workflow.status = 'PAUSED' AND workflow.pause_reason IS NOT NULL)"
        " ELSE TRUE END",
        low,
    )
    if low:
        is_open = is_open_sql(AlertKind.CREDIT_LOW, "account.owner", "'account:' || account.id")
        for row in await execute(f"SELECT {CREDIT_COLUMNS} FROM account WHERE {is_low} AND NOT {is_open}", low):
            await record_credits(row)


def _is_low(account: Mapping[str, Any]) -> bool:
    balance = account["credit_balance"]
    is_active = account["status"] == AccountStatus.ACTIVE.value and account["deleted_at"] is None
    return is_active and balance is not None and int(balance) < get_settings().credit_low


def _low_message(account: Mapping[str, Any]) -> str:
    return (
        f"The account {account['name']!r} has {account['credit_balance']} credits left, fewer than"
        f" {get_settings().credit_low}. Receive today's free credits with receiveCredits, or buy more on the service's"
        " own page."
    )


async def _raise_low(account: Mapping[str, Any]) -> None:
    cause, message = account_cause(account["id"]), _low_message(account)
    await raise_alert(
        account["owner"], AlertKind.CREDIT_LOW, AlertSeverity.WARNING, cause, message, account_id=account["id"]
    )


def _sentence(reason: str) -> str:
    return reason if not reason or reason.endswith((".", "!", "?", "。")) else f"{reason}."
