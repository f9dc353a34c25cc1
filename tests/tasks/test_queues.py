"""The actors: one per queue, never retried by the broker, and woken by few messages however often they are nudged."""

import asyncio

import pytest
from dramatiq.brokers.stub import StubBroker

from models.enums import Queue
from settings import Settings
from tasks.broker import make_broker
from tasks.queues import Nudger, look


def test_every_queue_has_its_actor_and_the_broker_retries_none() -> None:
    assert set(look) == set(Queue)
    for queue, actor in look.items():
        assert (actor.actor_name, actor.queue_name) == (f"{queue.value}.look", queue.value)
        assert actor.options["max_retries"] == 0
        assert actor.options["time_limit"] == 60_000


def test_without_redis_messages_stay_in_the_process() -> None:
    assert isinstance(make_broker(Settings(_env_file=None), []), StubBroker)


async def test_a_thousand_nudges_at_once_are_one_round_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    for queue, actor in look.items():
        monkeypatch.setattr(type(actor), "send", lambda self: sent.append(self.queue_name), raising=True)
        assert queue.value == actor.queue_name
    nudge = Nudger(asyncio.get_running_loop(), lambda error: pytest.fail(str(error)))
    for _ in range(1000):
        nudge()
    async with asyncio.timeout(5):
        while len(sent) < len(Queue):
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    assert sorted(sent) == sorted(queue.value for queue in Queue)


async def test_a_broker_that_is_away_is_told_and_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: object) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(type(look[Queue.TEXT]), "send", fail)
    told: list[Exception] = []
    Nudger(asyncio.get_running_loop(), told.append)()
    async with asyncio.timeout(5):
        while not told:
            await asyncio.sleep(0.01)
    assert isinstance(told[0], ConnectionError)
