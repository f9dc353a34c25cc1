"""Alerts about accounts: taken out by upstream, or short of credits. In the transaction that changed the account."""

from collections.abc import Mapping, Sequence
from typing import Any

from models.database import execute
from models.enums import AccountStatus, AlertKind, AlertSeverity
from services.notifications.alerts.raising import close_alerts, close_passed, is_open_sql, raise_alert
from settings import get_settings

TAKEN_OUT = (AlertKind.ACCOUNT_BANNED, AlertKind.ACCOUNT_SESSION_EXPIRED)
CREDIT_COLUMNS = (
    "id, owner, name, status, credit_balance, deleted_at, CASE WHEN "
    + is_open_sql(AlertKind.CREDIT_LOW, "account.owner", "'account:' || account.id")
    + " THEN 1 ELSE 0 END AS is_told"
)
"What an UPDATE of an account returns for note_credits."


def account_cause(account_id: int) -> str:
    return f"account:{account_id}"


async def record_deactivated(account: Mapping[str, Any], status: AccountStatus, reason: str) -> None:
    """Upstream took the account out: BANNED, or INACTIVE since its session has ended. account: its id, owner, name.

    Whatever else was told about it is over: it gets no work.
    """
    cause = account_cause(account["id"])
    if status is AccountStatus.BANNED:
        kind, severity = AlertKind.ACCOUNT_BANNED, AlertSeverity.CRITICAL
        words = (
            f"The account {account['name']!r} is banned upstream and gets no more work. {_sentence(reason)} Look at it"
            " on the service's own page; when that is settled, updateAccounts with status ACTIVE takes it in again."
        )
    else:
        kind, severity = AlertKind.ACCOUNT_SESSION_EXPIRED, AlertSeverity.WARNING
        words = (
            f"The session of the account {account['name']!r} is no longer accepted, and it gets no more work."
            f" {_sentence(reason)} updateAccounts with a new sessionId and status ACTIVE takes it in again."
        )
    others = [other for other in (*TAKEN_OUT, AlertKind.CREDIT_LOW) if other is not kind]
    await close_alerts(account["owner"], others, [cause])
    await raise_alert(account["owner"], kind, severity, cause, words, account_id=account["id"])


async def record_reactivated(owner: str, account_id: int) -> None:
    """The account is ACTIVE again, or has a new session: it is no longer out."""
    await close_alerts(owner, TAKEN_OUT, [account_cause(account_id)])


async def record_removed(owner: str, account_ids: Sequence[int]) -> None:
    """The accounts were deleted: nothing about them is to be looked at any more."""
    causes = [account_cause(account_id) for account_id in account_ids]
    await close_alerts(owner, (*TAKEN_OUT, AlertKind.CREDIT_LOW), causes)


async def record_idle(owner: str, account_id: int) -> None:
    """Its owner took the account out, or changed its session: what its credits were does not matter any more."""
    await close_alerts(owner, [AlertKind.CREDIT_LOW], [account_cause(account_id)])


async def record_credits(account: Mapping[str, Any]) -> None:
    """account: CREDIT_COLUMNS of the row after its balance changed. No statement where nothing is to be told."""
    is_low = _is_low(account)
    if is_low == bool(account["is_told"]):
        return
    if is_low:
        await _raise_low(account)
    else:
        await close_alerts(account["owner"], [AlertKind.CREDIT_LOW], [account_cause(account["id"])])


async def check_credits() -> None:
    """The same for all accounts: what a changed setting makes low, or not low any more. Two statements while nothing
    changes, which return nothing. What a workflow's budget raised is closed where it is paused for that no more.
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
        told = is_open_sql(AlertKind.CREDIT_LOW, "account.owner", "'account:' || account.id")
        for row in await execute(f"SELECT {CREDIT_COLUMNS} FROM account WHERE {is_low} AND NOT {told}", low):
            await record_credits(row)


def _is_low(account: Mapping[str, Any]) -> bool:
    balance = account["credit_balance"]
    is_at_work = account["status"] == AccountStatus.ACTIVE.value and account["deleted_at"] is None
    return is_at_work and balance is not None and int(balance) < get_settings().credit_low


async def _raise_low(account: Mapping[str, Any]) -> None:
    words = (
        f"The account {account['name']!r} has {account['credit_balance']} credits left, fewer than"
        f" {get_settings().credit_low}. receiveCredits receives today's free ones; else it needs more on the service's"
        " own page."
    )
    cause = account_cause(account["id"])
    await raise_alert(
        account["owner"], AlertKind.CREDIT_LOW, AlertSeverity.WARNING, cause, words, account_id=account["id"]
    )


def _sentence(reason: str) -> str:
    return reason if not reason or reason.endswith((".", "!", "?", "。")) else f"{reason}."
