"""Messages: few of them however often actors are notified, and what the tick sends by itself."""

import asyncio

import pytest
from dramatiq.brokers.stub import StubBroker

from models.enums import Queue
from services.worker.kinds import QUEUES_OF_WORK, Work
from settings import Settings
from tasks import notifier as notifier_module
from tasks.broker import make_broker
from tasks.notifier import Notifier, Target, Tick
from tests.factories import make_job


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Target]:
    messages: list[Target] = []
    monkeypatch.setattr(notifier_module, "send", lambda work, queue: messages.append((work, queue)))
    return messages


def a_notifier() -> Notifier:
    return Notifier(asyncio.get_running_loop(), lambda error: pytest.fail(str(error)))


async def until(sent: list[Target], count: int) -> None:
    async with asyncio.timeout(60):
        while len(sent) < count:
            await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)


def test_without_redis_messages_stay_in_the_process() -> None:
    assert isinstance(make_broker(Settings(_env_file=None), []), StubBroker)


async def test_a_thousand_notifications_at_once_are_one_round_of_messages(sent: list[Target]) -> None:
    notify = a_notifier()
    for _ in range(1000):
        notify()
    of_rows = {work for work in Work if not work.startswith("maintenance.") and work is not Work.CHECK_ACCOUNTS}
    expected = {(work, queue) for work in of_rows for queue in QUEUES_OF_WORK[work]}
    await until(sent, len(expected))
    assert sorted(sent) == sorted(expected)


async def test_a_queue_notifies_the_actors_whose_work_may_be_due_there(sent: list[Target]) -> None:
    a_notifier()(Queue.IMAGES)
    await until(sent, 2)
    assert set(sent) == {(Work.BUILD, Queue.IMAGES), (Work.GENERATE, Queue.IMAGES)}


async def test_a_broker_that_is_away_is_told_and_harms_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ConnectionError("away")

    monkeypatch.setattr(notifier_module, "send", fail)
    told: list[Exception] = []
    Notifier(asyncio.get_running_loop(), told.append)()
    async with asyncio.timeout(60):
        while not told:
            await asyncio.sleep(0.01)
    assert isinstance(told[0], ConnectionError)


async def test_the_tick_sends_what_is_due_once_until_an_actor_has_begun(database: None, sent: list[Target]) -> None:
    job = await make_job(due_at_ms=1)
    target = (Work.PLAN, job.queue)
    tick = Tick(a_notifier(), [Queue.PLANNING])
    for _ in range(3):
        tick._send(await notifier_module.due_work())
    await until(sent, 1)
    assert sent == [target]
    tick.started(*target)
    tick._send(await notifier_module.due_work())
    await until(sent, 2)
    assert sent == [target, target]


async def test_the_tick_sends_nothing_for_queues_that_other_workers_serve(database: None, sent: list[Target]) -> None:
    await make_job(due_at_ms=1)
    tick = Tick(a_notifier(), [Queue.CALLBACKS])
    tick._send(await notifier_module.due_work())
    tick._send(tick._due_upkeep(1000.0))
    await asyncio.sleep(0.1)
    assert sent == []


def test_upkeep_is_sent_by_the_clock_of_each_kind() -> None:
    loop = asyncio.new_event_loop()
    try:
        tick = Tick(Notifier(loop, lambda error: None), tuple(Queue))
        assert {work for work, _ in tick._due_upkeep(0.0)} == set(notifier_module.UPKEEP_SECONDS)
        assert tick._due_upkeep(2.0) == set()
        assert tick._due_upkeep(10.0) == {
            (Work.CHECK_ACCOUNTS, Queue.ACCOUNTS),
            (Work.SWEEP, Queue.MAINTENANCE),
            (Work.ROLL_UP_STATISTICS, Queue.MAINTENANCE),
        }
    finally:
        loop.close()
