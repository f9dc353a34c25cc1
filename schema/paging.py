"""Nodes, connections, and the arguments that page through them."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Generic, TypeVar

import strawberry
from tortoise.queryset import QuerySet

from schema.context import Info
from schema.fields import resolved
from services.platform.paging import Page, PageRequest, page_request
from services.queries.children import ChildList, ChildrenKey, Only
from services.queries.lists import newest_first

T = TypeVar("T")

First = Annotated[
    int | None, strawberry.argument(description="How many from the front; 20 where not given, at most 100.")
]
After = Annotated[str | None, strawberry.argument(description="Only what comes after this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many from the back, at most 100.")]
Before = Annotated[str | None, strawberry.argument(description="Only what comes before this cursor.")]
PageNumber = Annotated[
    int | None, strawberry.argument(description="A numbered page instead, from 1, with first as its size.")
]


def given(value: Any) -> Any:
    """An argument or input field; None where it was not given."""
    return None if value is strawberry.UNSET else value


@strawberry.interface(
    description="Ids are a type prefix and a snowflake number, e.g. job_7267911872356352: unique over all types, "
    "sortable by creation."
)
class Node:
    id: strawberry.ID = strawberry.field(description="The object's id, unique over all types.")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether there is more after the page.")
    has_previous_page: bool = strawberry.field(description="Whether there is more before the page.")
    start_cursor: str | None = strawberry.field(description="The cursor of the page's first item.")
    end_cursor: str | None = strawberry.field(description="The cursor of the page's last item.")


@strawberry.type(description="An item of a list with its place.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The item's place, for after and before.")
    node: T = strawberry.field(description="The item.")


@strawberry.type(description="One page of a list.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The page's items with their cursors.")
    nodes: list[T] = strawberry.field(description="The page's items.")
    page_info: PageInfo = strawberry.field(description="Where the page lies in its list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @resolved("How many items the whole list has.")
    async def total_count(self) -> int:
        return await self.count()


def connection(page: Page[Any], make: Callable[[Any], T], count: Callable[[], Awaitable[int]]) -> Connection[T]:
    """A page of rows as a connection; the whole is only counted where totalCount is asked for."""
    nodes = [make(row) for row in page.rows]
    return Connection(
        edges=[Edge(cursor=cursor, node=node) for cursor, node in zip(page.cursors, nodes, strict=True)],
        nodes=nodes,
        page_info=PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=page.cursors[0] if page.cursors else None,
            end_cursor=page.cursors[-1] if page.cursors else None,
        ),
        count=count,
    )


async def listed(query: QuerySet[Any], request: PageRequest, make: Callable[[Any], T]) -> Connection[T]:
    """A page of an owned query, the newest first: one statement, and another where totalCount is asked for."""

    async def count() -> int:
        return await query.count()

    return connection(await newest_first(query, request), make, count)


async def child_connection(
    info: Info,
    children: ChildList,
    parent_id: int,
    make: Callable[[Any], T],
    *,
    first: int | None,
    after: str | None,
    only: Only = None,
) -> Connection[T]:
    """A page of what hangs on an object."""
    loaders = info.context.loaders.children(children)
    page = await loaders.page_by_key.load(
        ChildrenKey(parent_id, page_request(first=given(first), after=given(after)), only)
    )
    return connection(page, make, lambda: loaders.count_by_key.load((parent_id, only)))
