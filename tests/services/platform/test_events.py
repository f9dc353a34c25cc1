"""The event bus, in memory and over a real Redis."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator
from typing import cast

import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError

from services.platform.events import EventBus, MemoryBus, RedisBus, open_bus

REDIS_URL = os.environ.get("EKONTE_TEST_REDIS_URL", "redis://127.0.0.1:6379/7")


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


@contextlib.asynccontextmanager
async def two_buses() -> AsyncIterator[tuple[EventBus, RedisBus]]:
    """Two processes' buses over one Redis, both subscribed."""
    async with open_bus(REDIS_URL) as one:
        other_redis = Redis.from_url(REDIS_URL)
        other = RedisBus(other_redis)
        task = asyncio.create_task(other.run())
        try:
            for bus in (one, other):
                with bus.listen(["ready"]) as listener:
                    async with asyncio.timeout(60):
                        while not await listener.next(0.2):
                            bus.publish("ready")
            yield one, other
        finally:
            task.cancel()
            await asyncio.wait([task])
            await other_redis.aclose()


async def test_a_listener_gets_its_topics_and_no_others() -> None:
    bus = MemoryBus()
    with bus.listen(["job:1", "job:2"]) as listener:
        bus.publish("job:2")
        bus.publish("job:3")
        assert await listener.next(1) == {"job:2"}
        assert await listener.next(0.01) == set()


async def test_a_slow_reader_finds_one_entry_however_much_has_happened() -> None:
    bus = MemoryBus()
    with bus.listen(["job:1"]) as listener:
        for _ in range(10_000):
            bus.publish("job:1")
        assert await listener.next(1) == {"job:1"}
        assert await listener.next(0.01) == set()


async def test_an_event_published_between_two_reads_is_not_lost() -> None:
    bus = MemoryBus()
    with bus.listen(["job:1"]) as listener:
        waiting = asyncio.create_task(listener.next(5))
        await asyncio.sleep(0)
        bus.publish("job:1")
        assert await waiting == {"job:1"}
        bus.publish("job:1")
        assert await listener.next(1) == {"job:1"}


async def test_a_listener_that_left_is_forgotten() -> None:
    bus = MemoryBus()
    with bus.listen(["job:1"]), bus.listen(["job:1"]):
        assert bus.listener_count == 2
    assert bus.listener_count == 0


@pytest.mark.redis
async def test_events_reach_the_followers_in_another_process(redis: Redis) -> None:
    async with two_buses() as (one, other):
        with one.listen(["workflow:1"]) as here, other.listen(["workflow:1"]) as there:
            other.publish("workflow:1")
            assert await here.next(5) == {"workflow:1"}
            assert await there.next(5) == {"workflow:1"}


@pytest.mark.redis
async def test_a_dropped_connection_comes_back_and_everybody_reads_again(redis: Redis) -> None:
    async with two_buses() as (one, other):
        with one.listen(["workflow:1"]) as listener:
            for client in cast(list[dict[str, str]], await redis.client_list(_type="pubsub")):
                await redis.client_kill(client["addr"])
            # Both buses subscribe anew, and tell all listeners to look.
            assert await listener.next(10) == {"workflow:1"}
            async with asyncio.timeout(60):
                while True:
                    other.publish("workflow:1")
                    if await listener.next(0.5):
                        break
