"""`id` is an object's own id, unique over all types: clients' stores keep objects under it (decision 0022)."""

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    get_named_type,
    is_list_type,
    is_non_null_type,
)

from models.ids import MODEL_BY_PREFIX, PREFIX_BY_MODEL
from resolvers.nodes import NODES


def identity_faults(schema: GraphQLSchema) -> list[str]:
    """Fields called id that are not a Node's own id, and Nodes that have none."""
    faults = []
    for name, type_ in schema.type_map.items():
        if not isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) or name.startswith("__"):
            continue
        is_node = name == "Node" or "Node" in {interface.name for interface in type_.interfaces}
        own = type_.fields.get("id")
        if own is not None and not is_node:
            faults.append(f"{name}.id, though {name} is no Node")
        elif own is not None and str(own.type) != "ID!":
            faults.append(f"{name}.id: {own.type}")
    return faults


def test_only_nodes_have_an_id(code: GraphQLSchema) -> None:
    assert identity_faults(code) == []


@pytest.mark.parametrize(
    ("type_", "fault"),
    [
        ("type A { id: ID! }", "A.id, though A is no Node"),
        ("type A { id: String }", "A.id, though A is no Node"),
        ("type A implements Node { id: ID! }", None),
        ("type A { targetId: ID }", None),
    ],
)
def test_the_rule_of_ids_sees(type_: str, fault: str | None) -> None:
    schema = build_schema("interface Node { id: ID! } type Query { a: A } " + type_)
    assert identity_faults(schema) == ([] if fault is None else [fault])


def test_what_lists_have_pages_of_are_nodes(code: GraphQLSchema) -> None:
    listed = {
        get_named_type(type_.fields["nodes"].type).name
        for name, type_ in code.type_map.items()
        if name.endswith("Connection") and isinstance(type_, GraphQLObjectType)
    }
    nodes = {"GenerationRecord", *(type_.name for type_ in code.get_possible_types(code.type_map["Node"]))}  # type: ignore[arg-type]
    assert len(listed) > 10
    # Sums over what names a project or work, which are the caller's words and no objects.
    assert listed - nodes == {"ProjectSummary", "WorkSummary"}


def test_every_node_has_a_prefix_of_its_own_and_a_loader(code: GraphQLSchema) -> None:
    assert len(MODEL_BY_PREFIX) == len(PREFIX_BY_MODEL)
    assert set(NODES) == set(PREFIX_BY_MODEL)
    # ImageRecord and VideoRecord share a model.
    assert len(NODES) + 1 == len(code.get_possible_types(code.type_map["Node"]))  # type: ignore[arg-type]


def test_ids_are_never_lists_of_optional_ids(code: GraphQLSchema) -> None:
    for name, type_ in code.type_map.items():
        for field_name, field in getattr(type_, "fields", {}).items():
            inner = field.type.of_type if is_non_null_type(field.type) else field.type
            if is_list_type(inner) and get_named_type(inner).name == "ID":
                assert is_non_null_type(inner.of_type), f"{name}.{field_name}"
