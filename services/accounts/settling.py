"""Measuring what tasks cost: by upstream's credit history, and where that refuses, by the balance before and after.

Due times and leases are in the rows: an attempt says when its charge is looked for next, its account when upstream may
be asked again. One look serves all attempts of an account. A refusal delays only further looks: the account goes on
working, and what cannot be measured keeps its expected credits, or stays unknown.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import structlog

from models.accounts import Account
from models.database import after_commit, execute, now_ms, transaction
from models.enums import CreditsSource
from models.generation import Attempt, CreditPrice
from models.jobs import Job
from providers.pooled import Charges, Credential, PooledProvider, UpstreamFaultError
from services.accounts.pool.account_updates import record_balance, record_measured
from services.accounts.pool.pricing import MAX_CHARGES
from services.accounts.sessions import credential_of
from services.notifications.statistics import events
from services.platform.backoff import Backoff, jitter_around
from services.platform.leases import Lease
from services.platform.metrics.recording import record_credits_spent
from services.platform.providers import pooled_provider
from services.stores import account_leases, account_usage, accounts, credit_prices
from services.stores import charges as store
from settings import Settings, get_settings

log = structlog.get_logger(__name__)

MAX_SETTLING = 4
"Concurrent looks per process."
LEASE_SECONDS = 300.0
MAX_ATTEMPTS = 200
"Attempts that one look settles."
MAX_REFUSALS = 3
"After so many refusals in a row, charges that the balance does not tell either are not waited for."
MAX_BACKOFF = 32
OVERDUE_MS = 600_000
JITTER = 0.2
BALANCE_SECONDS = 10.0
CLOCK_MARGIN_SECONDS = 600.0
"How far upstream's clock may be off."


@dataclass(frozen=True)
class Measured:
    """A measured charge. gross: before what was given back, None if that is unknown. goes_on: a refund may come."""

    credits: int
    gross: int | None
    goes_on: bool = False


@dataclass
class _Look:
    """What one look has found. balance: the account's credits, where they had to be asked for."""

    charges: Charges | None = None
    balance: int | None = None
    later: list[int] = field(default_factory=list)
    given_up: list[store.Unsettled] = field(default_factory=list)
    is_measured: bool = False


def measured_by_history(attempt: store.Unsettled, charges: Charges) -> Measured | None:
    """The charge of an attempt by upstream's history; None if the history does not tell it yet."""
    known = attempt.credits_spent if attempt.credits_source is CreditsSource.MEASURED else None
    gross = charges.spent.get(attempt.submit_id, known)
    if gross is None:
        return None
    refund = charges.refunded.get(attempt.submit_id, 0)
    goes_on = attempt.has_failed and not refund and not attempt.is_over
    return Measured(max(0, gross - refund), gross, goes_on)


def measured_by_balance(attempt: store.Unsettled, balance: int) -> Measured | None:
    """The charge by the balance before and after; None if it did not fall. A balance that did not fall may be one that
    upstream settles later, so it is no proof that the task was free.
    """
    if attempt.balance_before is None or balance >= attempt.balance_before:
        return None
    credits = attempt.balance_before - balance
    return Measured(credits, None if attempt.has_failed else credits)


async def note_balance(attempt: Attempt, provider: PooledProvider, credential: Credential) -> None:
    """Notes the account's balance before a task of unknown price is sent, if nothing else runs on the account. A
    balance that upstream does not tell delays the task by BALANCE_SECONDS at most.
    """
    if (
        attempt.credits_expected is not None
        or not get_settings().credit_history_seconds
        or not await _is_alone(attempt)
    ):
        return
    try:
        async with asyncio.timeout(BALANCE_SECONDS):
            balance = await provider.credit_balance(credential, fresh=True)
    except (UpstreamFaultError, TimeoutError) as error:
        log.info("charge.balance_unknown", attempt=attempt.global_id, error=type(error).__name__)
        return
    await store.write_balance_before(attempt, balance)


async def _is_alone(attempt: Attempt) -> bool:
    return (
        not await Attempt.filter(account_id=attempt.account_id, released_at_ms__isnull=True)
        .exclude(id=attempt.id)
        .exists()
    )


async def claim_settlements(settings: Settings, limit: int) -> list[Lease]:
    """Leases at most `limit` accounts with an attempt whose charge is due to be looked for. None where that is turned
    off: then nothing is looked for any more, also what was sent before.
    """
    if limit < 1:
        return []
    if not settings.credit_history_seconds:
        await store.stop_settling()
        return []
    await store.give_up_overdue_settling(OVERDUE_MS)
    return await account_leases.claim_settlements(limit, LEASE_SECONDS)


async def release_settlement(lease: Lease) -> None:
    """Releases the lease when the process stops. Idempotent."""
    await account_leases.release_settlement(lease)


async def settle(lease: Lease, settings: Settings) -> bool:
    """Looks for the charges of the account's attempts once, stores what was found, and schedules the next look. Returns
    whether a charge was measured.
    """
    account = await Account.get(id=lease.id)
    interval_ms = int(settings.credit_history_seconds * 1000)
    wait_ms = int(jitter_around(interval_ms, JITTER, random.random()))
    is_measured = False
    try:
        is_measured = await _settle(account, interval_ms, wait_ms)
    except Exception:
        log.exception("charge.settle_failed", account_id=account.id)
    await account_leases.release_settlement(lease, in_ms=wait_ms)
    return is_measured


