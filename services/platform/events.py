"""The topics of rows that can be followed, and this process's event bus.

An event is only a topic ("job:7267…", "workflow:7267…"): followers read the row's current state themselves.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from redis.asyncio import Redis

from services.platform.event_bus import EventBus, MemoryBus, RedisBus
from services.platform.runtime import runtime


def job_topic(job_id: int) -> str:
    return f"job:{job_id}"


def workflow_topic(workflow_id: int) -> str:
    return f"workflow:{workflow_id}"


def batch_topic(batch_id: int) -> str:
    """The topic of the batch itself and of its jobs' starts and ends."""
    return f"batch:{batch_id}"


def alerts_topic(owner: str) -> str:
    """All alerts of an owner have one topic; those of the deployment have the owner ""."""
    return f"alerts:{owner}"


def accounts_topic(owner: str) -> str:
    """All accounts of an owner have one topic, so that followers also see new accounts."""
    return f"accounts:{owner}"


def bus() -> EventBus:
    """This process's bus."""
    return runtime().bus


@contextlib.asynccontextmanager
async def open_bus(redis_url: str | None) -> AsyncIterator[EventBus]:
    """Sends this process's events over Redis while the context is open; without a URL they stay in the process."""
    opened_in = runtime()
    if redis_url is None:
        yield opened_in.bus
        return
    redis = Redis.from_url(redis_url, health_check_interval=30)
    redis_bus = RedisBus(redis)
    task = asyncio.create_task(redis_bus.run())
    opened_in.bus = redis_bus
    try:
        yield redis_bus
    finally:
        task.cancel()
        await asyncio.wait([task])
        await redis.aclose()
        opened_in.bus = MemoryBus()
