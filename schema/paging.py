"""Nodes, paged list fields and their connections."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

import strawberry
from strawberry.annotation import StrawberryAnnotation
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument

from schema.context import Info
from schema.enums import OrderDirection
from schema.fields import NULL_BESIDE_ERROR, given, resolved
from schema.ordering import order_input
from services.platform.paging import Orders, Page, PageRequest, page_request
from services.queries.children import ChildList, ChildrenKey, Only

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

ARGUMENTS = {
    "first": (int, "How many from the front; 20 where not given, at most 100."),
    "after": (str, "Only what comes after this cursor."),
    "last": (int, "How many from the back, at most 100."),
    "before": (str, "Only what comes before this cursor."),
    "page": (int, "A numbered page instead, from 1, with first as its size."),
}
"The paging arguments of every list. A test holds that each connection has them, and orderBy."
ORDER = "The order; null: {default}. A cursor is valid only in the order that it was returned in."


class PageArguments(FieldExtension):
    """Checks the paging arguments and passes them to the function as `request`."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders

    async def resolve_async(self, next_: Any, source: Any, info: Any, **arguments: Any) -> Any:
        wanted = given(arguments.pop("order_by", None))
        order = (
            self._orders.ordering()
            if wanted is None
            else self._orders.ordering(wanted.field.name, wanted.direction is OrderDirection.DESC)
        )
        asked = {name: given(arguments.pop(name)) for name in ARGUMENTS if name in arguments}
        return await next_(source, info, request=page_request(order, **asked), **arguments)


def paged(description: str, orders: Orders) -> Callable[[F], F]:
    """A list field whose async function takes `request`, a PageRequest, and returns a Connection.

    In the schema it has orderBy and the paging arguments instead. Invalid arguments raise BadInputError before the
    function runs. The function's return type must be nullable, so that such an error leaves the object that has the
    list in the response. orders: those that callers can choose from.
    """
    default = orders.ordering()
    arguments = [
        StrawberryArgument(
            "order_by",
            None,
            StrawberryAnnotation(order_input(orders) | None),
            description=ORDER.format(default=default),
            default=strawberry.UNSET,
        ),
        *(
            StrawberryArgument(
                name, None, StrawberryAnnotation(kind | None), description=text, default=strawberry.UNSET
            )
            for name, (kind, text) in ARGUMENTS.items()
        ),
    ]

    def decorate(function: F) -> F:
        text = f"{description} {NULL_BESIDE_ERROR}"
        field: Any = strawberry.field(description=text, extensions=[PageArguments(orders)])(function)
        own = [argument for argument in field.arguments if argument.python_name != "request"]
        field.arguments = own + arguments
        return cast(F, field)

    return decorate


@strawberry.interface(
    description="Ids are a type prefix and a snowflake number, e.g. job_7267911872356352: unique over all types, "
    "sortable by creation."
)
class Node:
    id: strawberry.ID = strawberry.field(description="The object's id, unique over all types.")


@strawberry.type(description="The position of a page in its list.")
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
    page_info: PageInfo = strawberry.field(description="The position of the page in its list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @resolved("How many items the whole list has.")
    async def total_count(self) -> int:
        return await self.count()


def connection(page: Page[Any], make: Callable[[Any], T], count: Callable[[], Awaitable[int]]) -> Connection[T]:
    """A page of rows as a connection; the whole list is counted only where totalCount is requested."""
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


async def child_connection(
    info: Info, children: ChildList, parent_id: int, request: PageRequest, make: Callable[[Any], T], only: Only = None
) -> Connection[T]:
    """A page of an object's child list. only: the value of the list's filter; None: everything."""
    loaders = info.context.loaders.children(children)
    page = await loaders.page_by_key.load(ChildrenKey(parent_id, request, only))
    return connection(page, make, lambda: loaders.count_by_key.load((parent_id, only)))
