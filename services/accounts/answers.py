"""What upstream says about an account when it is asked about it, stored; whoever asked: a person, or the warming.

Guarded by the session that was used: where the account has another one by now, the answer is about the former one.
"""

import random

from models.accounts import Account
from models.database import execute, transaction
from models.enums import AccountStatus
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.account_updates import announce, cool_account, note_balance
from services.accounts.releasing import release_placed
from services.notifications.alerts.accounts import note_taken_out
from services.platform.sql import timestamp_sql
from services.stores.jobs.waits import look_again

STATUS_AFTER = {FaultKind.SESSION_EXPIRED: AccountStatus.INACTIVE, FaultKind.PUNISHED: AccountStatus.BANNED}


async def store_balance(account: Account, balance: int) -> None:
    async def body() -> None:
        if await _has_session(account):
            await note_balance(account.id, balance)
            await look_again(account.owner)

    await transaction(body)


async def store_fault(account: Account, fault: UpstreamFaultError) -> float:
    """Takes the account out where upstream does not accept its session any more, or punishes it; lets it cool where
    upstream wants fewer requests, or suspects them. The seconds for which it cools; 0: it does not.
    """
    status = STATUS_AFTER.get(fault.kind)
    if status is not None:
        await take_out(account, status, fault.message)
        return 0.0

    async def body() -> float:
        return await cool_account(account.id, fault, random=random.random()) if await _has_session(account) else 0.0

    return await transaction(body)


async def take_out(account: Account, status: AccountStatus, reason: str) -> None:
    """What was not submitted goes to other accounts. One that is banned stays so."""
    if account.status is AccountStatus.BANNED:
        status, reason = account.status, account.status_reason or reason

    async def body() -> None:
        rows = await execute(
            f"UPDATE account SET status = ?, status_reason = ?, checked_at = {timestamp_sql()},"
            f" updated_at = {timestamp_sql()}, version = version + 1 WHERE id = ? AND session_hash = ?"
            " AND status = ? AND deleted_at IS NULL RETURNING id, owner, name",
            status.value,
            reason,
            account.id,
            account.session_hash,
            account.status.value,
        )
        for row in rows:
            await release_placed([account.id], "The account was taken out before anything was sent.")
            # One that its owner had taken out by hand is nobody's worry, unless it is banned.
            if account.status is AccountStatus.ACTIVE or status is AccountStatus.BANNED:
                await note_taken_out(row, status, reason)
            announce(account.owner)

    await transaction(body)


async def _has_session(account: Account) -> bool:
    return await Account.exists(id=account.id, session_hash=account.session_hash, deleted_at__isnull=True)
