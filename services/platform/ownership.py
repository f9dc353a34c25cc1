"""Finding a caller's own rows: somebody else's are as if they were not there."""

from typing import TypeVar

from errors import BadInputError, not_found
from models.base import OwnedRow
from models.workflows import Workflow

RowT = TypeVar("RowT", bound=OwnedRow)


async def own(table: type[RowT], owner: str, row_id: int) -> RowT:
    """The owner's row. NotFoundError, or WorkflowNotFoundError for workflows, where there is none."""
    row = await table.get_or_none(id=row_id, owner=owner)
    if row is None:
        raise not_found(table.__name__.lower())
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
