"""Keeping accounts warm: their sessions and balances are looked at in the background, so that no batch is the first to
find out that a session has ended.

A look is one light request: whoever tells an account's credits has accepted its session. Which account is due stands in
its row, so that of several processes one looks. What upstream says has the same effects as anywhere else
(services/accounts/answers.py); where it wants fewer requests or suspects them, it is left alone for longer each time.
"""

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

import structlog

from errors import ConfigurationError
from models.accounts import Account, AccountCooldown
from models.database import execute, now_ms, now_ms_sql
from models.generation import Attempt
from providers.pooled import PooledProvider, UpstreamFaultError
from services.accounts.answers import store_balance, store_fault
from services.accounts.sessions import credential_of
from services.platform.owned import places
from services.platform.providers import pooled_provider, registry
from services.platform.sql import skip_locked_sql
from settings import Settings

log = structlog.get_logger(__name__)

MAX_CHECKS = 4
"Of one process: a pool of any size adds no more than that to upstream's load at any moment."
LEASE_MS = 300_000
"A look that was cut off is due again after so long. It is longer than any call, with its repetitions, takes."
JITTER = 0.2
MOST_BACKOFF = 32
BALANCE_INTERVALS = 6
"An account at work needs no look for its session, but after so many intervals one for its balance."
NEWEST_ATTEMPTS = 20

_CLOCK = "%H:%M"


@dataclass(frozen=True)
class WarmClaim:
    """The right to look at an account, until `due_at_ms`, which stands in its row meanwhile."""

    account_id: int
    due_at_ms: int


def parse_pause(text: str | None) -> tuple[time, time] | None:
    """Begin and end of the daily pause, e.g. "01:00-07:00". Raises ConfigurationError."""
    if text is None:
        return None
    try:
        begin, end = (datetime.strptime(part.strip(), _CLOCK).time() for part in text.split("-"))  # noqa: DTZ007
    except ValueError:
        begin = end = time(0)
    if begin == end:
        raise ConfigurationError("EKONTE_WARM_PAUSE: must be two different times of the day such as 01:00-07:00.")
    return begin, end


def is_pause(now: datetime, pause: tuple[time, time] | None, zone: str) -> bool:
    """Whether a moment (with its zone) lies in the pause, by the clocks of the zone. It may pass midnight."""
    if pause is None:
        return False
    begin, end = pause
    clock = now.astimezone(ZoneInfo(zone)).time()
    return begin <= clock < end if begin < end else clock >= begin or clock < end


def next_look_seconds(interval_seconds: float, *, random: float, cooldown_seconds: float = 0.0, step: int = 0) -> float:
    """Until the next look: the interval, give or take a fifth; after a refusal the cooldown first, and twice the
    interval for each refusal in a row (`step`), at most MOST_BACKOFF times. random: from 0 to 1.
    """
    factor = min(MOST_BACKOFF, 2.0**step)
    return cooldown_seconds + interval_seconds * factor * (1 - JITTER + 2 * JITTER * random)


async def claim_looks(now: datetime, settings: Settings, most: int) -> list[WarmClaim]:
    """Accounts whose look is due, taken for this process; none in the pause. New ones and those with a new session are
    due at once. Not those that are out of the pool, and not those that cool, for a kind or for everything.
    """
    if most < 1 or not settings.warm_seconds or is_pause(now, parse_pause(settings.warm_pause), settings.timezone):
        return []
    providers = sorted(name for name, provider in registry().items() if isinstance(provider, PooledProvider))
    if not providers:
        return []
    is_due = f"(warm_due_at_ms IS NULL OR warm_due_at_ms <= {now_ms_sql()})"
    rows = await execute(
        f"UPDATE account SET warm_due_at_ms = {now_ms_sql()} + {LEASE_MS} WHERE {is_due} AND id IN"
        f" (SELECT id FROM account WHERE status = 'ACTIVE' AND deleted_at IS NULL AND {is_due}"
        f" AND provider IN ({places(providers)}) AND NOT EXISTS (SELECT 1 FROM account_cooldown"
        " WHERE account_cooldown.account_id = account.id AND account_cooldown.model = ''"
        f" AND account_cooldown.until_ms > {now_ms_sql()})"
        f" ORDER BY COALESCE(warm_due_at_ms, 0), id LIMIT {int(most)}{skip_locked_sql()})"
        " RETURNING id, warm_due_at_ms",
        *providers,
    )
    return [WarmClaim(row["id"], row["warm_due_at_ms"]) for row in rows]


async def look(claim: WarmClaim, settings: Settings) -> None:
    """Asks upstream about the account, unless its work says enough, stores what it says, and says when next."""
    account = await Account.get(id=claim.account_id)
    interval = settings.warm_seconds
    seconds = next_look_seconds(interval, random=random.random())
    try:
        if not await _says_enough(account, interval):
            seconds = await _ask(account, interval)
    except Exception:
        log.exception("account.not_looked_at", account_id=account.id)
    await execute(
        f"UPDATE account SET warm_due_at_ms = {now_ms_sql()} + ? WHERE id = ? AND warm_due_at_ms = ? RETURNING id",
        int(seconds * 1000),
        account.id,
        claim.due_at_ms,
    )


async def give_back_look(claim: WarmClaim) -> None:
    """The process stops: whoever claims next may look. Twice: nothing more."""
    await execute(
        f"UPDATE account SET warm_due_at_ms = {now_ms_sql()} WHERE id = ? AND warm_due_at_ms = ? RETURNING id",
        claim.account_id,
        claim.due_at_ms,
    )


async def _ask(account: Account, interval_seconds: float) -> float:
    """The seconds until the next look. A fault of the way there says nothing about the account."""
    try:
        balance = await pooled_provider(account.provider).credit_balance(credential_of(account), fresh=True)
    except UpstreamFaultError as fault:
        log.info("account.look_refused", account_id=account.id, kind=fault.kind.value, code=fault.upstream_code)
        cooldown = await store_fault(account, fault)
        step = await _step(account.id) if cooldown else 0
        return next_look_seconds(interval_seconds, random=random.random(), cooldown_seconds=cooldown, step=step)
    await store_balance(account, balance)
    return next_look_seconds(interval_seconds, random=random.random())


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
