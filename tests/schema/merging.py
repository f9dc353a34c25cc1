"""Which fields of types that can be selected together cannot be merged into one response."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
)


@dataclass
class Merging:
    """Finds conflicts by the GraphQL specification's rule SameResponseShape (5.3.2), over all depths: two fields of one
    name need the same lists and non-nulls, and the same type where one is a scalar or an enum; the fields of two
    objects are merged in turn.
    """

    schema: GraphQLSchema
    seen: set[frozenset[str]] = field(default_factory=set)

    def conflicts(self, abstract: str) -> list[str]:
        """Conflicts of the members of a union or interface, as "A.name: Int, B.name: Int!"."""
        self.seen.clear()
        members = self._objects(self.schema.type_map[abstract])
        return [
            found for index, one in enumerate(members) for other in members[index:] for found in self._of(one, other)
        ]

    def _objects(self, type_: Any) -> list[GraphQLObjectType]:
        return list(self.schema.get_possible_types(type_)) if is_abstract_type(type_) else [type_]

    def _of(self, one: GraphQLObjectType, other: GraphQLObjectType) -> Iterator[str]:
        pair = frozenset((one.name, other.name))
        if one is other or pair in self.seen:
            return
        self.seen.add(pair)
        for name in (name for name in one.fields if name in other.fields):
            left, right = one.fields[name].type, other.fields[name].type
            inner, outer = get_named_type(left), get_named_type(right)
            if _wrappers(left) != _wrappers(right) or ((is_leaf_type(inner) or is_leaf_type(outer)) and inner != outer):
                yield f"{one.name}.{name}: {left}, {other.name}.{name}: {right}"
            elif not is_leaf_type(inner):
                for a in self._objects(inner):
                    for b in self._objects(outer):
                        yield from self._of(a, b)


def _wrappers(type_: GraphQLOutputType) -> str:
    return str(type_).replace(get_named_type(type_).name, "")


def selection(
    schema: GraphQLSchema, type_: Any, depth: int, leave_out: Iterable[str] = (), of_nodes: Iterable[str] = ()
) -> str:
    """All fields of all members of a type, and of what these have, down to that depth. of_nodes: the fields to leave
    out of a field that is any node.
    """
    if is_leaf_type(type_):
        return ""
    if is_abstract_type(type_):
        members = schema.get_possible_types(type_)
        parts = [f"... on {member.name} {selection(schema, member, depth, leave_out, of_nodes)}" for member in members]
        return f"{{ __typename {' '.join(parts)} }}"
    names = []
    for name, inner in type_.fields.items():
        kind = get_named_type(inner.type)
        if name not in leave_out and (is_leaf_type(kind) or depth > 1):
            left_out = of_nodes if kind.name == "Node" else ()
            names.append(f"{name} {selection(schema, kind, depth - 1, left_out, of_nodes)}")
    return f"{{ __typename {' '.join(names)} }}"
