"""Storing upstream's responses to requests about an account, made by users and by health checks.

Every write is guarded by the session that the request used: if the account has a new session by now, the response is
discarded, since it concerns the previous one.
"""

import random

from models.accounts import Account
from models.database import transaction
from models.enums import AccountStatus
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.account_updates import cool_account, record_balance
from services.accounts.releasing import release_placed
from services.notifications.alerts.accounts import record_deactivated
from services.stores import accounts
from services.stores.jobs.waits import make_waiting_due
from services.stores.updates import database_time

STATUS_AFTER = {FaultKind.SESSION_EXPIRED: AccountStatus.INACTIVE, FaultKind.PUNISHED: AccountStatus.BANNED}


async def store_balance(account: Account, balance: int) -> None:
    async def body() -> None:
        if await _has_session(account):
            await record_balance(account.id, balance)
            await make_waiting_due(account.owner)

    await transaction(body)


async def store_fault(account: Account, fault: UpstreamFaultError) -> float:
    """Deactivates the account if upstream no longer accepts its session or has banned it; starts a cooldown after a
    rate limit or risk control. Returns the cooldown in seconds; 0: none.
    """
    status = STATUS_AFTER.get(fault.kind)
    if status is not None:
        await deactivate_checked_account(account, status, fault.message)
        return 0.0

    async def body() -> float:
        return await cool_account(account.id, fault, random=random.random()) if await _has_session(account) else 0.0

    return await transaction(body)


async def deactivate_checked_account(account: Account, status: AccountStatus, reason: str) -> None:
    """Sets the status with the reason and moves jobs that were not submitted yet to other accounts. A banned account
    stays BANNED.
    """
    if account.status is AccountStatus.BANNED:
        status, reason = account.status, account.status_reason or reason

    async def body() -> None:
        if not await _write_status(account, status, reason):
            return
        await release_placed([account.id], "The account was deactivated before the request was sent.")
        # An account that its owner had deactivated raises no alert, unless it is banned.
        if account.status is AccountStatus.ACTIVE or status is AccountStatus.BANNED:
            await record_deactivated({"id": account.id, "owner": account.owner, "name": account.name}, status, reason)

    await transaction(body)


async def _write_status(account: Account, status: AccountStatus, reason: str) -> bool:
    """Writes the status; returns False if the account changed since the request was made."""
    if status is account.status:
        return await accounts.confirm_status(account, reason)
    if not await _has_session(account):
        return False
    row = await accounts.transition(
        account.id,
        to=status,
        expected=[account.status],
        session_hash=account.session_hash,
        status_reason=reason,
        checked_at=database_time(),
    )
    return row is not None


async def _has_session(account: Account) -> bool:
    return await Account.exists(id=account.id, session_hash=account.session_hash, deleted_at__isnull=True)
