"""Loads a caller's own rows; rows of other owners count as missing."""

from typing import TypeVar

from errors import BadInputError, not_found
from models.base import OwnedRow
from models.workflows import Workflow

RowT = TypeVar("RowT", bound=OwnedRow)


async def own(table: type[RowT], owner: str, row_id: int) -> RowT:
    """Returns the owner's row. Raises NotFoundError (WorkflowNotFoundError for workflows) if there is none."""
    row = await table.get_or_none(id=row_id, owner=owner)
    if row is None:
        raise not_found(table.__name__.lower())
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
