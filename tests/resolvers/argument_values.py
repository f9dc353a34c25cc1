"""What a stranger may put into each argument of the schema: around the ends of its bounds, and of wrong kinds."""

import io
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_input_field,
)
from starlette.datastructures import UploadFile

from schema.bounds import GLOBAL_ID_CHARACTERS, JSON_BYTES, characters_of, items_of

HUGE = 300_000
UNSTORABLE = ("a\x00b", "a\ud800b", "\udfff")
ODD = ("", " ", "\u202e\u05d0\u0627", "\U0001f3ac\U00020000", "%_\\'\";--", "\x01\x7f\ufffe", "1e999")
LINKS = ("https://xn--/", "https://[::1", "http://a:99999/")
LINKED = frozenset({"callbackUrl", "voiceoverUrl", "bgmUrl", "inputFile", "inputImages", "music"})
FOREIGN_IDS = ("job_99999999999999999999", "wf_-1", "acct_0", "acct_999999999999999999")
FLOATS = (0, -1, 5e-324, 1e308, -1e308, float("inf"), float("nan"), 10**400, "1")
JSONS: tuple[Any, ...] = ({}, [], 10**400, {"a": 1e308}, {"a\x00": 1}, {"a": "\ud800"})
FILE_NAMES = ("a\x00b", "a\ud800b.png", "x" * 5000, "", "../../etc/passwd")
WRONG_KINDS = (5, ["x"], {"a": 1})

Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Place:
    """An argument or input field of a root field, however deep. coordinate: as in schema.bounds."""

    operation: str
    field: str
    path: Path
    kind: GraphQLInputType
    coordinate: str

    def __str__(self) -> str:
        return f"{self.field}({'.'.join(map(str, self.path))})"


def a_file(content: bytes = b"", name: str = "a.txt") -> UploadFile:
    return UploadFile(io.BytesIO(content), filename=name)


def places(schema: GraphQLSchema) -> Iterator[Place]:
    """All arguments and input fields of all root fields, lists before their items."""
    roots = (
        ("query", schema.query_type),
        ("mutation", schema.mutation_type),
        ("subscription", schema.subscription_type),
    )
    for operation, root in roots:
        assert root is not None
        for name, field in root.fields.items():
            for argument, value in field.args.items():
                yield from _within(operation, name, (argument,), value.type, f"{root.name}.{name}({argument}:)")


def _within(operation: str, field: str, path: Path, kind: GraphQLInputType, coordinate: str) -> Iterator[Place]:
    bare = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    yield Place(operation, field, path, kind, coordinate)
    if isinstance(bare, GraphQLList):
        yield from _within(operation, field, (*path, 0), bare.of_type, coordinate)
    elif isinstance(bare, GraphQLInputObjectType):
        for name, inner in bare.fields.items():
            yield from _within(operation, field, (*path, name), inner.type, f"{bare.name}.{name}")


def values(place: Place, examples: Mapping[str, Any]) -> Iterator[tuple[Any, bool]]:
    """Values for the place, and whether they are beyond its bound, so that they must be refused there."""
    bare = place.kind.of_type if isinstance(place.kind, GraphQLNonNull) else place.kind
    name = next(step for step in reversed(place.path) if isinstance(step, str))
    yield None, False
    yield a_file(), False
    if isinstance(bare, GraphQLList):
        most, example = items_of(name, place.coordinate), example_of(bare.of_type, name, place.coordinate, examples)
        yield [], False
        yield [None], False
        yield [[example]], False
        yield [example] * (most + 1), True
        return
    if not is_leaf_type(bare):
        for wrong in ("x", 5, [], {"unknownField": 1}):
            yield wrong, False
        return
    # One wrong kind each: what kinds are is read in one place, before a resolver.
    yield WRONG_KINDS[zlib.crc32(str(place).encode()) % len(WRONG_KINDS)], False
    yield from _leaves(bare.name, name, place.coordinate)


