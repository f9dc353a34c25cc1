"""The actors: one for each kind of work, none retried, and limits that are longer than any run may last."""

import pytest

from models.enums import Queue
from services.worker.kinds import QUEUES_OF_WORK, Work
from services.worker.work_loop import RUN_SECONDS
from settings import get_settings
from tasks.actors import ACTORS, send
from tasks.broker import broker
from tasks.lifecycle import threads_for


def test_every_kind_of_work_has_its_actor_and_the_broker_retries_none() -> None:
    assert set(ACTORS) == set(Work)
    for work, actor in ACTORS.items():
        assert (actor.actor_name, actor.queue_name) == (work.value, QUEUES_OF_WORK[work][0].value)
        assert actor.options["max_retries"] == 0


@pytest.mark.parametrize("work", list(Work))
def test_a_time_limit_is_longer_than_a_run_and_two_steps(work: Work) -> None:
    renders = work in (Work.BUILD, Work.GENERATE)
    step_seconds = get_settings().render_timeout_seconds if renders else 60.0
    assert ACTORS[work].options["time_limit"] > (RUN_SECONDS + 2 * step_seconds) * 1000


def test_every_queue_is_declared_so_that_a_worker_of_it_alone_consumes_it() -> None:
    assert {queue.value for queue in Queue} <= broker.get_declared_queues()


def test_a_message_goes_on_the_queue_that_it_is_sent_for_and_carries_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    enqueued = []
    monkeypatch.setattr(broker, "enqueue", enqueued.append)
    send(Work.BUILD, Queue.RENDERING)
    (message,) = enqueued
    assert (message.actor_name, message.queue_name) == ("artifact.build", "rendering")
    assert (message.args, message.kwargs) == ((), {})


def test_a_worker_has_threads_for_two_runs_of_each_kind_on_each_queue() -> None:
    assert threads_for([Queue.PLANNING]) == 2
    assert threads_for([Queue.IMAGES, Queue.RENDERING]) == 6
    assert threads_for(tuple(Queue)) == 2 * sum(map(len, QUEUES_OF_WORK.values()))
