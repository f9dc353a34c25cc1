"""Members of a union or an interface can be selected together (decision 0022)."""

import pytest
from graphql import (
    FieldsOnCorrectTypeRule,
    GraphQLSchema,
    OverlappingFieldsCanBeMergedRule,
    ScalarLeafsRule,
    build_schema,
    is_abstract_type,
    parse,
    validate,
)

from tests.schema.merging import Merging, selection

# Of all objects there are, these fields have types of their own; a document that asks `nodes` for several kinds gives
# them aliases. The list may only shrink.
DIFFERENT_OVER_ALL_NODES = {
    "assets",
    "attempts",
    "creditsSpent",
    "durationSeconds",
    "kind",
    "message",
    "priority",
    "shots",
    "stage",
    "startedAt",
    "status",
    "storyboardId",
    "type",
}


def abstract_names(schema: GraphQLSchema) -> list[str]:
    return [name for name, type_ in schema.type_map.items() if is_abstract_type(type_) and not name.startswith("__")]


def test_a_field_has_one_type_in_all_members(code: GraphQLSchema) -> None:
    merging = Merging(code)
    names = abstract_names(code)
    assert {"JobResult", "WorkflowEvent", "GenerationRecord", "Node"} <= set(names)
    assert [found for name in names if name != "Node" for found in merging.conflicts(name)] == []


def test_over_all_nodes_only_known_fields_differ(code: GraphQLSchema) -> None:
    found = {text.split(":")[0].split(".")[1] for text in Merging(code).conflicts("Node")}
    assert found <= DIFFERENT_OVER_ALL_NODES


@pytest.mark.parametrize("depth", [1, 2])
def test_a_document_with_all_fields_of_all_members_is_valid(code: GraphQLSchema, depth: int) -> None:
    rules = [OverlappingFieldsCanBeMergedRule, FieldsOnCorrectTypeRule, ScalarLeafsRule]
    for name in abstract_names(code):
        leave_out = DIFFERENT_OVER_ALL_NODES if name == "Node" else ()
        text = (
            f"fragment All on {name} {selection(code, code.type_map[name], depth, leave_out, DIFFERENT_OVER_ALL_NODES)}"
        )
        assert validate(code, parse(text), rules, max_errors=5) == [], name


@pytest.mark.parametrize(
    ("types", "conflicts"),
    [
        ("type A { x: Int } type B { x: Int! }", ["A.x: Int, B.x: Int!"]),
        ("type A { x: Int } type B { x: [Int] }", ["A.x: Int, B.x: [Int]"]),
        ("type A { x: E } type B { x: F } enum E { V } enum F { V }", ["A.x: E, B.x: F"]),
        ("type A { x: C } type B { x: D } type C { y: Int } type D { y: Int }", []),
        ("type A { x: C } type B { x: D } type C { y: Int } type D { y: Float }", ["C.y: Int, D.y: Float"]),
        ("type A { x: V } type B { x: Int } union V = C type C { y: Int }", ["A.x: V, B.x: Int"]),
    ],
)
def test_the_rule_sees(types: str, conflicts: list[str]) -> None:
    schema = build_schema(f"type Query {{ u: U }} union U = A | B {types}")
    assert Merging(schema).conflicts("U") == conflicts
    text = f"fragment All on U {selection(schema, schema.type_map['U'], 3)}"
    assert (validate(schema, parse(text), [OverlappingFieldsCanBeMergedRule]) == []) == (conflicts == [])
