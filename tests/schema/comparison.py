"""Compares a schema with the contract that it promises to keep."""

from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    print_ast,
)


@dataclass
class Comparison:
    """`missing`: names of the contract that the code lacks (Type, Type.field, Type.field(argument), Enum.VALUE,
    Union.Member). `different`: what both have, but not alike, in words."""

    missing: set[str] = field(default_factory=set)
    different: list[str] = field(default_factory=list)


def compare(contract: GraphQLSchema, code: GraphQLSchema) -> Comparison:
    result = Comparison()
    for root in ("query_type", "mutation_type", "subscription_type"):
        wanted, got = getattr(contract, root), getattr(code, root)
        if wanted is not None and (got is None or got.name != wanted.name):
            result.different.append(f"{root}: {wanted.name} is {got}")
    for name, wanted in contract.type_map.items():
        if name.startswith("__"):
            continue
        got = code.type_map.get(name)
        if got is None:
            result.missing.add(name)
        elif type(got) is not type(wanted):
            result.different.append(f"{name}: a {type(wanted).__name__} is a {type(got).__name__}")
        else:
            _compare_type(result, wanted, got)
    return result


def _compare_type(result: Comparison, wanted: GraphQLNamedType, got: Any) -> None:
    if isinstance(wanted, GraphQLObjectType | GraphQLInterfaceType):
        for interface in wanted.interfaces:
            if interface.name not in {other.name for other in got.interfaces}:
                result.different.append(f"{wanted.name} does not implement {interface.name}")
        for name, wanted_field in wanted.fields.items():
            _compare_field(result, f"{wanted.name}.{name}", wanted_field, got.fields.get(name))
    elif isinstance(wanted, GraphQLInputObjectType):
        for name, wanted_field in wanted.fields.items():
            _compare_value(result, f"{wanted.name}.{name}", wanted_field, got.fields.get(name))
        for name, got_field in got.fields.items():
            if name not in wanted.fields and str(got_field.type).endswith("!"):
                result.different.append(f"{wanted.name}.{name}: a field that the contract does not know is required")
    elif isinstance(wanted, GraphQLEnumType):
        result.missing |= {f"{wanted.name}.{name}" for name in wanted.values if name not in got.values}
    elif isinstance(wanted, GraphQLUnionType):
        members = {member.name for member in got.types}
        result.missing |= {f"{wanted.name}.{member.name}" for member in wanted.types if member.name not in members}


def _compare_field(result: Comparison, name: str, wanted: Any, got: Any) -> None:
    if got is None:
        result.missing.add(name)
        return
    if str(wanted.type) != str(got.type):
        result.different.append(f"{name}: {wanted.type} is {got.type}")
    for argument, wanted_argument in wanted.args.items():
        _compare_value(result, f"{name}({argument})", wanted_argument, got.args.get(argument))
    for argument, got_argument in got.args.items():
        if argument not in wanted.args and str(got_argument.type).endswith("!"):
            result.different.append(f"{name}({argument}): an argument that the contract does not know is required")


def _compare_value(result: Comparison, name: str, wanted: Any, got: Any) -> None:
    if got is None:
        result.missing.add(name)
        return
    if str(wanted.type) != str(got.type):
        result.different.append(f"{name}: {wanted.type} is {got.type}")
    if _default(wanted) != _default(got):
        result.different.append(f"{name}: default {_default(wanted)} is {_default(got)}")


def _default(value: Any) -> str | None:
    """As it is written. Both schemas come from text, so both have it."""
    node = value.ast_node.default_value
    return None if node is None else print_ast(node)
