"""Health checks of accounts: sessions and balances are checked in the background, so that no batch is the first to find
out that a session has ended.

A check is one light request: whoever tells an account's credits has accepted its session. Which account is due stands
in its row, so that of several processes one checks it. What upstream says has the same effects as anywhere else
(services/accounts/answers.py); where it wants fewer requests or suspects them, it is left alone for longer each time.
"""

import random
from collections.abc import Collection
from datetime import datetime, time
from zoneinfo import ZoneInfo

import structlog

from errors import ConfigurationError
from models.accounts import Account, AccountCooldown
from models.database import now_ms
from models.generation import Attempt
from providers.pooled import PooledProvider, UpstreamFaultError
from services.accounts.answers import store_balance, store_fault
from services.accounts.sessions import credential_of
from services.platform.backoff import Backoff, jitter_around
from services.platform.leases import Lease
from services.platform.providers import pooled_provider, registry
from services.stores import account_leases
from settings import Settings

log = structlog.get_logger(__name__)

MAX_CHECKS = 4
"Of one process: a pool of any size adds no more than that to upstream's load at any moment."
LEASE_SECONDS = 300.0
"A check that was cut off is due again after so long. It is longer than any call, with its repetitions, takes."
JITTER = 0.2
MAX_BACKOFF = 32
BALANCE_INTERVALS = 6
"An account at work needs no check of its session, but after so many intervals one for its balance."
NEWEST_ATTEMPTS = 20

_CLOCK = "%H:%M"


def parse_pause(text: str | None) -> tuple[time, time] | None:
    """Begin and end of the daily pause, e.g. "01:00-07:00". Raises ConfigurationError."""
    if text is None:
        return None
    try:
        begin, end = (datetime.strptime(part.strip(), _CLOCK).time() for part in text.split("-"))  # noqa: DTZ007
    except ValueError:
        begin = end = time(0)
    if begin == end:
        raise ConfigurationError("EKONTE_ACCOUNT_CHECK_PAUSE: must be two different times of day, e.g. 01:00-07:00.")
    return begin, end


def is_pause(now: datetime, pause: tuple[time, time] | None, zone: str) -> bool:
    """Whether a moment (with its zone) lies in the pause, by the clocks of the zone. It may pass midnight."""
    if pause is None:
        return False
    begin, end = pause
    clock = now.astimezone(ZoneInfo(zone)).time()
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def next_check_seconds(
    interval_seconds: float, *, random: float, cooldown_seconds: float = 0.0, step: int = 0
) -> float:
    """Until the next check: the interval, give or take a fifth; after a refusal the cooldown first, and twice the
    interval for each refusal in a row (`step`), at most MAX_BACKOFF times. random: from 0 to 1.
    """
    backoff = Backoff(base=interval_seconds, cap=MAX_BACKOFF * interval_seconds)
    return cooldown_seconds + jitter_around(backoff.wait(step + 1), JITTER, random)


async def claim_checks(now: datetime, settings: Settings, most: int) -> list[Lease]:
    """Accounts whose check is due, leased for this process; none in the pause. New ones, and those with a new session,
    are due at once. Not those that are out of the pool, and not those that cool, for a kind or for everything.
    """
    if (
        most < 1
        or not settings.account_check_seconds
        or is_pause(now, parse_pause(settings.account_check_pause), settings.timezone)
    ):
        return []
    providers = sorted(name for name, provider in registry().items() if isinstance(provider, PooledProvider))
    if not providers:
        return []
    return await account_leases.claim_checks(providers, most, LEASE_SECONDS)


async def check_health(lease: Lease, settings: Settings) -> None:
    """Asks upstream about the account, unless its work says enough, stores what it says, and sets the next check."""
    account = await Account.get(id=lease.id)
    interval = settings.account_check_seconds
    seconds = next_check_seconds(interval, random=random.random())
    try:
        if not await _says_enough(account, interval):
            seconds = await _ask(account, interval)
    except Exception:
        log.exception("account.check_failed", account_id=account.id)
    await account_leases.release_check(lease, in_ms=int(seconds * 1000))


async def release_check(lease: Lease) -> None:
    """The process stops: whoever claims next may check the account. Twice: nothing more."""
    await account_leases.release_check(lease)


async def _ask(account: Account, interval_seconds: float) -> float:
    """The seconds until the next check. A fault of the way there says nothing about the account."""
    try:
        balance = await pooled_provider(account.provider).credit_balance(credential_of(account), fresh=True)
    except UpstreamFaultError as fault:
        log.info("account.check_refused", account_id=account.id, kind=fault.kind.value, code=fault.upstream_code)
        cooldown = await store_fault(account, fault)
        step = await _step(account.id) if cooldown else 0
        return next_check_seconds(interval_seconds, random=random.random(), cooldown_seconds=cooldown, step=step)
    await store_balance(account, balance)
    return next_check_seconds(interval_seconds, random=random.random())


async def _step(account_id: int) -> int:
    row = await AccountCooldown.get_or_none(account_id=account_id, kind="", model="")
    return 0 if row is None else int(row.step)


async def _says_enough(account: Account, interval_seconds: float) -> bool:
    """Whether upstream took a task of the account within the interval, by the session that it has now, and the balance
    was told not long ago.
    """
    if account.checked_at is None or account.credit_balance is None:
        return False
    moment_ms = await now_ms()
    if moment_ms - account.checked_at.timestamp() * 1000 > BALANCE_INTERVALS * interval_seconds * 1000:
        return False
    newest = Attempt.filter(account_id=account.id).order_by("-id").limit(NEWEST_ATTEMPTS)
    accepted: Collection[int | None] = await newest.values_list("accepted_at_ms", flat=True)  # type: ignore[assignment]
    return any(at_ms is not None and moment_ms - at_ms < interval_seconds * 1000 for at_ms in accepted)
