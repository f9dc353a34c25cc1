"""Restricts queries to one owner: rows of other owners are not visible to the caller."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from tortoise.queryset import QuerySet

from errors import BadInputError, not_found
from models.base import OwnedRow
from models.database import execute
from models.workflows import Workflow

M = TypeVar("M", bound=OwnedRow)

FIRST_IS_OWNER = re.compile(r"[^?]*\bowner(?: \|\| '')? = \?")


def owned(model: type[M], owner: str) -> QuerySet[M]:
    """Returns a query of the owner's rows of a model."""
    return model.filter(owner=owner)


def owned_or_shared(model: type[M], owner: str) -> QuerySet[M]:
    """Returns a query of the owner's rows and of the deployment's (owner ""), which every caller may read."""
    return model.filter(owner__in=[owner, ""])


async def own(model: type[M], owner: str, row_id: int) -> M:
    """Returns the owner's row. Raises NotFoundError (WorkflowNotFoundError for workflows) if there is none."""
    row = await owned(model, owner).get_or_none(id=row_id)
    if row is None:
        raise not_found(model.__name__.lower())
    return row


async def own_workflow_of(owner: str, workflow_id: int, made_in: int | None) -> Workflow:
    """Returns the owner's workflow, for an object that is created from a row of the workflow `made_in`.

    Raises BadInputError if that is another workflow: its next run would not use the new object, and deleting it would
    delete the object's source.
    """
    workflow = await own(Workflow, owner, workflow_id)
    if made_in != workflow_id:
        raise BadInputError("The source object does not belong to that workflow.", path=["input", "workflowId"])
    return workflow


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
