"""The one place where queries are bound to an owner: what others own does not exist for the caller."""

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
    """The owner's rows of a model."""
    return model.filter(owner=owner)


def owned_or_shared(model: type[M], owner: str) -> QuerySet[M]:
    """The owner's rows, and those that belong to nobody but the whole deployment (owner ""): everybody's to see."""
    return model.filter(owner__in=[owner, ""])


async def own(model: type[M], owner: str, row_id: int) -> M:
    """The owner's row. NotFoundError, or WorkflowNotFoundError for workflows, where there is none."""
    row = await owned(model, owner).get_or_none(id=row_id)
    if row is None:
        raise not_found(model.__name__.lower())
    return row


async def own_workflow_of(owner: str, workflow_id: int, made_in: int | None) -> Workflow:
    """The owner's workflow, for something that is made from a row of the workflow `made_in`.

    BadInputError where that is another one: its next run would not use what is made, and deleting the one workflow
    would take away what the other is made from.
    """
    workflow = await own(Workflow, owner, workflow_id)
    if made_in != workflow_id:
        raise BadInputError("What this is to be made from is not of that workflow.", path=["input", "workflowId"])
    return workflow


async def rows_by_id(model: type[M], owner: str, ids: Iterable[int]) -> dict[int, M]:
    """The owner's rows among `ids`; one statement."""
    return {row.id: row for row in await owned(model, owner).filter(id__in=list(set(ids)))}


async def rows_in_order(model: type[M], owner: str, ids: Sequence[int]) -> list[M | None]:
    """For each id its row, or None."""
    rows = await rows_by_id(model, owner, ids)
    return [rows.get(row_id) for row_id in ids]


async def newest_by_workflow_id(model: type[M], owner: str, workflow_ids: Sequence[int]) -> list[M | None]:
    """For each workflow its newest row of the model (highest id), or None; two statements."""
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
    """Runs a SELECT whose first place is the owner; refuses one that does not ask for it."""
    if not FIRST_IS_OWNER.match(sql):
        raise ValueError("the first place of the statement must be the owner")
    return await execute(sql, owner, *values)


def places(values: Sequence[object]) -> str:
    """`?, ?, ?` for an IN list."""
    return ", ".join("?" * len(values))
