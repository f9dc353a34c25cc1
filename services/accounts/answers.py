"""What upstream says about an account when it is asked about it, stored; whoever asked: a person, or the warming.

Guarded by the session that was used: where the account has another one by now, the answer is about the former one.
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
    """Takes the account out where upstream does not accept its session any more, or punishes it; lets it cool where
    upstream wants fewer requests, or suspects them. The seconds for which it cools; 0: it does not.
    """
    status = STATUS_AFTER.get(fault.kind)
    if status is not None:
        await deactivate_checked_account(account, status, fault.message)
        return 0.0

    async def body() -> float:
        return await cool_account(account.id, fault, random=random.random()) if await _has_session(account) else 0.0

    return await transaction(body)


async def deactivate_checked_account(account: Account, status: AccountStatus, reason: str) -> None:
    """What was not submitted goes to other accounts. One that is banned stays so."""
    if account.status is AccountStatus.BANNED:
        status, reason = account.status, account.status_reason or reason

    async def body() -> None:
        if not await _write_status(account, status, reason):
            return
        await release_placed([account.id], "The account was taken out before anything was sent.")
        # One that its owner had taken out by hand is nobody's worry, unless it is banned.
        if account.status is AccountStatus.ACTIVE or status is AccountStatus.BANNED:
            await record_deactivated({"id": account.id, "owner": account.owner, "name": account.name}, status, reason)

    await transaction(body)


async def _write_status(account: Account, status: AccountStatus, reason: str) -> bool:
    """Whether the account is still what it was when it was asked about."""
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
