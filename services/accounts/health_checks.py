"""Background health checks of accounts, which detect an ended session before a batch runs into it.

A check is one light request: if upstream returns the balance, it has accepted the session. The due time and the lease
are in the account's row, so one of several processes checks it. The response is stored as for any other request
(services/accounts/answers.py); after rate limits and risk control, the next check is delayed longer each time.
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
"Concurrent checks per process: this bounds the load on upstream for a pool of any size."
LEASE_SECONDS = 300.0
"An interrupted check is due again after this time. It is longer than any request with its retries."
JITTER = 0.2
MAX_BACKOFF = 32
BALANCE_INTERVALS = 6
"The session of an account in use needs no check, but its balance is requested after this many intervals."
NEWEST_ATTEMPTS = 20

_CLOCK = "%H:%M"


def parse_pause(text: str | None) -> tuple[time, time] | None:
    """Parses the start and end of the daily pause, e.g. "01:00-07:00". Raises ConfigurationError."""
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
    """Whether a zone-aware moment is within the pause, which is in local time of `zone` and may span midnight."""
    if pause is None:
        return False
    begin, end = pause
    clock = now.astimezone(ZoneInfo(zone)).time()
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def next_check_seconds(
    interval_seconds: float, *, random: float, cooldown_seconds: float = 0.0, step: int = 0
) -> float:
    """Seconds until the next check: the interval ± 20 %. After a refusal, the cooldown is added and the interval
    doubles for each refusal in a row (`step`), up to MAX_BACKOFF times the interval. random: from 0 to 1.
    """
    backoff = Backoff(base=interval_seconds, cap=MAX_BACKOFF * interval_seconds)
    return cooldown_seconds + jitter_around(backoff.wait(step + 1), JITTER, random)


async def claim_checks(now: datetime, settings: Settings, limit: int) -> list[Lease]:
    """Leases at most `limit` accounts whose check is due; none during the pause. New accounts and those with a new
    session are due at once. Skips accounts that are not ACTIVE or have any cooldown.
    """
    if (
        limit < 1
        or not settings.account_check_seconds
        or is_pause(now, parse_pause(settings.account_check_pause), settings.timezone)
    ):
        return []
    providers = sorted(name for name, provider in registry().items() if isinstance(provider, PooledProvider))
    if not providers:
        return []
    return await account_leases.claim_checks(providers, limit, LEASE_SECONDS)


async def check_health(lease: Lease, settings: Settings) -> None:
    """Requests the balance from upstream, unless recent tasks make it unnecessary, stores the response and schedules
    the next check.
    """
    account = await Account.get(id=lease.id)
    interval = settings.account_check_seconds
    seconds = next_check_seconds(interval, random=random.random())
    try:
        if not await _is_recently_confirmed(account, interval):
            seconds = await _check(account, interval)
    except Exception:
        log.exception("account.check_failed", account_id=account.id)
    await account_leases.release_check(lease, in_ms=int(seconds * 1000))


async def release_check(lease: Lease) -> None:
    """Releases the lease when the process stops, so that another process can check the account. Idempotent."""
    await account_leases.release_check(lease)


async def _check(account: Account, interval_seconds: float) -> float:
    """Requests and stores the balance; returns the seconds until the next check. Network faults change nothing."""
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


async def _is_recently_confirmed(account: Account, interval_seconds: float) -> bool:
    """Whether upstream accepted a task of the account within the interval, and the balance was requested with the
    current session within BALANCE_INTERVALS intervals.
    """
    if account.checked_at is None or account.credit_balance is None:
        return False
    moment_ms = await now_ms()
    if moment_ms - account.checked_at.timestamp() * 1000 > BALANCE_INTERVALS * interval_seconds * 1000:
        return False
    newest = Attempt.filter(account_id=account.id).order_by("-id").limit(NEWEST_ATTEMPTS)
    accepted: Collection[int | None] = await newest.values_list("accepted_at_ms", flat=True)  # type: ignore[assignment]
    return any(at_ms is not None and moment_ms - at_ms < interval_seconds * 1000 for at_ms in accepted)
