"""Filter values and pages of the root lists."""

from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

import strawberry

from resolvers.ids import number_of
from schema.fields import given
from schema.paging import Connection, connection
from services.platform.paging import PageRequest
from services.queries.row_lists import RowList, Where, row_count, row_page

T = TypeVar("T")

ListFilter = Annotated[T | None, strawberry.argument(description="Which to list; null: all.")]


async def listed(
    owner: str, rows: RowList, where: Where, request: PageRequest, build: Callable[[Any], T]
) -> Connection[T]:
    """A page of the owner's rows for which the conditions hold; they are counted only where totalCount is requested."""

    async def count() -> int:
        return await row_count(rows, owner, where)

    return connection(await row_page(rows, owner, where, request), build, count)


def several(values: Sequence[T] | None) -> tuple[T, ...] | None:
    """The values of a filter's list; None where it was omitted or is null."""
    return None if given(values) is None else tuple(values or ())


def filter_id(global_id: strawberry.ID | None, model: str) -> int | None:
    """The number of a filter's id; None where it was omitted or is null. An id that is not one of that model gives 0,
    which matches no row, as does the id of another owner's row.
    """
    return None if given(global_id) is None else number_of(str(global_id), model) or 0
