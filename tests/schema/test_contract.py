from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema

import resolvers
from schema import print_sdl
from tests.schema.comparison import compare

HERE = Path(__file__).parent
SCHEMA_FOLDER = HERE.parents[1] / "schema"


@pytest.fixture(scope="module")
def contract() -> GraphQLSchema:
    return build_schema((HERE / "contract.graphql").read_text("utf-8"))


@pytest.fixture(scope="module")
def code() -> GraphQLSchema:
    return build_schema(print_sdl(resolvers.schema))


def absent_names() -> list[str]:
    lines = (SCHEMA_FOLDER / "absent.txt").read_text("utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def test_what_is_built_is_as_the_contract_says(contract: GraphQLSchema, code: GraphQLSchema) -> None:
    assert compare(contract, code).different == []


def test_exactly_what_absent_txt_names_is_missing(contract: GraphQLSchema, code: GraphQLSchema) -> None:
    assert sorted(compare(contract, code).missing) == sorted(absent_names())


def test_absent_txt_is_in_order_and_names_nothing_twice() -> None:
    names = absent_names()
    assert names == sorted(set(names))


def test_the_committed_sdl_is_the_codes() -> None:
    assert (SCHEMA_FOLDER / "schema.graphql").read_text("utf-8") == print_sdl(resolvers.schema)


def test_everything_has_a_description(code: GraphQLSchema) -> None:
    bare = []
    for name, type_ in code.type_map.items():
        if name.startswith("__") or name in {"ID", "String", "Int", "Float", "Boolean"}:
            continue
        if not type_.description:
            bare.append(name)
        for field_name, field in getattr(type_, "fields", {}).items():
            if not field.description:
                bare.append(f"{name}.{field_name}")
            bare += [
                f"{name}.{field_name}({argument})"
                for argument, value in getattr(field, "args", {}).items()
                if not value.description
            ]
        bare += [f"{name}.{value}" for value, it in getattr(type_, "values", {}).items() if not it.description]
    assert bare == []


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        ("type Query { a(n: Int = 1): Int! } input I { x: Int = 2 }", "Query.a: Int is Int!"),
        ("type Query { a(n: Int = 2): Int } input I { x: Int = 2 }", "Query.a(n): default 1 is 2"),
        ("type Query { a(n: Int = 1): Int } input I { x: Int }", "I.x: default 2 is None"),
        ("type Query { a(n: Int = 1): Int } input I { x: Int = 2, y: Int! }", "I.y: a field that the contract"),
        ("type Query { a(n: Int = 1, m: Int!): Int } input I { x: Int = 2 }", "Query.a(m): an argument that"),
        ("type Query { a(n: Int = 1): Int } type I { x: Int }", "I: a GraphQLInputObjectType is a GraphQLObjectType"),
    ],
)
def test_the_comparison_sees(changed: str, difference: str) -> None:
    contract = build_schema("type Query { a(n: Int = 1): Int } input I { x: Int = 2 }")
    assert [text for text in compare(contract, build_schema(changed)).different if text.startswith(difference)]


def test_the_comparison_names_what_is_missing() -> None:
    contract = build_schema("type Query { a(n: Int): U b: Int } type A { x: E } enum E { V W } union U = A | Query")
    code = build_schema("type Query { a: U c(n: Int): Int } type A { x: E } enum E { V } union U = A")
    assert compare(contract, code).missing == {"Query.a(n)", "Query.b", "E.W", "U.Query"}
