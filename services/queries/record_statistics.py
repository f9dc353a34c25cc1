"""Statistics of an owner's generations, from three statements for any number of generations.

Ended generations are read from aggregates (`statistics.aggregates`) and the deltas that are not rolled up yet, pending
and running ones from their jobs. The first statement counts the jobs and reads the mark under which the results of the
others are cached.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from models.enums import MediaKind
from services.notifications.statistics.aggregates import ALL_DAYS, COUNTS, Grain, Sums
from services.notifications.statistics.days import DateRange, Days, calendar_day, days_of
from services.notifications.statistics.summing import EndedCounts, EndedSums, Part, summary
from services.platform.caching import MarkedCache
from services.platform.owned import owned_rows_sql
from services.platform.runtime import runtime
from settings import get_settings

MAX_WORKS = 100
MAX_CACHED = 256


@dataclass(frozen=True)
class StatisticsConditions:
    """Conditions that are combined with AND; None is no condition."""

    work_id: str | None = None
    project_id: str | None = None
    kind: MediaKind | None = None
    range: DateRange = DateRange.ALL


@dataclass(frozen=True)
class RecordSums:
    """pending, running: the current numbers, for any range."""

    pending: int
    running: int
    ended: EndedSums

    @property
    def total(self) -> int:
        return self.pending + self.running + self.ended.count


class CachedSums(MarkedCache[EndedSums]):
    """A cache of the sums of ended generations by owner, conditions and days."""

    def __init__(self) -> None:
        super().__init__(MAX_CACHED)


async def record_statistics(owner: str, conditions: StatisticsConditions, now: datetime) -> RecordSums:
    """Returns the sums; three statements, or one if this process has cached them and the owner has no new delta."""
    current = await _live_counts_and_mark(owner, conditions)
    days = days_of(conditions.range, calendar_day(now, get_settings().timezone))
    ended = (
        await runtime()
        .state(CachedSums)
        .get((owner, conditions, days), int(current["mark"]), lambda: read_ended(owner, conditions, days))
    )
    return RecordSums(int(current["pending"]), int(current["running"]), ended)


async def read_ended(owner: str, conditions: StatisticsConditions, days: Days | None) -> EndedSums:
    """Reads the sums of ended generations with two statements, without the cache. days None: all days."""
    parts = [_part(row, days) for row in await _by_day(owner, conditions, days)]
    works = await _by_work(owner, conditions, days)
    return summary(parts, ((row["work_id"], _counts(row)) for row in works))


async def _live_counts_and_mark(owner: str, conditions: StatisticsConditions) -> dict[str, Any]:
    """Returns pending, running, and the mark: the number of deltas that the owner ever had. Each delta is either in the
    aggregates or not rolled up yet, so a new delta increases the mark and a rollup does not change it.

    The record of each live job is selected by its id, because a join is planned as a scan of all records.
    """
    where, values = _where("r", conditions)
    of_record = f"(SELECT COUNT(*) FROM generation_record r WHERE r.id = j.record_id{where}) > 0"
    condition = f" AND {of_record}" if where else ""
    rows = await owned_rows_sql(
        "SELECT (SELECT COALESCE(SUM(c.deltas), 0) FROM statistics_cell c WHERE c.owner = ? AND c.grain = 'OWNER'"
        " AND c.project_id = '' AND c.work_id = '' AND c.day = '')"
        " + (SELECT COUNT(*) FROM statistics_delta d WHERE d.owner = ? AND NOT d.is_rolled) AS mark,"
        " COALESCE(SUM(CASE WHEN j.status = 'PENDING' THEN 1 ELSE 0 END), 0) AS pending,"
        " COALESCE(SUM(CASE WHEN j.status = 'RUNNING' THEN 1 ELSE 0 END), 0) AS running"
        f" FROM job j WHERE j.owner = ? AND j.role = 'GENERATE' AND j.status IN ('PENDING', 'RUNNING'){condition}",
        owner,
        owner,
        owner,
        *values,
    )
    return rows[0]


async def _by_day(owner: str, conditions: StatisticsConditions, days: Days | None) -> list[dict[str, Any]]:
    """Returns sums by day and kind, from aggregates and deltas. For all days (None) only the aggregate over all days
    has times and errors; those of single days have only counts.
    """
    grain = Grain.of(has_project=conditions.project_id is not None, has_work=conditions.work_id is not None)
    detail = "CAST(c.{0} AS TEXT)" if days is not None else "CASE WHEN c.day = '' THEN CAST(c.{0} AS TEXT) END"
    cell_counts = ", ".join(f"c.{name}" for name in COUNTS)
    delta_counts = ", ".join(f"SUM(d.{name})" for name in COUNTS)
    of_kind, kind_values = _where("c", StatisticsConditions(kind=conditions.kind))
    of_place, place_values = _where("d", conditions)
    within_cells, day_values = _within("c", days)
    within_deltas, _ = _within("d", days)
    return await owned_rows_sql(
        f"SELECT 1 AS is_cell, c.day, c.kind, {cell_counts}, {detail.format('times')} AS times,"
        f" {detail.format('errors')} AS errors, NULL AS bucket, NULL AS error_code FROM statistics_cell c"
        f" WHERE c.owner = ? AND c.grain = ? AND c.project_id = ? AND c.work_id = ?{of_kind}{within_cells}"
        f" UNION ALL SELECT 0, d.day, d.kind, {delta_counts}, NULL, NULL, d.bucket, d.error_code"
        f" FROM statistics_delta d WHERE d.owner = ? AND NOT d.is_rolled{of_place}{within_deltas}"
        " GROUP BY d.day, d.kind, d.bucket, d.error_code",
        owner,
        grain.value,
        conditions.project_id or "",
        conditions.work_id or "",
        *kind_values,
        *day_values,
        owner,
        *place_values,
        *day_values,
    )


async def _by_work(owner: str, conditions: StatisticsConditions, days: Days | None) -> list[dict[str, Any]]:
    """Returns the MAX_WORKS works with the most ended generations, in descending order."""
    grain = Grain.of(has_project=conditions.project_id is not None, has_work=True)
    of_cells, cell_values = _where("c", StatisticsConditions(work_id=conditions.work_id, kind=conditions.kind))
    of_deltas, delta_values = _where("d", conditions)
    within_cells, day_values = _within("c", days)
    within_deltas, _ = _within("d", days)
    ended = "{0}.succeeded + {0}.failed + {0}.canceled AS ended"
    return await owned_rows_sql(
        "SELECT w.work_id, SUM(CASE WHEN w.kind = 'IMAGE' THEN w.ended ELSE 0 END) AS images,"
        " SUM(CASE WHEN w.kind = 'VIDEO' THEN w.ended ELSE 0 END) AS videos, SUM(w.succeeded) AS succeeded FROM"
        f" (SELECT c.work_id, c.kind, c.succeeded, {ended.format('c')} FROM statistics_cell c"
        f" WHERE c.owner = ? AND c.grain = ? AND c.project_id = ?{of_cells}{within_cells or _ALL_DAYS}"
        f" UNION ALL SELECT d.work_id, d.kind, d.succeeded, {ended.format('d')} FROM statistics_delta d"
        f" WHERE d.owner = ? AND NOT d.is_rolled{of_deltas}{within_deltas}) w"
        f" GROUP BY w.work_id HAVING SUM(w.ended) > 0 ORDER BY SUM(w.ended) DESC, w.work_id LIMIT {MAX_WORKS}",
        owner,
        grain.value,
        conditions.project_id or "",
        *cell_values,
        *day_values,
        owner,
        *delta_values,
        *day_values,
    )


_ALL_DAYS = f" AND c.day = '{ALL_DAYS}'"


def _where(table: str, conditions: StatisticsConditions) -> tuple[str, list[str]]:
    columns = {"project_id": conditions.project_id, "work_id": conditions.work_id, "kind": conditions.kind}
    given = {name: str(value) for name, value in columns.items() if value is not None}
    return "".join(f" AND {table}.{name} = ?" for name in given), list(given.values())


def _within(table: str, days: Days | None) -> tuple[str, list[str]]:
    return ("", []) if days is None else (f" AND {table}.day >= ? AND {table}.day <= ?", [days.first, days.last])


def _part(row: Mapping[str, Any], days: Days | None) -> Part:
    sums = Sums.counting(row)
    if row["times"] is not None:
        sums.times = {int(bucket): count for bucket, count in orjson.loads(row["times"]).items()}
        sums.errors = orjson.loads(row["errors"])
    if row["bucket"] is not None and sums.succeeded:
        sums.times = {row["bucket"]: sums.succeeded}
    if row["error_code"] is not None and sums.failed:
        sums.errors = {row["error_code"]: sums.failed}
    is_in_all_days = bool(row["is_cell"]) and days is None and row["day"] != ALL_DAYS
    return Part(row["day"], MediaKind(row["kind"]), sums, counts_in_whole=not is_in_all_days)


def _counts(row: Mapping[str, Any]) -> EndedCounts:
    return EndedCounts(int(row["images"]), int(row["videos"]), int(row["succeeded"]))
