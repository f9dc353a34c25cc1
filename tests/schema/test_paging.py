"""List fields that are read in pages: what callers see, and what the function is handed."""

import pytest
import strawberry
from graphql import (
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    build_schema,
    get_named_type,
)
from strawberry.dataloader import DataLoader

import resolvers
from errors import BadInputError
from schema import print_sdl
from schema.links import linked, linked_list
from schema.paging import Connection, connection, paged
from services.platform.paging import OLDEST_FIRST, Ordering, Page, PageRequest, Position, encode_cursor
from services.queries.orders import PART_ORDERS

CURSOR = encode_cursor(Position(5, 5), OLDEST_FIRST)
DESCENDING = Ordering("FINISHED_AT", PART_ORDERS.sorts["FINISHED_AT"], is_descending=True)


@strawberry.type
class Query:
    seen: strawberry.Private[list[PageRequest]]

    @paged("Numbers, from a least one.", PART_ORDERS)
    async def forward(self, request: PageRequest, least: int = 0) -> Connection[int]:
        return self.numbers(request, least)

    @paged("Numbers.", PART_ORDERS)
    async def both(self, request: PageRequest) -> Connection[int]:
        return self.numbers(request, 0)

    def numbers(self, request: PageRequest, least: int) -> Connection[int]:
        async def count() -> int:
            raise AssertionError("nobody asked for totalCount")

        self.seen.append(request)
        return connection(Page((least, least + 1), ("a", "b"), True, False), lambda number: number, count)


SCHEMA = strawberry.Schema(query=Query)


async def requested(document: str) -> PageRequest:
    root = Query(seen=[])
    result = await SCHEMA.execute(document, root_value=root)
    assert result.errors is None
    (request,) = root.seen
    return request


def test_callers_see_the_arguments_that_page_and_no_request() -> None:
    printed = SCHEMA.as_str()
    assert "forward(\n    least: Int! = 0\n" in printed
    arguments = printed[printed.index("both(") : printed.index("): IntConnection", printed.index("both("))]
    assert [
        line.split(":")[0].strip() for line in arguments.splitlines() if line.endswith(("Int", "String", "JobOrder"))
    ] == [
        "orderBy",
        "first",
        "after",
        "last",
        "before",
        "page",
    ]
    assert "request:" not in printed


async def test_the_function_is_handed_the_page_that_is_asked_for() -> None:
    assert await requested("{ forward { nodes } }") == PageRequest()
    asked = f'{{ forward(first: 3, after: "{CURSOR}", least: 2) {{ nodes }} }}'
    assert await requested(asked) == PageRequest(size=3, after=Position(5, 5))
    assert await requested("{ both(last: 4) { nodes } }") == PageRequest(size=4, is_backward=True)
    assert await requested("{ both(page: 2, first: 10) { nodes } }") == PageRequest(size=10, number=2)


async def test_null_is_as_if_it_was_left_out() -> None:
    assert await requested("{ both(first: null, after: null, page: null) { nodes } }") == PageRequest()


async def test_other_arguments_go_through() -> None:
    result = await SCHEMA.execute("{ forward(least: 4) { nodes pageInfo { endCursor } } }", root_value=Query(seen=[]))
    assert result.data == {"forward": {"nodes": [4, 5], "pageInfo": {"endCursor": "b"}}}


async def test_the_order_that_is_asked_for_is_handed_on_and_a_cursor_of_another_refused() -> None:
    asked = "orderBy: { field: FINISHED_AT, direction: DESC }"
    assert await requested(f"{{ both({asked}) {{ nodes }} }}") == PageRequest(order=DESCENDING)
    assert await requested("{ both(orderBy: null) { nodes } }") == PageRequest()
    root = Query(seen=[])
    result = await SCHEMA.execute(f'{{ both({asked}, after: "{CURSOR}") {{ nodes }} }}', root_value=root)
    assert result.errors is not None
    assert "ordered by FINISHED_AT DESC" in result.errors[0].message
    assert root.seen == []


@pytest.mark.parametrize("arguments", ["first: 0", "first: 101", "first: 1, last: 1", 'after: "x"', "page: 0"])
async def test_a_page_that_cannot_be_is_refused_before_the_function_runs(arguments: str) -> None:
    root = Query(seen=[])
    result = await SCHEMA.execute(f"{{ both({arguments}) {{ nodes }} }}", root_value=root)
    assert result.errors is not None
    assert isinstance(result.errors[0].original_error, BadInputError)
    assert root.seen == []


async def test_a_link_without_a_key_or_row_is_none_and_asks_for_no_key_in_vain() -> None:
    asked: list[int] = []

    async def load(keys: list[int]) -> list[str | None]:
        asked.extend(keys)
        return ["row" if key == 1 else None for key in keys]

    loader: DataLoader[int, str | None] = DataLoader(load_fn=load)
    assert [await linked(loader, key, str.upper) for key in (None, 1, 2)] == [None, "ROW", None]
    assert asked == [1, 2]


async def test_a_list_of_links_keeps_the_loaders_order() -> None:
    async def load(keys: list[int]) -> list[tuple[str, ...]]:
        return [("b", "a") for _ in keys]

    loader: DataLoader[int, tuple[str, ...]] = DataLoader(load_fn=load)
    assert await linked_list(loader, 1, str.upper) == ["B", "A"]
    assert await linked_list(loader, None, str.upper) == []


def connection_fields() -> dict[str, GraphQLField]:
    """All fields of the API that are lists in pages."""
    schema = build_schema(print_sdl(resolvers.schema))
    return {
        f"{name}.{field_name}": field
        for name, kind in schema.type_map.items()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
        for field_name, field in kind.fields.items()
        if get_named_type(field.type).name.endswith("Connection")
    }


def test_every_list_in_pages_has_the_same_arguments_a_count_and_an_order() -> None:
    found = connection_fields()
    assert len(found) == 21
    for name, field in found.items():
        arguments = {argument: str(value.type) for argument, value in field.args.items()}
        expected = {"first": "Int", "after": "String", "last": "Int", "before": "String", "page": "Int"}
        assert arguments.items() >= expected.items(), name
        order = get_named_type(field.args["orderBy"].type)
        assert isinstance(order, GraphQLInputObjectType), name
        assert str(field.args["orderBy"].type) == order.name, name
        assert {part: str(value.type) for part, value in order.fields.items()} == {
            "field": f"{order.name}Field!",
            "direction": "OrderDirection!",
        }, name
        connection_type = get_named_type(field.type)
        assert isinstance(connection_type, GraphQLObjectType), name
        assert {part: str(value.type) for part, value in connection_type.fields.items()}.items() >= {
            "totalCount": "Int!",
            "pageInfo": "PageInfo!",
        }.items(), name
        assert {"edges", "nodes"} <= set(connection_type.fields), name