async def _settle(account: Account, interval_ms: int, wait_ms: int) -> bool:
    attempts = await store.unsettled(account.id, MAX_ATTEMPTS)
    if not attempts:
        return False
    provider, credential = pooled_provider(account.provider), credential_of(account)
    refusals = account.settle_refusals
    look = _Look()
    if await now_ms() >= account.settle_refused_until_ms:
        look.charges = await _ask(provider, credential, attempts)
        refusals = 0 if look.charges is not None else refusals + 1
        backoff = Backoff(base=interval_ms, cap=MAX_BACKOFF * interval_ms)
        await accounts.set_settle_refusals(
            account.id, refusals, in_ms=int(backoff.wait(refusals + 1)) if refusals else 0
        )
    for attempt in attempts:
        await _settle_one(attempt, account, provider, credential, look, refusals)
    await store.look_later(look.later, wait_ms)
    await store.give_up_settling(look.given_up)
    return look.is_measured


async def _ask(provider: PooledProvider, credential: Credential, attempts: Sequence[store.Unsettled]) -> Charges | None:
    """Upstream's history; None if it refused."""
    since = min(attempt.sent_at_ms for attempt in attempts) / 1000 - CLOCK_MARGIN_SECONDS
    ids = [attempt.submit_id for attempt in attempts]
    with_refunds = any(attempt.has_failed for attempt in attempts)
    try:
        return await provider.charges(credential, ids, since=since, with_refunds=with_refunds)
    except UpstreamFaultError as fault:
        account_id = credential.account_id
        log.info("charge.history_refused", account=account_id, kind=fault.kind.value, code=fault.upstream_code)
        return None


async def _settle_one(
    attempt: store.Unsettled,
    account: Account,
    provider: PooledProvider,
    credential: Credential,
    look: _Look,
    refusals: int,
) -> None:
    measured = None if look.charges is None else measured_by_history(attempt, look.charges)
    is_by_balance = False
    if (
        measured is None
        and attempt.credits_spent is None
        and (look.charges is None or attempt.is_over)
        and await _has_own_balance(attempt, account.id)
    ):
        if look.balance is None:
            look.balance = await _balance(provider, credential)
        if look.balance is not None:
            measured = measured_by_balance(attempt, look.balance)
            is_by_balance = measured is not None
    if measured is not None and not _is_stored(attempt, measured):
        balance = look.balance if is_by_balance else None
        look.is_measured |= await transaction(lambda: _store(attempt, account, measured, balance))
    if measured is not None and not measured.goes_on:
        return
    # Where the history refuses, waiting for its end would hold a budget up for nothing.
    if attempt.is_over or (look.charges is None and refusals >= MAX_REFUSALS):
        look.given_up.append(attempt)
    else:
        look.later.append(attempt.id)


def _is_stored(attempt: store.Unsettled, measured: Measured) -> bool:
    """Whether the charge is known already, and only a refund is waited for."""
    is_same = attempt.credits_spent == measured.credits and attempt.credits_source is CreditsSource.MEASURED
    return is_same and measured.goes_on


async def _has_own_balance(attempt: store.Unsettled, account_id: int) -> bool:
    """Whether the balance before and after is that of this task alone: nothing was sent on the account since."""
    if attempt.balance_before is None:
        return False
    rows = await execute(
        "SELECT 1 FROM attempt WHERE account_id = ? AND id <> ? AND sent_at_ms >= ? LIMIT 1",
        account_id,
        attempt.id,
        attempt.sent_at_ms,
    )
    return not rows


async def _balance(provider: PooledProvider, credential: Credential) -> int | None:
    try:
        return await provider.credit_balance(credential, fresh=True)
    except UpstreamFaultError as fault:
        log.info("charge.balance_refused", account=credential.account_id, kind=fault.kind.value)
        return None


async def _store(attempt: store.Unsettled, account: Account, measured: Measured, balance: int | None) -> bool:
    """Writes a measured charge and everything that is summed or learned from it; in a transaction. balance: that was
    asked for to measure it. Returns False if the attempt has changed since it was read.
    """
    if not await store.settle(attempt, measured.credits, goes_on=measured.goes_on):
        return False
    more = measured.credits - (attempt.credits_spent or 0)
    unknown = -1 if attempt.credits_spent is None and attempt.is_accepted else 0
    job = await Job.get_or_none(id=attempt.job_id)
    if job is not None:
        await events.record_measured(job, more, unknown=unknown)
    if attempt.quota_day is not None:
        await account_usage.add_measured(account.id, attempt.kind, attempt.quota_day, more, unknown)
    if balance is not None:
        await record_balance(account.id, balance)
    else:
        await record_measured(account.id, more, attempt.sent_at_ms)
    if measured.gross is not None and attempt.credits_source is not CreditsSource.MEASURED:
        await _learn(attempt.price_key, measured.gross)
    model = (attempt.price_key or "").split("/")[1:2]
    after_commit(lambda: record_credits_spent(account.provider, model[0] if model else "", more))
    log.info("charge.measured", attempt=attempt.id, credits=measured.credits, before=attempt.credits_spent)
    return True


async def _learn(key: str | None, charge: int) -> None:
    """Adds a measured charge to the price of such requests. Of two concurrent calls one may be lost, which a price
    tolerates.
    """
    if key is None:
        return
    row = await CreditPrice.get_or_none(key=key)
    known = [] if row is None else [int(each) for each in row.charges]
    await credit_prices.write(key, [*known, charge][-MAX_CHARGES:])