def _leaves(kind: str, name: str, coordinate: str) -> Iterator[tuple[Any, bool]]:
    if kind in ("String", "ID"):
        most = GLOBAL_ID_CHARACTERS if kind == "ID" else characters_of(name, coordinate)
        yield from ((text, False) for text in (*UNSTORABLE, *ODD, *(LINKS if name in LINKED else ())))
        if most is not None:
            yield "x" * most, False
            yield "\U0001f3ac" * most, False
            yield "x" * (most + 1), True
            yield "x" * HUGE, True
        if kind == "ID":
            yield from (
                (text, False) for text in ("job_99999999999999999999", "wf_-1", "account_0", "acct_" + "9" * 18)
            )
    elif kind in ("Int", "Long"):
        numbers = (0, -1, 1, 2**31 - 1, -(2**31), 2**31, 2**53, 2**53 + 1, -(2**53), 10**400, 1e300, "5")
        yield from ((number, False) for number in numbers)
    elif kind == "Float":
        yield from (
            (number, False) for number in (0, -1, 5e-324, 1e308, -1e308, float("inf"), float("nan"), 10**400, "1")
        )
    elif kind == "DateTime":
        yield from (
            (text, False)
            for text in (
                "9999-12-31T23:59:59-14:00",
                "0001-01-01T00:00:00+14:00",
                "0001-01-01T00:00:00Z",
                "9999-12-31T23:59:59.999999Z",
                "2026-W10-1",
                "2026-01-31",
                "2016-12-31T23:59:60Z",
                "",
                "x" * HUGE,
                "\ud800",
            )
        )
    elif kind == "JSON":
        deep: Any = 1
        for _ in range(200):
            deep = [deep]
        yield from (
            (value, False)
            for value in (
                {},
                [],
                None,
                deep,
                10**400,
                {"a": a_file()},
                [a_file()],
                {"a\x00": 1},
                {"a": "\ud800"},
                1e308,
            )
        )
        yield {"a": "x" * JSON_BYTES}, True
        yield {"\U0001f3ac" * JSON_BYTES: 1}, True
    elif kind == "Upload":
        yield "x", False
        yield from (
            (a_file(name=text), False) for text in ("a\x00b", "a\ud800b.png", "x" * 5000, "", "../../etc/passwd")
        )
        yield a_file(b"Ann walked home.", "a\x00\ud800b.txt"), False
    else:
        yield from ((value, False) for value in ("", "NO_SUCH_VALUE", "x" * HUGE, "\x00"))


def document_of(schema: GraphQLSchema, place: Place) -> str:
    """An operation with a variable for each argument of the field."""
    field = field_of(schema, place)
    heads = ", ".join(f"${name}: {argument.type}" for name, argument in field.args.items())
    given = ", ".join(f"{name}: ${name}" for name in field.args)
    named = get_named_type(field.type)
    selected = "" if is_leaf_type(named) else " { __typename }"
    return f"{place.operation} ({heads}) {{ {place.field}({given}){selected} }}"


def roots_of(schema: GraphQLSchema) -> dict[str, GraphQLObjectType]:
    roots = {"query": schema.query_type, "mutation": schema.mutation_type, "subscription": schema.subscription_type}
    return {operation: kind for operation, kind in roots.items() if kind is not None}


def field_of(schema: GraphQLSchema, place: Place) -> GraphQLField:
    return roots_of(schema)[place.operation].fields[place.field]


def variables_with(schema: GraphQLSchema, place: Place, value: Any, examples: Mapping[str, Any]) -> dict[str, Any]:
    """The least variables of the field, with the value in its place. examples: by coordinate, else by name."""
    field = field_of(schema, place)
    first, *rest = place.path
    variables = {
        name: example_of(argument.type, name, f"{place.field}({name})", examples)
        for name, argument in field.args.items()
        if isinstance(argument.type, GraphQLNonNull) or name == first
    }
    if not rest:
        return {**variables, str(first): value}
    kind: Any = field.args[str(first)].type
    at: Any = variables[str(first)]
    for index, step in enumerate(rest):
        kind = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
        kind = kind.of_type if isinstance(step, int) else kind.fields[step].type
        if index == len(rest) - 1:
            at[step] = value
            break
        if isinstance(step, str) and at.get(step) is None:
            at[step] = example_of(kind, step, "", examples)
        at = at[step]
    return variables


def example_of(kind: GraphQLInputType, name: str, coordinate: str, examples: Mapping[str, Any]) -> Any:
    """A value of the kind that is allowed, with only the fields that must be given."""
    bare: Any = kind.of_type if isinstance(kind, GraphQLNonNull) else kind
    if isinstance(bare, GraphQLList):
        return [example_of(bare.of_type, name, coordinate, examples)]
    if isinstance(bare, GraphQLInputObjectType):
        return {
            inner: example_of(field.type, inner, f"{bare.name}.{inner}", examples)
            for inner, field in bare.fields.items()
            if is_required_input_field(field) or f"{bare.name}.{inner}" in examples
        }
    if isinstance(bare, GraphQLEnumType):
        return next(iter(bare.values))
    if bare.name == "Upload":
        return a_file()
    by_kind = {"Int": 1, "Long": 1, "Float": 1.0, "Boolean": True, "DateTime": "2026-01-31T16:30:00Z", "JSON": {}}
    return examples.get(coordinate, examples.get(name, by_kind.get(bare.name, "x")))
