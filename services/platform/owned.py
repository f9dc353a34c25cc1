"""Restricts queries to one owner: rows of other owners are not visible to the caller."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from tortoise.queryset import QuerySet

from models.base import OwnedRow
from models.database import execute

M = TypeVar("M", bound=OwnedRow)

FIRST_IS_OWNER = re.compile(r"[^?]*\bowner(?: \|\| '')? = \?")


def owned(model: type[M], owner: str) -> QuerySet[M]:
    """Returns a query of the owner's rows of a model."""
    return model.filter(owner=owner)


def owned_or_shared(model: type[M], owner: str) -> QuerySet[M]:
    """Returns a query of the owner's rows and of the deployment's (owner ""), which every caller may read."""
    return model.filter(owner__in=[owner, ""])


async def find(model: type[M], owner: str, row_id: int) -> M | None:
    return await owned(model, owner).get_or_none(id=row_id)


async def rows_by_id(model: type[M], owner: str, ids: Iterable[int]) -> dict[int, M]:
    """Returns the owner's rows among `ids`, by id; one statement."""
    return {row.id: row for row in await owned(model, owner).filter(id__in=list(set(ids)))}


async def rows_in_order(model: type[M], owner: str, ids: Sequence[int]) -> list[M | None]:
    """Returns for each id the owner's row, or None."""
    rows = await rows_by_id(model, owner, ids)
    return [rows.get(row_id) for row_id in ids]


async def newest_by_workflow_id(model: type[M], owner: str, workflow_ids: Sequence[int]) -> list[M | None]:
    """Returns for each workflow its newest row of the model (highest id), or None; two statements."""
    table = model._meta.db_table
    found = await owned_rows_sql(
        f"SELECT workflow_id, MAX(id) AS id FROM {table}"
        f" WHERE owner = ? AND workflow_id IN ({places(workflow_ids)}) GROUP BY workflow_id",
        owner,
        *workflow_ids,
    )
    newest = {row["workflow_id"]: row["id"] for row in found}
    rows = await rows_by_id(model, owner, newest.values())
    return [rows.get(newest.get(workflow_id, 0)) for workflow_id in workflow_ids]


async def owned_rows_sql(sql: str, owner: str, *values: Any) -> list[dict[str, Any]]:
    """Runs a SELECT whose first place is the owner. Raises ValueError if the statement does not restrict the owner
    first.
    """
    if not FIRST_IS_OWNER.match(sql):
        raise ValueError("the first place of the statement must be the owner")
    return await execute(sql, owner, *values)


def places(values: Sequence[object]) -> str:
    """Returns `?, ?, ?` for an IN list."""
    return ", ".join("?" * len(values))
