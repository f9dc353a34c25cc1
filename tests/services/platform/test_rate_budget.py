"""Budgets that refill: the rule, this process's, and those of all processes over a real Redis."""

import asyncio
import os
import uuid
from collections.abc import AsyncIterator

import pytest
import structlog
from pydantic import SecretStr
from redis.asyncio import Redis
from redis.exceptions import RedisError

from errors import ErrorCode, RateLimitedError
from services.platform.rate_budget import (
    MAX_LOCAL_BUDGETS,
    REDIS_PAUSE_SECONDS,
    Level,
    LocalBudgets,
    SharedBudgets,
    budgets,
    charge,
    close_budgets,
    take,
)
from settings import Settings, use_settings

REDIS_URL = os.environ.get("EKONTE_TEST_REDIS_URL", "redis://127.0.0.1:6379/7")
# Nothing listens there.
DEAD_REDIS_URL = "redis://127.0.0.1:1/0"


class Clock:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
async def redis() -> AsyncIterator[Redis]:
    async with Redis.from_url(REDIS_URL, socket_connect_timeout=3) as client:
        try:
            await client.ping()
        except (RedisError, OSError) as error:
            reason = f"no Redis server for tests ({type(error).__name__}); set EKONTE_TEST_REDIS_URL"
            if os.environ.get("CI"):
                pytest.fail(reason)
            pytest.skip(reason)
        yield client


def test_a_budget_begins_full_and_refills_evenly_up_to_its_size() -> None:
    level, grant = take(None, 60, per_minute=60, now_seconds=0)
    assert (grant.is_granted, grant.left) == (True, 0)
    level, grant = take(level, 10, per_minute=60, now_seconds=4)
    assert (grant.left, grant.retry_after_seconds) == (4, 6)
    level, grant = take(level, 10, per_minute=60, now_seconds=10)
    assert (grant.is_granted, grant.left) == (True, 0)
    _, grant = take(level, 0, per_minute=60, now_seconds=10_000)
    assert grant.left == 60


def test_a_refusal_takes_nothing() -> None:
    level, _ = take(None, 50, per_minute=60, now_seconds=0)
    refused, grant = take(level, 11, per_minute=60, now_seconds=0)
    assert not grant.is_granted
    assert refused == level
    assert take(refused, 10, per_minute=60, now_seconds=0)[1].is_granted


def test_an_amount_above_the_whole_budget_is_granted_when_it_is_full_and_empties_it() -> None:
    level, grant = take(None, 1000, per_minute=60, now_seconds=0)
    assert (grant.is_granted, grant.left) == (True, 0)
    assert take(level, 1000, per_minute=60, now_seconds=59)[1].retry_after_seconds == pytest.approx(1)
    assert take(level, 1000, per_minute=60, now_seconds=60)[1].is_granted


def test_a_clock_that_goes_backwards_refills_nothing() -> None:
    level, grant = take(Level(5, at_seconds=100), 0, per_minute=60, now_seconds=40)
    assert (grant.left, level.at_seconds) == (5, 100)


async def test_owners_and_purposes_have_budgets_of_their_own() -> None:
    assert await charge("queries", "ann", 60, per_minute=60, what="points") == 0
    assert await charge("queries", "bob", 1, per_minute=60, what="points") == 59
    assert await charge("checks", "ann", 1, per_minute=60, what="checks") == 59
    with pytest.raises(RateLimitedError) as refused:
        await charge("queries", "ann", 30, per_minute=60, what="points of queries")
    assert refused.value.code is ErrorCode.RATE_LIMITED
    assert refused.value.retry_after_seconds == 30
    assert refused.value.message.startswith("The budget of 60 points of queries a minute is used up")


async def test_a_budget_of_zero_is_no_budget() -> None:
    assert await charge("queries", "ann", 10**9, per_minute=0, what="points") is None


async def test_a_process_keeps_a_bounded_number_of_budgets() -> None:
    local = LocalBudgets(Clock())
    await local.take("first", 60, 60)
    for number in range(MAX_LOCAL_BUDGETS):
        await local.take(str(number), 1, 60)
    assert (await local.take("first", 60, 60)).is_granted
    assert (await local.take(str(MAX_LOCAL_BUDGETS - 1), 0, 60)).left == 59


@pytest.mark.redis
async def test_processes_share_a_budget_and_together_take_no_more_than_it_has(redis: Redis) -> None:
    name = uuid.uuid4().hex
    async with Redis.from_url(REDIS_URL) as other:
        processes = [SharedBudgets(client, LocalBudgets()) for client in (redis, other)]
        # A budget that refills by less than one while the test runs.
        grants = await asyncio.gather(*(processes[n % 2].take(name, 10, per_minute=100) for n in range(40)))
    # 100 at once, and what a slow machine lets refill meanwhile.
    granted = sum(grant.is_granted for grant in grants)
    assert 10 <= granted < 40
    refused = next(grant for grant in grants if not grant.is_granted)
    assert refused.retry_after_seconds is not None
    assert 0 < refused.retry_after_seconds <= 6


@pytest.mark.redis
async def test_redis_forgets_a_budget_that_is_full_again(redis: Redis) -> None:
    name = uuid.uuid4().hex
    await SharedBudgets(redis, LocalBudgets()).take(name, 10, per_minute=100)
    assert 60 < await redis.ttl(f"ekonte:budget:{name}") <= 120


async def test_without_redis_each_process_counts_for_itself_and_redis_is_tried_again_later() -> None:
    clock = Clock()
    async with Redis.from_url(DEAD_REDIS_URL, socket_connect_timeout=1) as dead:
        shared = SharedBudgets(dead, LocalBudgets(clock), clock)
        with structlog.testing.capture_logs() as logged:
            first = await shared.take("ann", 60, per_minute=60)
            second = await shared.take("ann", 30, per_minute=60)
            assert [entry["event"] for entry in logged] == ["rate_budget.redis_failed"]
            clock.seconds += REDIS_PAUSE_SECONDS
            third = await shared.take("ann", 1, per_minute=60)
            assert len(logged) == 2
    assert (first.is_granted, second.is_granted, third.left) == (True, False, 4)


async def test_the_settings_decide_whether_budgets_are_shared() -> None:
    assert isinstance(budgets(), LocalBudgets)


async def test_a_deployment_with_redis_shares_its_budgets_and_closes_them() -> None:
    use_settings(Settings(_env_file=None, redis_url=SecretStr(DEAD_REDIS_URL)))
    assert isinstance(budgets(), SharedBudgets)
    assert await charge("queries", "ann", 10, per_minute=60, what="points") == 50
    await close_budgets()
