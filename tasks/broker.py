"""The broker (Redis where EKONTE_REDIS_URL is set, else in this process) and its middleware in order."""

import dramatiq
from dramatiq.broker import Broker
from dramatiq.brokers.redis import RedisBroker
from dramatiq.brokers.stub import StubBroker
from dramatiq.middleware import AsyncIO, CurrentMessage, Middleware, Retries, ShutdownNotifications, TimeLimit

from settings import Settings, get_settings
from tasks.lifecycle import WorkerLife
from tasks.metrics import ActorMetrics


def make_broker(settings: Settings, life: list[Middleware]) -> Broker:
    """Makes a broker with our own middleware. Every actor has max_retries=0: retries are scheduled in the database."""
    middleware: list[Middleware] = [
        TimeLimit(),
        ShutdownNotifications(),
        CurrentMessage(),
        Retries(max_retries=0),
        ActorMetrics(),
        *life,
    ]
    if settings.redis_url is not None:
        return RedisBroker(  # type: ignore[no-untyped-call]
            url=settings.redis_url.get_secret_value(),
            middleware=middleware,
            namespace="ekonte",
            dead_message_ttl=3_600_000,
        )
    return StubBroker(middleware=middleware)


# AsyncIO comes before WorkerLife, which opens the process on AsyncIO's event loop.
broker = make_broker(get_settings(), [AsyncIO(), WorkerLife()])
dramatiq.set_broker(broker)
