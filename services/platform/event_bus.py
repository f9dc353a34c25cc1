"""Event buses that publish which topics have changed, within one process or over Redis.

A listener keeps the set of topics that changed since its last call of `next`, so a slow reader skips to the newest
state and nothing queues up. A lost event only delays: followers re-read after RE_READ_SECONDS anyway.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger(__name__)

RE_READ_SECONDS = 10.0
CHANNEL = "ekonte:events"
RECONNECT_SECONDS = 1.0


class Listener:
    """The topics that have changed since the last call of `next`. Belongs to one event loop."""

    def __init__(self) -> None:
        self._changed: set[str] = set()
        self._wake = asyncio.Event()

    def notify(self, topic: str) -> None:
        self._changed.add(topic)
        self._wake.set()

    async def next(self, timeout_seconds: float = RE_READ_SECONDS) -> set[str]:
        """Waits for changes and returns their topics; after the timeout, when a re-read is due, returns an
        empty set.
        """
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_seconds):
                await self._wake.wait()
        self._wake.clear()
        changed, self._changed = self._changed, set()
        return changed


class EventBus(Protocol):
    def publish(self, topic: str) -> None:
        """Neither blocks nor raises. Call it on the process's event loop."""

    def listen(self, topics: Iterable[str]) -> contextlib.AbstractContextManager[Listener]: ...


class MemoryBus:
    """Events within this process."""

    def __init__(self) -> None:
        self._listeners: dict[str, set[Listener]] = defaultdict(set)

    @property
    def listener_count(self) -> int:
        return sum(len(listeners) for listeners in self._listeners.values())

    def publish(self, topic: str) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            listener.notify(topic)

    @contextlib.contextmanager
    def listen(self, topics: Iterable[str]):  # type: ignore[no-untyped-def]
        listener, topics = Listener(), tuple(topics)
        for topic in topics:
            self._listeners[topic].add(listener)
        try:
            yield listener
        finally:
            for topic in topics:
                self._listeners[topic].discard(listener)
                if not self._listeners[topic]:
                    del self._listeners[topic]

    def notify_all(self) -> None:
        """Notifies all listeners, after a gap in which events may have been lost."""
        for topic in tuple(self._listeners):
            self.publish(topic)


class RedisBus(MemoryBus):
    """Events of all processes, over one subscribed connection and one publishing connection, in order."""

    def __init__(self, redis: Redis) -> None:
        super().__init__()
        self._redis = redis
        self._outbox: asyncio.Queue[str] = asyncio.Queue(maxsize=10_000)

    def publish(self, topic: str) -> None:
        try:
            self._outbox.put_nowait(topic)
        except asyncio.QueueFull:
            log.warning("events.dropped", topic=topic)

    async def run(self) -> None:
        """Sends and receives until cancelled; reconnects after an error."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(self._receive())

    async def _send(self) -> None:
        while True:
            topics = {await self._outbox.get()}
            while not self._outbox.empty():
                topics.add(self._outbox.get_nowait())
            try:
                async with self._redis.pipeline(transaction=False) as pipe:
                    for topic in topics:
                        pipe.publish(CHANNEL, topic)
                    await pipe.execute()
            except (RedisError, OSError) as error:
                log.warning("events.send_failed", error=type(error).__name__)
                for topic in topics:  # deliver at least within this process
                    super().publish(topic)
                await asyncio.sleep(RECONNECT_SECONDS)

    async def _receive(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as pubsub:
                    await pubsub.subscribe(CHANNEL)
                    self.notify_all()
                    async for message in pubsub.listen():
                        if message["type"] == "message":
                            super().publish(message["data"].decode())
            except (RedisError, OSError) as error:
                log.warning("events.receive_failed", error=type(error).__name__)
            await asyncio.sleep(RECONNECT_SECONDS)
