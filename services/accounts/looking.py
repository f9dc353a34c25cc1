"""Looks at accounts outside of the regular health checks: one request, whose answer decides.

A look is due after a refusal that has to be confirmed (a session that was not accepted), after a refusal for want of
credits, and from time to time for an account that the server itself made INACTIVE. Due time and lease are in the
account's row, so a look that is interrupted is made by the next process.
"""

import structlog

from errors import ConfigurationError
from models.accounts import Account
from models.database import transaction
from models.enums import AccountStatus, DeactivatedBy
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.answers import deactivate_checked_account, store_balance, store_fault
from services.accounts.pool.account_updates import count_failure
from services.accounts.pool.cooling import relook_seconds
from services.accounts.pool.site_troubles import is_of_site
from services.accounts.sessions import credential_of
from services.platform.backoff import Backoff
from services.platform.leases import Lease
from services.platform.providers import pooled_provider
from services.stores import account_cooldowns, account_leases
from services.stores.account_cooldowns import held_for
from settings import get_settings

log = structlog.get_logger(__name__)

MAX_LOOKS = 8
"Concurrent looks per process."
LEASE_SECONDS = 300.0
"An interrupted look is due again after this time. It is longer than any request with its retries."
_UNREACHED = Backoff(base=10.0, cap=300.0)


async def claim_looks(limit: int) -> list[Lease]:
    """Leases at most `limit` accounts whose look is due."""
    return await account_leases.claim_looks(limit, LEASE_SECONDS) if limit > 0 else []


async def look(lease: Lease) -> None:
    """Asks upstream for the balance, stores what follows, and schedules the next look if one is needed."""
    account = await Account.get(id=lease.id)
    wait_seconds: float | None = None
    looks = 0
    try:
        if _is_wanted(account):
            wait_seconds, looks = await _look(account)
    except ConfigurationError:
        log.exception("account.unseal_failed", account_id=account.id)
    except Exception:
        log.exception("account.look_failed", account_id=account.id)
        wait_seconds, looks = LEASE_SECONDS, account.looks or 0
    await account_leases.release_look(
        lease, in_ms=None if wait_seconds is None else int(wait_seconds * 1000), looks=looks
    )


async def release_look(lease: Lease) -> None:
    """Releases the lease when the process stops; the look is due at once. Idempotent."""
    await account_leases.release_look(lease, in_ms=0)


def _is_wanted(account: Account) -> bool:
    """Whether a look can change anything: what a person decided stays."""
    if account.status is AccountStatus.INACTIVE:
        return account.deactivated_by is DeactivatedBy.SERVER
    return account.status is AccountStatus.ACTIVE


async def _look(account: Account) -> tuple[float | None, int]:
    """Returns the seconds until the next look (None: none is needed), and the looks in a row so far without success."""
    try:
        balance = await pooled_provider(account.provider).credit_balance(credential_of(account), fresh=True)
    except UpstreamFaultError as fault:
        log.info("account.look_refused", account_id=account.id, kind=fault.kind.value, code=fault.upstream_code)
        return await _after_fault(account, fault)
    held = await held_for(account.id, FaultKind.SESSION_EXPIRED.value)
    await store_balance(account, balance)
    if held is not None:
        # The refusal has happened all the same: one failure, as any other that passes by itself.
        await transaction(lambda: count_failure(account.id, "", held, random=0.0))
    return None, 0


async def _after_fault(account: Account, fault: UpstreamFaultError) -> tuple[float | None, int]:
    looks = (account.looks or 0) + 1
    if fault.kind is FaultKind.SESSION_EXPIRED:
        if account.status is AccountStatus.INACTIVE:
            return relook_seconds(looks, get_settings().relook_seconds), looks
        has_worked = account.checked_at is not None
        if await transaction(lambda: is_of_site(account, fault, has_worked=has_worked)):
            await account_cooldowns.remove_caused([account.id], fault.kind.value)
            return None, 0  # the site's work is held, and its probe finds out
        await deactivate_checked_account(account, AccountStatus.INACTIVE, fault.message)
        return None, 0
    cooldown_seconds = await store_fault(account, fault)
    return cooldown_seconds + _UNREACHED.wait(looks), looks
