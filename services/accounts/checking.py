"""Requests to upstream about accounts on a user's demand: session checks, balances and today's free credits.

The requests run concurrently outside any transaction; one that fails does not affect the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import structlog

from errors import (
    BadInputError,
    ConfigurationError,
    EkonteError,
    InsufficientCreditError,
    JobErrorCode,
    ProviderFailedError,
    RateLimitedError,
    not_found,
)
from models.accounts import Account
from models.database import transaction
from providers.pooled import Credential, FaultKind, PooledProvider, UpstreamFaultError
from services.accounts.answers import STATUS_AFTER, deactivate_checked_account, store_balance, store_fault
from services.accounts.outcomes import Outcome, live_accounts
from services.accounts.pool.quota import quota_day
from services.accounts.pool.site_troubles import is_of_site
from services.accounts.sessions import credential_of
from services.platform.metrics.upstream import MeasuredPool
from services.platform.providers import registry
from services.platform.rate_budget import charge
from services.stores import accounts
from services.stores.charges import forget_balances_before
from settings import get_settings

log = structlog.get_logger(__name__)

MAX_ACCOUNTS = 50
SECOND_LOOK_SECONDS = 1.0
"Between the two looks of a check that a person waits for."
SESSION_ENDED = "Upstream no longer accepts the session; set a new one."
RECEIVED_NOTHING = (
    "Upstream did not accept the account's session, and accepts it at a second look. Nothing was received: try again."
)
_ERRORS: dict[FaultKind, type[EkonteError]] = {
    FaultKind.RATE_LIMIT: RateLimitedError,
    FaultKind.CONCURRENCY_LIMIT: RateLimitedError,
    FaultKind.OUT_OF_CREDIT: InsufficientCreditError,
}

_WHAT_TO_DO = {
    FaultKind.SESSION_EXPIRED: "The account is INACTIVE now: set a new sessionId with updateAccounts.",
    FaultKind.PUNISHED: "Look at the account on the service's own page; it is held until one more task shows whether it"
    " is banned.",
    FaultKind.RISK_CONTROL: "Receive them on the service's own page, or try again tomorrow.",
    FaultKind.INVALID_INPUT: "They were probably received elsewhere today; if not, receive them once on the service's"
    " own page, which it asks for the first time.",
    FaultKind.UPSTREAM_FAULT: "Nothing was received; try again later.",
}
"What to do where today's credits were refused."

AccountRequest = Callable[[Account, PooledProvider, Credential], Awaitable[None]]


async def check_accounts(owner: str, ids: Sequence[int | None]) -> list[Outcome]:
    """Checks the session and balance of each account and stores the result. An account whose session has ended is
    returned as INACTIVE, a banned one as BANNED, both after a second look; one that the server made INACTIVE and that
    works again is returned as ACTIVE. An account that upstream cannot check at the moment has an error; a
    rate limit also starts a cooldown. Raises BadInputError for more than 50 ids.
    """
    return await _run_all(owner, ids, _check)


async def receive_credits(owner: str, ids: Sequence[int | None]) -> list[Outcome]:
    """Receives today's free credits of each account and stores the balance. If they were received before, it only
    updates the balance. An account whose session has ended, as a second look confirms, or that is called punished, has
    an error and is stored as such; so has one that upstream gives nothing for another reason. Raises BadInputError for
    more than 50 ids.
    """
    return await _run_all(owner, ids, _receive, is_check=False)


async def _check(account: Account, provider: PooledProvider, credential: Credential) -> None:
    """Looks twice before it changes the status. Raises ProviderFailedError for a fault of the whole site, which changes
    nothing.
    """
    if await _look(account, provider, credential) is not None:
        await _look_again(account, provider, credential)


async def _look_again(account: Account, provider: PooledProvider, credential: Credential) -> UpstreamFaultError | None:
    """The second look, a moment after a refusal: changes the status if upstream refuses the account once more, and
    returns the fault; None: it works. Raises ProviderFailedError for a fault of the whole site, which changes nothing.
    """
    await asyncio.sleep(min(SECOND_LOOK_SECONDS, get_settings().second_look_seconds))
    fault = await _look(account, provider, credential)
    if fault is None:
        return None
    has_worked = account.checked_at is not None
    if await transaction(partial(is_of_site, account, fault, has_worked=has_worked)):
        raise ProviderFailedError(
            f"Most accounts of the site meet the same fault, so nothing was changed; check again later. {fault.message}"
        )
    await deactivate_checked_account(account, STATUS_AFTER[fault.kind], fault.message)
    return fault


async def _look(account: Account, provider: PooledProvider, credential: Credential) -> UpstreamFaultError | None:
    """Stores the balance if upstream accepts the session; else returns the fault that says why it does not."""
    try:
        if not await provider.is_alive(credential, fresh=True):
            return UpstreamFaultError(FaultKind.SESSION_EXPIRED, JobErrorCode.AUTH_FAILED, SESSION_ENDED)
        balance = await provider.credit_balance(credential, fresh=True)
    except UpstreamFaultError as fault:
        if fault.kind not in STATUS_AFTER:
            raise
        return fault
    await store_balance(account, balance)
    return None


async def _receive(account: Account, provider: PooledProvider, credential: Credential) -> None:
    day = quota_day(datetime.now(UTC), get_settings().timezone)
    try:
        await provider.receive_credits(credential)
    except UpstreamFaultError as fault:
        if fault.kind is FaultKind.SESSION_EXPIRED and await _look_again(account, provider, credential) is None:
            raise ProviderFailedError(RECEIVED_NOTHING) from None
        # Upstream has no code for "already received": it calls the request invalid, which has other causes, too.
        if account.received_day != day or fault.kind is not FaultKind.INVALID_INPUT:
            raise
    await forget_balances_before(account.id)
    await accounts.set_received_day(account, day)
    await store_balance(account, await provider.credit_balance(credential, fresh=True))


# ---------------------------------------------------------------- concurrent requests


async def _run_all(
    owner: str, ids: Sequence[int | None], request: AccountRequest, *, is_check: bool = True
) -> list[Outcome]:
    """is_check: that a session has ended, or an account is banned, is a result and no error."""
    if len(ids) > MAX_ACCOUNTS:
        raise BadInputError(f"At most {MAX_ACCOUNTS} accounts are allowed per request.", path=["ids"])
    known = [account_id for account_id in ids if account_id is not None]
    before = await live_accounts(owner, known) if known else {}
    found = list(before.values())
    most = get_settings().max_owner_checks_per_minute
    await charge("upstream", owner, len(found), per_minute=most, what="calls upstream")
    errors = dict(
        zip(before, await asyncio.gather(*(_run(account, request, is_check) for account in found)), strict=True)
    )
    after = await live_accounts(owner, known) if known else {}
    outcomes = []
    for account_id in ids:
        account = after.get(account_id or 0)
        error = errors.get(account_id or 0) or (not_found("account") if account is None else None)
        outcomes.append(Outcome(error=error) if error is not None else Outcome(account=account))
    return outcomes


async def _run(account: Account, request: AccountRequest, is_check: bool) -> EkonteError | None:
    """Returns None if the response is stored, else the error."""
    provider = registry().get(account.provider)
    if not isinstance(provider, PooledProvider):
        return ProviderFailedError(f"The provider {account.provider!r} is no longer configured.")
    try:
        await request(account, MeasuredPool(provider), credential_of(account))
    except UpstreamFaultError as fault:
        await store_fault(account, fault)
        if is_check and fault.kind in STATUS_AFTER:
            return None
        hint = "" if is_check else _WHAT_TO_DO.get(fault.kind, "")
        return _ERRORS.get(fault.kind, ProviderFailedError)(f"{fault.message} {hint}".rstrip())
    except ProviderFailedError as error:
        return error
    except ConfigurationError:
        log.exception("account.unseal_failed", account_id=account.id)
        return ProviderFailedError("The server cannot decrypt the account's session; set a new one.")
    except Exception:
        log.exception("account.request_failed", account_id=account.id)
        return ProviderFailedError("The request to upstream failed; see the server's log.")
    return None
