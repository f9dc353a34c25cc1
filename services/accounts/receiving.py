"""Receiving the free daily credits of accounts that waiting jobs need: once per account and quota day."""

import random
from collections.abc import Sequence
from datetime import datetime

import structlog

from models.accounts import Account
from models.database import transaction
from models.enums import MediaKind
from providers.pooled import UpstreamFaultError
from services.accounts.answers import STATUS_AFTER, store_fault
from services.accounts.pool.account_updates import exhaust, record_balance
from services.accounts.pool.credit_refusals import settle_credit_refusals
from services.accounts.pool.quota import quota_day
from services.accounts.sessions import credential_of
from services.platform.providers import pooled_provider
from services.stores import accounts
from services.stores.charges import forget_balances_before
from services.stores.jobs.waits import make_waiting_due

log = structlog.get_logger(__name__)

BALANCE_LOOK_SECONDS = 30.0


async def want_credits(account_ids: Sequence[int]) -> None:
    """Marks accounts that could take waiting jobs if they received today's credits. Idempotent."""
    await accounts.want_credits(account_ids)


async def claim_receiving(limit: int, now: datetime, zone: str) -> list[int]:
    """Claims at most `limit` marked accounts for the quota day; each account is claimed at most once per day."""
    return await accounts.claim_receiving(limit, quota_day(now, zone))


async def receive(account_id: int, now: datetime) -> None:
    """Receives today's credits from upstream and stores the new balance. An account that has none all the same is
    exhausted until its next reset; what its credits do not suffice for waits until then. Upstream refusals are only
    logged; where the balance is not told, a later look asks for it again.
    """
    account = await Account.get(id=account_id)
    provider, credential = pooled_provider(account.provider), credential_of(account)
    known, received = account.credit_balance, 0
    balance: int | None
    try:
        received = await provider.receive_credits(credential)
    except UpstreamFaultError as fault:
        log.info("credits.receive_failed", account=account_id, kind=fault.kind.value, code=fault.upstream_code)
        if fault.kind in STATUS_AFTER:
            await store_fault(account, fault)
            return
    try:
        balance = await provider.credit_balance(credential, fresh=True)
    except UpstreamFaultError as fault:
        log.info("credits.balance_failed", account=account_id, kind=fault.kind.value, code=fault.upstream_code)

        async def later() -> None:
            await forget_balances_before(account_id)
            await accounts.want_look([account_id], BALANCE_LOOK_SECONDS)

        await transaction(later)
        return
    log.info("credits.received", account=account_id, received=received, balance=balance)

    async def body() -> None:
        await forget_balances_before(account_id)
        await record_balance(account_id, balance)
        await settle_credit_refusals(account_id, balance, random=random.random())
        if received > 0 or balance > (known or 0):
            await make_waiting_due(account.owner)
        elif balance <= 0:
            for kind in MediaKind:
                await exhaust(account_id, kind, now)

    await transaction(body)
