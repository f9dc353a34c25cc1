"""Asking upstream about accounts, now: whether their sessions are alive, what they have, and today's free credits.

The calls happen outside any transaction, all accounts at once, and one that fails does not touch the others.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import structlog

from errors import (
    BadInputError,
    ConfigurationError,
    EkonteError,
    InsufficientCreditError,
    ProviderFailedError,
    RateLimitedError,
    not_found,
)
from models.accounts import Account
from models.enums import AccountStatus
from providers.pooled import Credential, FaultKind, PooledProvider, UpstreamFaultError
from services.accounts.answers import STATUS_AFTER, deactivate_checked_account, store_balance, store_fault
from services.accounts.outcomes import Outcome, live_accounts
from services.accounts.pool.quota import quota_day
from services.accounts.sessions import credential_of
from services.platform.metrics.upstream import MeasuredPool
from services.platform.providers import registry
from services.stores import accounts
from settings import get_settings

log = structlog.get_logger(__name__)

MAX_ASKED = 50
SESSION_ENDED = "Upstream does not accept its session any more; give it a new one."
_ERRORS: dict[FaultKind, type[EkonteError]] = {
    FaultKind.RATE_LIMIT: RateLimitedError,
    FaultKind.CONCURRENCY_LIMIT: RateLimitedError,
    FaultKind.OUT_OF_CREDIT: InsufficientCreditError,
}

Ask = Callable[[Account, PooledProvider, Credential], Awaitable[None]]


async def check_accounts(owner: str, ids: Sequence[int | None]) -> list[Outcome]:
    """Looks at session and balance of each; what is found is stored. An account whose session has ended comes back
    INACTIVE, a punished one BANNED. Refused: one that upstream cannot tell about now; where it wants fewer requests,
    the account cools. BadInputError for more than 50.
    """
    return await _ask_all(owner, ids, _check)


async def receive_credits(owner: str, ids: Sequence[int | None]) -> list[Outcome]:
    """Receives today's free credits of each and stores the balance; where they were received before, only that."""
    return await _ask_all(owner, ids, _receive)


async def _check(account: Account, provider: PooledProvider, credential: Credential) -> None:
    if not await provider.is_alive(credential, fresh=True):
        await deactivate_checked_account(account, AccountStatus.INACTIVE, SESSION_ENDED)
        return
    await store_balance(account, await provider.credit_balance(credential, fresh=True))


async def _receive(account: Account, provider: PooledProvider, credential: Credential) -> None:
    day = quota_day(datetime.now(UTC), get_settings().timezone)
    await provider.receive_credits(credential)
    await accounts.set_received_day(account, day)
    await store_balance(account, await provider.credit_balance(credential, fresh=True))


# ---------------------------------------------------------------- all at once


async def _ask_all(owner: str, ids: Sequence[int | None], ask: Ask) -> list[Outcome]:
    if len(ids) > MAX_ASKED:
        raise BadInputError(f"At most {MAX_ASKED} accounts are asked about at once.", path=["ids"])
    known = [account_id for account_id in ids if account_id is not None]
    asked = await live_accounts(owner, known) if known else {}
    found = list(asked.values())
    errors = dict(zip(asked, await asyncio.gather(*(_ask_one(account, ask) for account in found)), strict=True))
    after = await live_accounts(owner, known) if known else {}
    outcomes = []
    for account_id in ids:
        account = after.get(account_id or 0)
        error = errors.get(account_id or 0) or (not_found("account") if account is None else None)
        outcomes.append(Outcome(error=error) if error is not None else Outcome(account=account))
    return outcomes


async def _ask_one(account: Account, ask: Ask) -> EkonteError | None:
    """None where upstream's answer is stored; else why there is none."""
    provider = registry().get(account.provider)
    if not isinstance(provider, PooledProvider):
        return ProviderFailedError(f"The provider {account.provider!r} is not configured any more.")
    try:
        await ask(account, MeasuredPool(provider), credential_of(account))
    except UpstreamFaultError as fault:
        await store_fault(account, fault)
        if fault.kind in STATUS_AFTER:
            return None
        return _ERRORS.get(fault.kind, ProviderFailedError)(fault.message)
    except ConfigurationError:
        log.exception("account.session_not_opened", account_id=account.id)
        return ProviderFailedError("Its session cannot be opened on this server; give it a new one.")
    except Exception:
        log.exception("account.not_asked", account_id=account.id)
        return ProviderFailedError("Upstream could not be asked about it; the server's log says more.")
    return None
