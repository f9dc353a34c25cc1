"""Batched pages of an object's child lists (a storyboard's shots …): few statements for many parents."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tortoise.models import Model

from models.films import AnimaticPart, VideoSegment
from models.generation import Attempt
from models.jobs import Job
from models.scripts import Asset, ScriptScene
from models.storyboards import Shot
from services.platform.owned import owned_rows_sql, places
from services.platform.paging import Orders, Page, PageRequest, Position, cut_page
from services.queries.orders import (
    ASSET_ORDERS,
    ATTEMPT_ORDERS,
    JOB_ORDERS,
    PART_ORDERS,
    SCENE_ORDERS,
    SHOT_ORDERS,
    SHOWN_SHOT_ORDERS,
)
from services.queries.row_lists import bounds_sql, order_sql, position_of


@dataclass(frozen=True)
class ChildList:
    """How the children of a kind of parent are found and ordered. All fields are inserted as SQL text: never pass a
    caller's values.
    """

    model: type[Model]
    tables: str
    parent: str
    orders: Orders
    owner: str = "c.owner"
    id: str = "c.id"
    condition: str = ""
    "Contains a placeholder for each value of the key's `only`; left out if `only` is None."
    always: str = ""


Only = str | tuple[str, ...] | None
"Values for the placeholders of a list's condition."


@dataclass(frozen=True)
class ChildrenKey:
    """A page of one parent's children; `only` filters it by the list's condition."""

    parent_id: int
    request: PageRequest
    only: Only = None


SCENES = ChildList(
    ScriptScene, "script_scene c JOIN script p ON p.id = c.script_id", "c.script_id", SCENE_ORDERS, owner="p.owner"
)
SHOTS = ChildList(Shot, "shot c", "c.storyboard_id", SHOT_ORDERS)
ANIMATIC_PARTS = ChildList(
    AnimaticPart, "animatic_part c JOIN shot s ON s.id = c.shot_id", "c.animatic_id", SHOWN_SHOT_ORDERS
)
VIDEO_SEGMENTS = ChildList(
    VideoSegment, "video_segment c JOIN shot s ON s.id = c.shot_id", "c.video_id", SHOWN_SHOT_ORDERS
)
WORKFLOW_ASSETS = ChildList(Asset, "asset c", "c.workflow_id", ASSET_ORDERS, condition="c.type = ?")
WORKFLOW_JOBS = ChildList(Job, "job c", "c.workflow_id", JOB_ORDERS, always="c.role = 'STAGE'")
ACCOUNT_ATTEMPTS = ChildList(Attempt, "attempt c", "c.account_id", ATTEMPT_ORDERS)
JOB_CHILDREN = ChildList(Job, "job c", "c.parent_id", PART_ORDERS)


async def child_pages(children: ChildList, owner: str, keys: Sequence[ChildrenKey]) -> list[Page[Any]]:
    """Returns for each key its page; a statement per distinct page request and one for the rows, for any number of
    parents.
    """
    positions: dict[ChildrenKey, list[Position]] = {}
    groups: dict[tuple[PageRequest, Only], list[ChildrenKey]] = defaultdict(list)
    for key in keys:
        groups[key.request, key.only].append(key)
    for (request, only), group in groups.items():
        found = await _positions(children, owner, [key.parent_id for key in group], request, only)
        for key in group:
            positions[key] = found.get(key.parent_id, [])
    ids = [position.id for places_ in positions.values() for position in places_]
    rows = {row.pk: row for row in await children.model.filter(id__in=list(set(ids)))} if ids else {}
    return [
        cut_page([(position, rows[position.id]) for position in positions[key] if position.id in rows], key.request)
        for key in keys
    ]


async def child_counts(children: ChildList, owner: str, keys: Sequence[tuple[int, Only]]) -> list[int]:
    """Returns for each (parent id, only) the number of children; one statement per distinct `only`."""
    counts: dict[tuple[int, Only], int] = {}
    for only in {key[1] for key in keys}:
        parents = [key[0] for key in keys if key[1] == only]
        where, values = _where(children, parents, only)
        found = await owned_rows_sql(
            f"SELECT {children.parent} AS parent_id, COUNT(*) AS count FROM {children.tables} WHERE {where}"
            f" GROUP BY {children.parent}",
            owner,
            *values,
        )
        counts |= {(row["parent_id"], only): row["count"] for row in found}
    return [counts.get(key, 0) for key in keys]


def _where(children: ChildList, parents: Sequence[int], only: Only) -> tuple[str, list[Any]]:
    conditions = [f"{children.owner} = ?", f"{children.parent} IN ({places(parents)})"]
    values: list[Any] = list(parents)
    if children.always:
        conditions.append(children.always)
    if only is not None:
        conditions.append(children.condition)
        values += [only] if isinstance(only, str) else only
    return " AND ".join(conditions), values


async def _positions(
    children: ChildList, owner: str, parents: Sequence[int], request: PageRequest, only: Only
) -> dict[int, list[Position]]:
    """Returns by parent the positions of its rows in reading direction, one more than the page size."""
    where, values = _where(children, parents, only)
    bounds, bound_values = bounds_sql(request, children.id)
    order, place = order_sql(request, children.id), request.order.sql
    columns = f"{children.id} AS id, {children.parent} AS parent_id, {place} AS place"
    found = await owned_rows_sql(
        # One parent's rows are read in order until the page is full, several parents' all are numbered.
        f"SELECT {columns} FROM {children.tables} WHERE {where}{bounds} ORDER BY {order}"
        f" LIMIT {request.size + 1} OFFSET {request.offset}"
        if len(set(parents)) == 1
        else f"SELECT id, parent_id, place FROM (SELECT {columns},"
        f" ROW_NUMBER() OVER (PARTITION BY {children.parent} ORDER BY {order}) AS row_in_list"
        f" FROM {children.tables} WHERE {where}{bounds}) AS numbered"
        f" WHERE row_in_list > {request.offset} AND row_in_list <= {request.offset + request.size + 1}"
        " ORDER BY parent_id, row_in_list",
        owner,
        *values,
        *bound_values,
    )
    positions: dict[int, list[Position]] = defaultdict(list)
    for row in found:
        positions[row["parent_id"]].append(position_of(row))
    return positions
