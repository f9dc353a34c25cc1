"""Budgets that refill with time: how much of something an owner may use in a minute.

The rule is that of a token bucket: a budget of N a minute begins full, at N, and refills by N / 60 a second. Where
there is Redis, all processes share an owner's budget: one script reads, refills and takes. Without Redis, and while it
cannot be reached, each process keeps budgets of its own.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from errors import RateLimitedError
from services.platform.runtime import runtime
from settings import get_settings

log = structlog.get_logger(__name__)

SECONDS_PER_MINUTE = 60.0
# A budget that was not used for a minute is full again, so forgetting it changes nothing.
KEPT_SECONDS = 120
MAX_LOCAL_BUDGETS = 10_000
REDIS_TIMEOUT_SECONDS = 0.5
REDIS_PAUSE_SECONDS = 5.0
REDIS_PREFIX = "ekonte:budget:"


@dataclass(frozen=True)
class Grant:
    """What came of taking from a budget. left: what is in it now. retry_after_seconds: None where it was granted, else
    the time after which the same amount will be there, if nobody else takes meanwhile.
    """

    left: float
    retry_after_seconds: float | None = None

    @property
    def is_granted(self) -> bool:
        return self.retry_after_seconds is None


@dataclass(frozen=True)
class Level:
    """The content of a budget at a time, in seconds of any clock."""

    amount: float
    at_seconds: float


def take(level: Level | None, amount: float, *, per_minute: float, now_seconds: float) -> tuple[Level, Grant]:
    """Takes an amount from a budget of `per_minute`; None: it was never used, and is full. A refusal takes nothing.

    An amount above `per_minute` could never be granted; it needs a full budget and empties it. A clock that goes
    backwards refills nothing.
    """
    rate = per_minute / SECONDS_PER_MINUTE
    if level is None:
        content, now = per_minute, now_seconds
    else:
        now = max(now_seconds, level.at_seconds)
        content = min(per_minute, level.amount + (now - level.at_seconds) * rate)
    needed = min(amount, per_minute)
    if content < needed:
        return Level(content, now), Grant(left=content, retry_after_seconds=(needed - content) / rate)
    return Level(content - needed, now), Grant(left=content - needed)


class Budgets(Protocol):
    async def take(self, name: str, amount: float, per_minute: float) -> Grant:
        """Takes from the budget of that name as `take` does."""


class LocalBudgets:
    """The budgets of this process; the MAX_LOCAL_BUDGETS that were used last are kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._levels: OrderedDict[str, Level] = OrderedDict()

    async def take(self, name: str, amount: float, per_minute: float) -> Grant:
        level, grant = take(self._levels.get(name), amount, per_minute=per_minute, now_seconds=self._clock())
        self._levels[name] = level
        self._levels.move_to_end(name)
        while len(self._levels) > MAX_LOCAL_BUDGETS:
            self._levels.popitem(last=False)
        return grant


# `take` above, with Redis's clock. Numbers are returned as text, since Redis would cut them to integers.
_TAKE_SCRIPT = """
local amount, per_minute = tonumber(ARGV[1]), tonumber(ARGV[2])
local rate = per_minute / 60
local time = redis.call('TIME')
local now = tonumber(time[1]) + tonumber(time[2]) / 1000000
local kept = redis.call('HMGET', KEYS[1], 'amount', 'at')
local content = per_minute
if kept[1] then
  now = math.max(now, tonumber(kept[2]))
  content = math.min(per_minute, tonumber(kept[1]) + (now - tonumber(kept[2])) * rate)
end
local needed = math.min(amount, per_minute)
local retry_after = ''
if content < needed then
  retry_after = string.format('%.6f', (needed - content) / rate)
else
  content = content - needed
end
redis.call('HSET', KEYS[1], 'amount', string.format('%.6f', content), 'at', string.format('%.6f', now))
redis.call('EXPIRE', KEYS[1], ARGV[3])
return {string.format('%.6f', content), retry_after}
"""


class SharedBudgets:
    """The budgets of all processes, in Redis. While it does not answer, `local` is used, and Redis is tried again after
    REDIS_PAUSE_SECONDS, so that a caller waits for it once and not with each request.
    """

    def __init__(self, redis: Redis, local: Budgets, clock: Callable[[], float] = time.monotonic) -> None:
        self._script = redis.register_script(_TAKE_SCRIPT)
        self._local = local
        self._clock = clock
        self._paused_until = -math.inf

    async def take(self, name: str, amount: float, per_minute: float) -> Grant:
        if self._clock() >= self._paused_until:
            try:
                called = self._script(keys=[REDIS_PREFIX + name], args=[amount, per_minute, KEPT_SECONDS])
                left, retry_after = await cast(Awaitable[list[bytes]], called)
                return Grant(float(left), float(retry_after) if retry_after else None)
            except (RedisError, OSError, TimeoutError) as error:
                log.warning("rate_budget.redis_failed", error=type(error).__name__, uses="budgets of this process")
                self._paused_until = self._clock() + REDIS_PAUSE_SECONDS
        return await self._local.take(name, amount, per_minute)


class _Opened:
    """This process's budgets."""

    def __init__(self) -> None:
        url = get_settings().redis_url
        self.budgets: Budgets = LocalBudgets()
        if url is not None:
            redis = Redis.from_url(
                url.get_secret_value(),
                socket_timeout=REDIS_TIMEOUT_SECONDS,
                socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
            )
            self.redis: Redis | None = redis
            self.budgets = SharedBudgets(redis, self.budgets)
        else:
            self.redis = None


def budgets() -> Budgets:
    """This process's budgets: in Redis where EKONTE_REDIS_URL is set."""
    return runtime().state(_Opened).budgets


async def close_budgets() -> None:
    """Closes the connections to Redis, if there are any. The next use opens them again."""
    redis = runtime().state(_Opened).redis
    if redis is not None:
        await redis.aclose()


async def charge(purpose: str, owner: str, amount: float, *, per_minute: float, what: str) -> float | None:
    """Takes an amount from an owner's budget for a purpose and returns what is left.

    per_minute: the budget; 0: there is none, and None is returned. what: its name in the refusal, with the unit, e.g.
    "points of queries". Raises RateLimitedError, with the time after which the same request will be granted, and takes
    nothing then.
    """
    if not per_minute:
        return None
    grant = await budgets().take(f"{purpose}:{owner}", amount, per_minute)
    if grant.retry_after_seconds is not None:
        seconds = max(1, math.ceil(grant.retry_after_seconds))
        raise RateLimitedError(
            f"The budget of {per_minute:,.0f} {what} a minute is used up: {amount:,.0f} are needed and "
            f"{grant.left:,.0f} are left. Try again in {seconds} s.",
            retry_after_seconds=seconds,
        )
    return grant.left
