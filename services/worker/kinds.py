"""The kinds of work that workers do, named after their actors, and the queues of each kind."""

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
    LOOK_AT_ACCOUNTS = "account.look"
    RECEIVE_CREDITS = "account.receive_credits"
    SETTLE_CHARGES = "account.settle_charges"
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
    Work.LOOK_AT_ACCOUNTS: (Queue.ACCOUNTS,),
    Work.RECEIVE_CREDITS: (Queue.ACCOUNTS,),
    Work.SETTLE_CHARGES: (Queue.ACCOUNTS,),
    Work.SWEEP: (Queue.MAINTENANCE,),
    Work.ROLL_UP_STATISTICS: (Queue.MAINTENANCE,),
    Work.CHECK_ALERTS: (Queue.MAINTENANCE,),
    Work.APPLY_RETENTION: (Queue.MAINTENANCE,),
}
"The queues that carry messages for a kind of work. A worker that serves one queue does only that queue's work."


def work_of_queue(queue: Queue) -> tuple[Work, ...]:
    """Kinds of work that may be due after a job entered the queue, or after a row that the queue covers changed."""
    return tuple(work for work, queues in QUEUES_OF_WORK.items() if queue in queues)
