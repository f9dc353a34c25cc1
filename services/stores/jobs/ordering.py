"""The order of waiting jobs: their priority, and moves to the front of their owner's queue.

Each function belongs in the caller's transaction, raises the versions of the jobs and notifies followers after the
commit.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from models.database import execute, now_ms_sql
from models.jobs import Job
from models.sql import least_sql, waiting_since_sql
from services.stores.clock import raised
from services.stores.jobs.transitions import Changed, announce
from services.stores.jobs.waits import IS_LIVE
from services.stores.updates import Sql, all_of, id_in, update

ROW_BATCH_SIZE = 500
MAX_SAME_MOMENT = 1_000
"Places that one millisecond has, so that a later move has lower numbers than all of an earlier one."


@dataclass(frozen=True)
class Parts:
    """The jobs of one column's values: job ids (the jobs and their parts), batch ids or workflow ids."""

    column: str
    ids: Collection[int]

    def conditions(self) -> list[Sql]:
        """One condition per statement: each can use an index."""
        if self.column != "id":
            return [id_in(self.column, self.ids)]
        children = id_in("parent_id", self.ids)
        return [
            id_in("id", self.ids),
            children,
            Sql(f"parent_id IN (SELECT child.id FROM job AS child WHERE child.{children.text})"),
        ]


async def set_priority(owner: str, parts: Parts, rank: int) -> set[int]:
    """Gives the live jobs another priority (0 URGENT … 3 LOW); returns the ids of those that had another one. With a
    lower one the waiting begins anew, and a move to the front is forgotten: neither shall outweigh the new priority.
    """
    is_lower = f"priority_rank < {int(rank)}"
    changed: list[Changed] = []
    for condition in parts.conditions():
        rows = await update(
            Job,
            {
                "priority_rank": rank,
                "waiting_since_ms": Sql(f"CASE WHEN {is_lower} THEN {now_ms_sql()} ELSE waiting_since_ms END"),
                "front_order": Sql(f"CASE WHEN {is_lower} THEN 0 ELSE front_order END"),
                "version": raised("version"),
            },
            all_of(Sql(f"owner = ? AND {IS_LIVE} AND priority_rank <> ?", (owner, rank)), condition),
            ("id", "type", "batch_id", "parent_id"),
        )
        changed += [Changed(row["id"], row["type"], row["batch_id"], row["parent_id"]) for row in rows]
    announce(changed)
    return {job.id for job in changed}


async def move_to_front(owner: str, column: str, places: Mapping[int, int]) -> dict[int, int]:
    """Moves waiting jobs before all others of their owner and urgency; returns by value of `column` how many moved.

    places: by value of the column (id, parent_id, batch_id, workflow_id) its place among those that are moved now, from
    0. Jobs of one value keep their age's order. A moved job counts as having waited as long as the owner's oldest job
    of its queue that has no higher priority, so that no such job stays ahead because it has waited.
    """
    oldest = await _oldest_waiting(owner)
    moved: dict[int, int] = {}
    values = list(places)
    for start in range(0, len(values), ROW_BATCH_SIZE):
        page = values[start : start + ROW_BATCH_SIZE]
        cases = " ".join(f"WHEN {int(value)} THEN {int(places[value])}" for value in page)
        rows = await update(
            Job,
            {
                "front_order": Sql(f"CASE {column} {cases} END - {now_ms_sql()} * {MAX_SAME_MOMENT}"),
                "waiting_since_ms": Sql(least_sql(waiting_since_sql(), _oldest_sql(oldest))),
                "version": raised("version"),
            },
            all_of(Sql("owner = ? AND status = 'PENDING'", (owner,)), id_in(column, page)),
            ("id", "type", "batch_id", "parent_id", f"{column} AS moved_by"),
        )
        announce(Changed(row["id"], row["type"], row["batch_id"], row["parent_id"]) for row in rows)
        for row in rows:
            moved[row["moved_by"]] = moved.get(row["moved_by"], 0) + 1
    return moved


async def _oldest_waiting(owner: str) -> Sequence[tuple[str, int, int]]:
    """(queue, rank, since when the oldest job waits that has this priority or a lower one), of each queue and rank."""
    rows = await execute(
        f"SELECT queue, priority_rank, MIN({waiting_since_sql()}) AS since_ms FROM job"
        " WHERE owner = ? AND status = 'PENDING' GROUP BY queue, priority_rank",
        owner,
    )
    return [
        (
            row["queue"],
            row["priority_rank"],
            min(
                other["since_ms"]
                for other in rows
                if other["queue"] == row["queue"] and other["priority_rank"] >= row["priority_rank"]
            ),
        )
        for row in rows
    ]


def _oldest_sql(oldest: Sequence[tuple[str, int, int]]) -> str:
    whens = " ".join(
        f"WHEN queue = '{queue}' AND priority_rank = {int(rank)} THEN {int(since_ms)}"
        for queue, rank, since_ms in oldest
    )
    return f"CASE {whens} ELSE {waiting_since_sql()} END" if whens else waiting_since_sql()
