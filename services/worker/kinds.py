"""The kinds of work that workers do, by the names of their actors, and which of them a queue's messages are for."""

from enum import StrEnum

from models.enums import POOL_QUEUES, Queue


class Work(StrEnum):
    PLAN = "stage.plan"
    BUILD = "artifact.build"
    GENERATE = "record.generate"
    FETCH_INPUTS = "record.fetch_inputs"
    SCHEDULE = "generation.schedule"
    SUBMIT = "generation.submit"
    POLL = "generation.poll"
    FINISH = "generation.finish"
    DELIVER = "callback.deliver"
    CHECK_ACCOUNTS = "account.check"
    RECEIVE_CREDITS = "account.receive_credits"
    SWEEP = "maintenance.sweep"
    ROLL_UP_STATISTICS = "maintenance.roll_up_statistics"
    CHECK_ALERTS = "maintenance.check_alerts"
    APPLY_RETENTION = "maintenance.apply_retention"


BUILD_QUEUES = (Queue.TEXT, Queue.IMAGES, Queue.VIDEOS, Queue.RENDERING)
GENERATE_QUEUES = (Queue.IMAGES, Queue.VIDEOS)

QUEUES_OF_WORK: dict[Work, tuple[Queue, ...]] = {
    Work.PLAN: (Queue.PLANNING,),
    Work.BUILD: BUILD_QUEUES,
    Work.GENERATE: GENERATE_QUEUES,
    Work.FETCH_INPUTS: (Queue.INPUTS,),
    Work.SCHEDULE: POOL_QUEUES,
    Work.SUBMIT: POOL_QUEUES,
    Work.POLL: POOL_QUEUES,
    Work.FINISH: POOL_QUEUES,
    Work.DELIVER: (Queue.CALLBACKS,),
    Work.CHECK_ACCOUNTS: (Queue.ACCOUNTS,),
    Work.RECEIVE_CREDITS: (Queue.ACCOUNTS,),
    Work.SWEEP: (Queue.MAINTENANCE,),
    Work.ROLL_UP_STATISTICS: (Queue.MAINTENANCE,),
    Work.CHECK_ALERTS: (Queue.MAINTENANCE,),
    Work.APPLY_RETENTION: (Queue.MAINTENANCE,),
}
"The queues on which messages for a kind of work go. A worker of one queue does the work of its messages only."


def work_of_queue(queue: Queue) -> tuple[Work, ...]:
    """What may be due when a job has come to a queue, or a row of the kind that the queue stands for has changed."""
    return tuple(work for work, queues in QUEUES_OF_WORK.items() if queue in queues)
