"""Queries for an owner's batches: lists, counts, credits and forecasts. Deleted batches are left out.

Superseded jobs are neither listed nor counted as items, but their credits count.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models.batches import Batch
from models.enums import ENDED_BATCH_STATUSES, BatchStatus, BatchType, JobStatus, MediaKind
from models.jobs import Job
from services.generation.batches.end_states import Counts
from services.generation.batches.forecasting import ForecastDemand, Sort, forecasts, requests_of
from services.platform.owned import owned_rows_sql, places, rows_by_id
from services.queries.children import ChildList
from services.queries.credits import SpentCredits, spent_credits
from services.queries.orders import BATCH_JOB_ORDERS, BATCH_ORDERS
from services.queries.row_lists import RowList, Where


@dataclass(frozen=True)
class BatchConditions:
    """Conditions that are combined with AND; None is no condition."""

    types: tuple[BatchType, ...] | None = None
    statuses: tuple[BatchStatus, ...] | None = None
    work_id: str | None = None
    project_id: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


BATCHES = RowList(Batch, "batch c", BATCH_ORDERS, always="c.deleted_at IS NULL")


def batches_where(conditions: BatchConditions) -> Where:
    where = Where()
    where.one_of("c.type", conditions.types)
    where.one_of("c.status", conditions.statuses)
    where.equals("c.work_id", conditions.work_id)
    where.equals("c.project_id", conditions.project_id)
    where.later("c.created_at", conditions.created_after)
    where.earlier("c.created_at", conditions.created_before)
    return where


def batch_jobs(statuses: Sequence[JobStatus] | None, storyboard_count: int | None) -> ChildList:
    """The list of a batch's jobs in the order of its items, filtered by status and by storyboard. storyboard_count:
    the number of storyboard ids in the key's `only`; None: all storyboards.
    """
    always = "c.is_superseded IS NOT TRUE"
    if statuses is not None:
        listed = ", ".join(f"'{status.value}'" for status in dict.fromkeys(statuses))
        always += f" AND c.status IN ({listed})" if listed else " AND c.id = 0"
    return ChildList(
        Job,
        "job c" if storyboard_count is None else "job c JOIN generation_record r ON r.id = c.record_id",
        "c.batch_id",
        BATCH_JOB_ORDERS,
        condition="" if storyboard_count is None else f"r.storyboard_id IN ({places(range(storyboard_count))})",
        always=always,
    )


async def batches_in_order(owner: str, ids: Sequence[int]) -> list[Batch | None]:
    """Returns for each id its batch, or None; one statement."""
    rows = await rows_by_id(Batch, owner, ids)
    return [row if (row := rows.get(row_id)) is not None and row.deleted_at is None else None for row_id in ids]


async def counts_by_batch_id(owner: str, batch_ids: Sequence[int]) -> list[Counts]:
    """Returns for each batch the number of its jobs by status; one statement."""
    rows = await owned_rows_sql(
        "SELECT batch_id, status, COUNT(*) AS number FROM job WHERE owner = ?"
        f" AND batch_id IN ({places(batch_ids)}) AND is_superseded IS NOT TRUE GROUP BY batch_id, status",
        owner,
        *batch_ids,
    )
    found: dict[int, dict[JobStatus, int]] = defaultdict(dict)
    for row in rows:
        found[row["batch_id"]][JobStatus(row["status"])] = int(row["number"])
    return [Counts.of(found.get(batch_id, {})) for batch_id in batch_ids]


async def credits_by_batch_id(owner: str, batch_ids: Sequence[int]) -> list[SpentCredits]:
    """Returns for each batch the credits of its jobs' attempts; one statement."""
    return await spent_credits(owner, "batch_id", batch_ids)


async def seconds_left_by_batch_id(owner: str, batch_ids: Sequence[int]) -> list[float | None]:
    """Returns for each batch the forecast seconds until it ends; None if it has ended, is paused, or has no forecast.
    Eleven statements per media kind, for any number of batches.
    """
    batches = await rows_by_id(Batch, owner, batch_ids)
    live = {
        batch.id: batch
        for batch in batches.values()
        if batch.status not in (*ENDED_BATCH_STATUSES, BatchStatus.PAUSED) and batch.deleted_at is None
    }
    demands = await _demands(owner, live)
    seconds: dict[int, float | None] = {}
    for kind in MediaKind:
        ids = [batch.id for batch in live.values() if batch.kind is kind]
        if ids:
            found = await forecasts(owner, kind, [demands[batch_id] for batch_id in ids])
            seconds |= {batch_id: each.seconds for batch_id, each in zip(ids, found, strict=True)}
    return [seconds.get(batch_id) for batch_id in batch_ids]


async def _demands(owner: str, batches: dict[int, Batch]) -> dict[int, ForecastDemand]:
    """Returns the unfinished jobs of each batch, grouped by demand."""
    if not batches:
        return {}
    rows = await owned_rows_sql(
        "SELECT batch_id, key, MIN(id) AS sample, SUM(waits) AS waiting FROM (SELECT batch_id, id,"
        " COALESCE(demand_key, CAST(id AS TEXT)) AS key, CASE WHEN status = 'PENDING' THEN 1 ELSE 0 END AS waits"
        f" FROM job WHERE owner = ? AND batch_id IN ({places(list(batches))}) AND status IN ('PENDING', 'RUNNING')"
        " AND is_superseded IS NOT TRUE) AS going GROUP BY batch_id, key",
        owner,
        *batches,
    )
    requests = await requests_of([row["sample"] for row in rows])
    counts = dict(zip(batches, await counts_by_batch_id(owner, list(batches)), strict=True))
    sorts: dict[int, dict[str, Sort]] = defaultdict(dict)
    for row in rows:
        if row["sample"] in requests:
            sorts[row["batch_id"]][row["key"]] = Sort(requests[row["sample"]], int(row["waiting"]))
    return {
        batch.id: ForecastDemand(
            sorts[batch.id],
            batch.priority_rank,
            batch.max_parallel,
            batch_id=batch.id,
            is_running=counts[batch.id].running > 0,
        )
        for batch in batches.values()
    }
