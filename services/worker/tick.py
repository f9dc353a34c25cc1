"""Finds the work that a worker's periodic tick sends messages for: due rows, whose messages may be lost, and upkeep."""

from models.database import execute, now_ms_sql
from models.enums import POOL_QUEUES, JobRole, Queue
from services.worker.kinds import Work

TICK_SECONDS = 1.0

UPKEEP_SECONDS: dict[Work, float] = {
    Work.CHECK_ACCOUNTS: 3.0,
    Work.SWEEP: 10.0,
    Work.ROLL_UP_STATISTICS: 10.0,
    Work.CHECK_ALERTS: 30.0,
    Work.APPLY_RETENTION: 600.0,
}
"How often each process sends messages for upkeep, which has no row with a due time."

_WORK_OF_ROLE = {
    JobRole.STAGE: Work.PLAN,
    JobRole.BUILD: Work.BUILD,
    JobRole.GENERATE: Work.GENERATE,
}


async def due_work() -> set[tuple[Work, Queue]]:
    """Kinds of work that are due now, each with the queue whose workers do it. Two statements."""
    return await _due_jobs() | await _due_steps()


async def _due_jobs() -> set[tuple[Work, Queue]]:
    rows = await execute(
        f"SELECT DISTINCT queue, role FROM job WHERE status IN ('PENDING', 'RUNNING') AND due_at_ms <= {now_ms_sql()}"
    )
    return {(_work_of_job(Queue(row["queue"]), JobRole(row["role"])), Queue(row["queue"])) for row in rows}


def _work_of_job(queue: Queue, role: JobRole) -> Work:
    if queue in POOL_QUEUES:
        return Work.SCHEDULE
    return Work.FETCH_INPUTS if queue is Queue.INPUTS else _WORK_OF_ROLE[role]


async def _due_steps() -> set[tuple[Work, Queue]]:
    now = now_ms_sql()
    conditions = {
        Work.SUBMIT: f"SELECT 1 FROM attempt WHERE state = 'PLACED' AND due_at_ms <= {now}",
        Work.POLL: f"SELECT 1 FROM attempt WHERE state IN ('SENT', 'ACCEPTED') AND due_at_ms <= {now}",
        Work.FINISH: f"SELECT 1 FROM attempt WHERE state = 'FETCHING' AND due_at_ms <= {now}",
        Work.DELIVER: f"SELECT 1 FROM callback_delivery WHERE status = 'PENDING' AND due_at_ms <= {now}",
        Work.LOOK_AT_ACCOUNTS: f"SELECT 1 FROM account WHERE look_due_at_ms <= {now}",
        Work.RECEIVE_CREDITS: "SELECT 1 FROM account WHERE credits_due_at_ms IS NOT NULL",
        Work.SETTLE_CHARGES: f"SELECT 1 FROM attempt JOIN account ON account.id = attempt.account_id"
        f" WHERE attempt.settle_due_at_ms <= {now} AND account.settle_due_at_ms <= {now} AND account.status = 'ACTIVE'",
    }
    columns = ", ".join(f"EXISTS ({sql}) AS {work.name.lower()}" for work, sql in conditions.items())
    (row,) = await execute(f"SELECT {columns}")
    queues = {
        Work.SUBMIT: POOL_QUEUES,
        Work.POLL: POOL_QUEUES,
        Work.FINISH: POOL_QUEUES,
        Work.DELIVER: (Queue.CALLBACKS,),
        Work.LOOK_AT_ACCOUNTS: (Queue.ACCOUNTS,),
        Work.RECEIVE_CREDITS: (Queue.ACCOUNTS,),
        Work.SETTLE_CHARGES: (Queue.ACCOUNTS,),
    }
    return {(work, queue) for work in conditions if row[work.name.lower()] for queue in queues[work]}
