"""An owner's projects and works: what the records, batches and workflows name, and how much there is of each.

Neither is a row. A project or work is there while something names it, and its place in a list is the id of the oldest
thing that does. Counting reads one index of the records.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from services.platform.owned import owned_rows_sql, places
from services.platform.paging import Page, PageRequest, cut_page
from services.queries.row_lists import Where, bounds_sql, order_sql, position_of

# Records are many, and are summed up in the order of an index (owner, project_id, work_id, kind, deleted_at, id).
_SUMS = "MIN(id) AS first_id, MAX(id) AS last_id, COUNT(*) AS number"
_THINGS = (
    f"SELECT project_id, work_id, kind AS what, {_SUMS} FROM generation_record WHERE owner = ? AND deleted_at IS NULL"
    f" GROUP BY project_id, work_id, kind UNION ALL SELECT project_id, work_id, 'BATCH' AS what, {_SUMS} FROM batch"
    " WHERE owner = ? AND deleted_at IS NULL GROUP BY project_id, work_id"
)
_WITH_WORKFLOWS = (
    f"{_THINGS} UNION ALL SELECT project_id, NULL AS work_id, 'WORKFLOW' AS what, {_SUMS} FROM workflow"
    " WHERE owner = ? GROUP BY project_id"
)
_COUNTS = "MIN(first_id) AS id, MAX(last_id) AS last_id, COUNT(DISTINCT work_id) AS work_count" + "".join(
    f", SUM(CASE WHEN what = '{what}' THEN number ELSE 0 END) AS {what.lower()}_count"
    for what in ("IMAGE", "VIDEO", "BATCH", "WORKFLOW")
)
_PROJECTS = f"(SELECT project_id, {_COUNTS} FROM ({_WITH_WORKFLOWS}) AS things GROUP BY project_id) AS c"
_WORKS = f"(SELECT project_id, work_id, {_COUNTS} FROM ({_THINGS}) AS things GROUP BY project_id, work_id) AS c"


@dataclass(frozen=True)
class Summary:
    """A project (work_id None) or a work of one, with the numbers of what belongs to it. first_id, last_id: the ids of
    the oldest and the newest thing of it. name: of the project, as the newest thing of it has it.
    """

    project_id: str
    work_id: str | None
    name: str | None
    first_id: int
    last_id: int
    work_count: int
    image_count: int
    video_count: int
    batch_count: int
    workflow_count: int


@dataclass(frozen=True)
class WorkConditions:
    project_id: str | None = None
    work_id_contains: str | None = None


def projects_where(project_id_contains: str | None) -> Where:
    where = Where()
    where.contains("c.project_id", project_id_contains)
    return where


def works_where(conditions: WorkConditions) -> Where:
    where = Where()
    where.equals("c.project_id", conditions.project_id)
    where.contains("c.work_id", conditions.work_id_contains)
    return where


async def project_page(owner: str, where: Where, request: PageRequest) -> Page[Summary]:
    """Returns one page of the owner's projects; two statements."""
    return await _page(_PROJECTS, owner, 3, where, request)


async def project_count(owner: str, where: Where) -> int:
    return await _count(_PROJECTS, owner, 3, where)


async def work_page(owner: str, where: Where, request: PageRequest) -> Page[Summary]:
    """Returns one page of the owner's works, each in its project; two statements."""
    return await _page(_WORKS, owner, 2, where, request)


async def work_count(owner: str, where: Where) -> int:
    return await _count(_WORKS, owner, 2, where)


async def _page(groups: str, owner: str, owner_places: int, where: Where, request: PageRequest) -> Page[Summary]:
    bounds, values = bounds_sql(request, "c.id")
    found = await owned_rows_sql(
        f"SELECT c.*, {request.order.sql} AS place FROM {groups} WHERE 1 = 1{where.text}{bounds}"
        f" ORDER BY {order_sql(request, 'c.id')} LIMIT {request.size + 1} OFFSET {request.offset}",
        *[owner] * owner_places,
        *where.values,
        *values,
    )
    names = await _names(owner, [row["last_id"] for row in found])
    return cut_page([(position_of(row), _summary(row, names)) for row in found], request)


async def _count(groups: str, owner: str, owner_places: int, where: Where) -> int:
    found = await owned_rows_sql(
        f"SELECT COUNT(*) AS count FROM {groups} WHERE 1 = 1{where.text}", *[owner] * owner_places, *where.values
    )
    return int(found[0]["count"])


async def _names(owner: str, ids: Sequence[int]) -> Mapping[int, str | None]:
    """Returns the projects' names that these records, batches and workflows have, by id."""
    if not ids:
        return {}
    tables = ("generation_record", "batch", "workflow")
    values = [value for _ in tables for value in (owner, *ids)]
    found = await owned_rows_sql(
        " UNION ALL ".join(
            f"SELECT id, project_name FROM {table} WHERE owner = ? AND id IN ({places(ids)})" for table in tables
        ),
        owner,
        *values[1:],
    )
    return {row["id"]: row["project_name"] for row in found}


def _summary(row: Mapping[str, Any], names: Mapping[int, str | None]) -> Summary:
    return Summary(
        project_id=str(row["project_id"]),
        work_id=None if "work_id" not in row else str(row["work_id"]),
        name=names.get(row["last_id"]),
        first_id=row["id"],
        last_id=row["last_id"],
        **{
            name: int(row[name])
            for name in ("work_count", "image_count", "video_count", "batch_count", "workflow_count")
        },
    )
