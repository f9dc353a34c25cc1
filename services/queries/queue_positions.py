"""The places of waiting jobs in their owner's queue, computed when they are read. The rule is that of
services.accounts.pool.fairness.Turns, as a count instead of a walk through all jobs.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from models.enums import POOL_QUEUES
from services.platform.owned import owned_rows_sql, places
from services.queue.priority import aged_rank_sql, group_sql, is_paused_with_workflow_sql


@dataclass(frozen=True)
class Line:
    """The waiting jobs of one rank and group. moved: those that were moved to the front; others: all else; first_id: of
    the oldest of those; in_flight: running jobs of the group.
    """

    rank: int
    group: int
    moved: int
    others: int
    first_id: int
    in_flight: int = 0


def position_of(rank: int, group: int, nth: int, lines: Sequence[Line], *, is_moved: bool) -> int:
    """The place, from 1, of a job among all of a queue. nth: its place among the moved jobs of its rank if it was
    moved, else among the jobs of its rank and group that were not.
    """
    ahead = sum(line.moved + line.others for line in lines if line.rank < rank)
    if is_moved:
        return ahead + nth
    same = [line for line in lines if line.rank == rank]
    ahead += sum(line.moved for line in same)
    own = next(line for line in same if line.group == group)
    # The group with the fewest in flight is next, so another one goes ahead until it has as many as this one will have.
    reached = own.in_flight + own.moved + nth - 1
    for line in same:
        if line.group != group:
            started, own_started = line.in_flight + line.moved, own.in_flight + own.moved
            # Of two with as many, the one without a turn in this round goes first, then the one with the oldest job.
            is_earlier = started > own_started or (started == own_started and line.first_id < own.first_id)
            ahead += min(line.others, max(0, reached - started + (1 if is_earlier else 0)))
    return ahead + nth


async def positions_by_job_id(owner: str, job_ids: Sequence[int]) -> list[int | None]:
    """Returns for each job its place among the owner's jobs that wait for accounts, from 1; None for one that does not
    wait, or whose batch or workflow is paused. Three statements.
    """
    if not job_ids:
        return []
    queues = [queue.value for queue in POOL_QUEUES]
    waiting = (
        f"SELECT id, queue, {aged_rank_sql()} AS aged, {group_sql()} AS grp, front_order,"
        " CASE WHEN front_order < 0 THEN 1 ELSE 0 END AS is_moved FROM job WHERE owner = ? AND status = 'PENDING'"
        f" AND role = 'GENERATE' AND queue IN ({places(queues)}) AND NOT {is_paused_with_workflow_sql()}"
    )
    asked = await owned_rows_sql(
        "SELECT id, queue, aged, grp, is_moved, CASE WHEN is_moved = 1 THEN moved_nth ELSE nth END AS nth FROM"
        " (SELECT id, queue, aged, grp, is_moved,"
        " ROW_NUMBER() OVER (PARTITION BY queue, aged ORDER BY front_order, id) AS moved_nth,"
        " ROW_NUMBER() OVER (PARTITION BY queue, aged, grp, is_moved ORDER BY id) AS nth"
        f" FROM ({waiting}) AS waiting) AS placed WHERE id IN ({places(job_ids)})",
        owner,
        *queues,
        *job_ids,
    )
    if not asked:
        return [None] * len(job_ids)
    counted = await owned_rows_sql(
        "SELECT queue, aged, grp, SUM(is_moved) AS moved, SUM(1 - is_moved) AS others,"
        f" MIN(CASE WHEN is_moved = 0 THEN id END) AS first_id FROM ({waiting}) AS waiting GROUP BY queue, aged, grp",
        owner,
        *queues,
    )
    running = await owned_rows_sql(
        f"SELECT queue, {group_sql()} AS grp, COUNT(*) AS number FROM job WHERE owner = ? AND status = 'RUNNING'"
        f" AND queue IN ({places(queues)}) GROUP BY queue, {group_sql()}",
        owner,
        *queues,
    )
    in_flight = {(row["queue"], row["grp"]): int(row["number"]) for row in running}
    lines: dict[str, list[Line]] = defaultdict(list)
    for row in counted:
        going = in_flight.get((row["queue"], row["grp"]), 0)
        numbers = (int(row["moved"]), int(row["others"]), row["first_id"] or 0, going)
        lines[row["queue"]].append(Line(int(row["aged"]), row["grp"], *numbers))
    found = {
        row["id"]: position_of(
            int(row["aged"]), row["grp"], int(row["nth"]), lines[row["queue"]], is_moved=bool(row["is_moved"])
        )
        for row in asked
        # A job that began to wait between the statements is not counted yet.
        if any(line.rank == int(row["aged"]) and line.group == row["grp"] for line in lines[row["queue"]])
    }
    return [found.get(job_id) for job_id in job_ids]
