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
from services.platform.paging import Page, PageRequest, Position, cut_page


@dataclass(frozen=True)
class ChildList:
    """How the children of a kind of parent are found and ordered. All fields are inserted as SQL text: never pass a
    caller's values.
    """

    model: type[Model]
    tables: str
    owner: str
    parent: str
    order: str
    id: str
    is_descending: bool = False
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
    ScriptScene, "script_scene c JOIN script p ON p.id = c.script_id", "p.owner", "c.script_id", "c.number", "c.id"
)
SHOTS = ChildList(Shot, "shot c", "c.owner", "c.storyboard_id", "c.sequence", "c.id")
ANIMATIC_PARTS = ChildList(
    AnimaticPart, "animatic_part c JOIN shot s ON s.id = c.shot_id", "c.owner", "c.animatic_id", "s.sequence", "c.id"
)
VIDEO_SEGMENTS = ChildList(
    VideoSegment, "video_segment c JOIN shot s ON s.id = c.shot_id", "c.owner", "c.video_id", "s.sequence", "c.id"
)
WORKFLOW_ASSETS = ChildList(
    Asset, "asset c", "c.owner", "c.workflow_id", "c.id", "c.id", is_descending=True, condition="c.type = ?"
)
WORKFLOW_JOBS = ChildList(
    Job, "job c", "c.owner", "c.workflow_id", "c.id", "c.id", is_descending=True, always="c.role = 'STAGE'"
)
ACCOUNT_ATTEMPTS = ChildList(Attempt, "attempt c", "c.owner", "c.account_id", "c.id", "c.id", is_descending=True)
JOB_CHILDREN = ChildList(Job, "job c", "c.owner", "c.parent_id", "c.id", "c.id")


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
    up, down = (">", "<") if not children.is_descending else ("<", ">")
    for bound, sign in ((request.after, up), (request.before, down)):
        if bound is not None:
            where += f" AND ({children.order} {sign} ? OR ({children.order} = ? AND {children.id} {sign} ?))"
            values += [bound.key, bound.key, bound.id]
    direction = "DESC" if children.is_descending != request.is_backward else "ASC"
    found = await owned_rows_sql(
        f"SELECT id, parent_id, place FROM (SELECT {children.id} AS id, {children.parent} AS parent_id,"
        f" {children.order} AS place, ROW_NUMBER() OVER (PARTITION BY {children.parent}"
        f" ORDER BY {children.order} {direction}, {children.id} {direction}) AS row_in_list"
        f" FROM {children.tables} WHERE {where}) AS numbered"
        f" WHERE row_in_list > {request.offset} AND row_in_list <= {request.offset + request.size + 1}"
        " ORDER BY parent_id, row_in_list",
        owner,
        *values,
    )
    positions: dict[int, list[Position]] = defaultdict(list)
    for row in found:
        positions[row["parent_id"]].append(Position(row["place"], row["id"]))
    return positions
