"""Finding a caller's own rows: somebody else's are as if they were not there."""

from typing import TypeVar

from errors import NotFoundError, WorkflowNotFoundError
from models.base import OwnedRow
from models.workflows import Workflow

RowT = TypeVar("RowT", bound=OwnedRow)


async def own(table: type[RowT], owner: str, row_id: int) -> RowT:
    """The owner's row. NotFoundError, or WorkflowNotFoundError for workflows, where there is none."""
    row = await table.get_or_none(id=row_id, owner=owner)
    if row is None:
        if table is Workflow:
            raise WorkflowNotFoundError("There is no such workflow.")
        raise NotFoundError(f"There is no such {table.__name__.lower()}.")
    return row
