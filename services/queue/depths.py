"""Queue depths: how many jobs of each queue wait, are delayed or run, counted in one statement."""

from collections.abc import Mapping
from dataclasses import dataclass

from models.database import execute, now_ms_sql
from models.enums import JOB_QUEUES, Queue


@dataclass(frozen=True)
class Depth:
    """The number of live jobs in a queue. waiting: due now. delayed: due later, or once another job or event has made
    them due. running: leased by a worker or in progress upstream.
    """

    waiting: int = 0
    delayed: int = 0
    running: int = 0


async def queue_depths() -> Mapping[Queue, Depth]:
    """Returns the depth of every queue, including empty ones. Pending callback deliveries count as jobs of the
    CALLBACKS queue.
    """
    now = now_ms_sql()
    # A job that is leased or in progress upstream is not delayed. A job whose lease has expired is waiting again.
    is_delayed = (
        f"(due_at_ms IS NULL OR due_at_ms > {now}) AND worker IS NULL AND (role <> 'GENERATE' OR status = 'PENDING')"
    )
    rows = await execute(
        f"SELECT queue, SUM(CASE WHEN due_at_ms <= {now} THEN 1 ELSE 0 END) AS waiting,"
        f" SUM(CASE WHEN {is_delayed} THEN 1 ELSE 0 END) AS delayed, COUNT(*) AS live"
        " FROM job WHERE status IN ('PENDING', 'RUNNING') GROUP BY queue"
        f" UNION ALL SELECT '{Queue.CALLBACKS.value}', SUM(CASE WHEN due_at_ms <= {now} THEN 1 ELSE 0 END),"
        f" SUM(CASE WHEN due_at_ms > {now} THEN 1 ELSE 0 END), COUNT(*)"
        " FROM callback_delivery WHERE status = 'PENDING' GROUP BY status"
    )
    depths = dict.fromkeys((*JOB_QUEUES, Queue.CALLBACKS), Depth())
    for row in rows:
        waiting, delayed = int(row["waiting"]), int(row["delayed"])
        depths[Queue(row["queue"])] = Depth(waiting, delayed, int(row["live"]) - waiting - delayed)
    return depths
