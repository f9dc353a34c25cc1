"""Storing upstream's responses to requests about an account, made by users, by health checks and by second looks.

Every write is guarded by the session that the request used: if the account has a new session by now, the response is
discarded, since it concerns the previous one.
"""

import random

from models.accounts import Account
from models.database import transaction
from models.enums import AccountStatus, DeactivatedBy
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.account_updates import cool_account, hold_for_look, hold_or_ban, record_balance
from services.accounts.pool.cooling import relook_seconds
from services.accounts.pool.credit_refusals import settle_credit_refusals
from services.accounts.pool.site_troubles import is_of_site
from services.accounts.releasing import release_placed
from services.notifications.alerts.accounts import record_deactivated, record_reactivated
from services.stores import account_cooldowns, account_faults, accounts
from services.stores.jobs.waits import make_waiting_due
from services.stores.updates import database_time
from settings import get_settings

STATUS_AFTER = {FaultKind.SESSION_EXPIRED: AccountStatus.INACTIVE, FaultKind.PUNISHED: AccountStatus.BANNED}


async def store_balance(account: Account, balance: int) -> None:
    """Stores a balance, which also shows that upstream accepts the session: a hold for a second look ends, refusals for
    want of credits are settled, and an account that the server itself deactivated works again.
    """

    async def body() -> None:
        if not await _has_session(account):
            return
        await record_balance(account.id, balance)
        if await account_cooldowns.remove_caused([account.id], FaultKind.SESSION_EXPIRED.value):
            await accounts.touch(account.id)
        await settle_credit_refusals(account.id, balance, random=random.random())
        await _reactivate(account)
        await make_waiting_due(account.owner)

    await transaction(body)


async def store_fault(account: Account, fault: UpstreamFaultError) -> float:
    """Holds an account whose session upstream did not accept, or that it calls punished, until that is confirmed;
    starts a cooldown after a rate limit or risk control. A fault of the whole site does neither. Returns the cooldown
    in seconds; 0: none.
    """

    async def body() -> float:
        if not await _has_session(account):
            return 0.0
        if await is_of_site(account, fault, has_worked=account.checked_at is not None):
            return 0.0
        if fault.kind is FaultKind.SESSION_EXPIRED:
            await hold_for_look(account.id, fault, account.session_hash)
        elif fault.kind is FaultKind.PUNISHED and await hold_or_ban(account.id, fault, account.session_hash):
            await release_placed([account.id], "The account was deactivated before the request was sent.")
        return await cool_account(account.id, fault, random=random.random())

    return await transaction(body)


async def deactivate_checked_account(account: Account, status: AccountStatus, reason: str) -> None:
    """Sets the status with the reason and moves jobs that were not submitted yet to other accounts. A banned account
    stays BANNED. An account that becomes INACTIVE is looked at again by itself, unless its owner had deactivated it.
    """
    if account.status is AccountStatus.BANNED:
        status, reason = account.status, account.status_reason or reason

    async def body() -> None:
        if not await _write_status(account, status, reason):
            return
        await account_cooldowns.remove_caused([account.id], FaultKind.SESSION_EXPIRED.value)
        await release_placed([account.id], "The account was deactivated before the request was sent.")
        # An account that its owner had deactivated raises no alert, unless it is banned.
        if account.status is AccountStatus.ACTIVE or status is AccountStatus.BANNED:
            await record_deactivated({"id": account.id, "owner": account.owner, "name": account.name}, status, reason)
        seconds = relook_seconds(0, get_settings().relook_seconds)
        if account.status is AccountStatus.ACTIVE and status is AccountStatus.INACTIVE and seconds is not None:
            await accounts.want_look([account.id], seconds)

    await transaction(body)


async def _reactivate(account: Account) -> None:
    """Sets an account ACTIVE that the server made INACTIVE, and closes the alert. What a person decided stays."""
    row = await accounts.reactivate(account.id, account.session_hash)
    if row is None:
        return
    await account_faults.remove_faults([account.id])
    if row["deleted_at"] is None:
        await record_reactivated(account.owner, account.id)


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
        deactivated_by=DeactivatedBy.SERVER if status is AccountStatus.INACTIVE else None,
        look_due_at_ms=None,
        looks=0,
        checked_at=database_time(),
    )
    return row is not None


async def _has_session(account: Account) -> bool:
    return await Account.exists(id=account.id, session_hash=account.session_hash, deleted_at__isnull=True)
