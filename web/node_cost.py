"""The cost of an operation before its execution: from its document, the lists' sizes and the request's variables.

Each value of the answer costs a point: an object, a scalar, a list of scalars. What is below a list counts as often as
the list can have items. A mutation costs MUTATION_POINTS more for each of its fields, since it writes; a field of the
introspection has a fixed price, since the schema is what it is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
)

from errors import QueryTooComplexError
from web.list_sizes import ARGUMENTS, ASSUMED_SIZE, LIST_SIZES
from web.size_arguments import Size, SizeArguments, first_or_last, longest_list

MUTATION_POINTS = 10
SCHEMA_POINTS = 10_000
TYPE_POINTS = 500
MAX_STEPS = 50_000  # of one plan; far above what documents within the limits of web.graphql_limits need

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


@dataclass(frozen=True)
class Cost:
    """points: values of the answer, at most. nodes: objects among them that are items of lists, at most. most: the path
    of the field that most points come from, with the sizes of the lists on the way.
    """

    points: int
    nodes: int
    most: str = ""


@dataclass(eq=False)
class _Part:
    """A field with what is selected below it.

    size: how many items it has; None: it is no list. passed: the size of the lists of the object below that take it
    from their parent's arguments. own_points: of the field or each of its items. alternatives: for each kind of object
    that it may be, the number of its fields that are no objects, and the others; the most expensive one counts.
    """

    name: str
    size: Size | None = None
    passed: Size | None = None
    own_points: int = 1
    alternatives: list[tuple[int, "list[_Part]"]] = field(default_factory=list)


class CostPlan:
    """What can be known of an operation's cost without its variables. `cost` adds those."""

    def __init__(self, root: _Part, defaults: Mapping[str, Any]) -> None:
        self._root = root
        self._defaults = defaults
        self._constant = None if _needs_variables(root, set()) else self._cost({})

    def cost(self, variables: Mapping[str, Any] | None) -> Cost:
        """variables: as the request has them, not yet coerced. What is no usable number there counts as not given."""
        return self._constant or self._cost({**self._defaults, **(variables or {})})

    def _cost(self, variables: Mapping[str, Any]) -> Cost:
        counting = _Counting(SizeArguments(variables))
        points, nodes = counting.count(self._root, None)
        return Cost(points, nodes, counting.most(self._root, points))


class _Counting:
    """Counts one operation with its variables."""

    def __init__(self, arguments: SizeArguments) -> None:
        self._arguments = arguments
        self._counted: dict[tuple[int, int | None], tuple[int, int]] = {}

    def count(self, part: _Part, inherited: int | None) -> tuple[int, int]:
        """Points and nodes of a part. inherited: the size that its parent passes to lists below it."""
        key = (id(part), inherited)
        if key not in self._counted:
            size = self._size(part, inherited)
            passed = None if part.passed is None else part.passed(self._arguments, inherited)
            most_points = most_nodes = 0
            for leaves, parts in part.alternatives:
                counts = [self.count(inner, passed) for inner in parts]
                most_points = max(most_points, leaves + sum(points for points, _ in counts))
                most_nodes = max(most_nodes, sum(nodes for _, nodes in counts))
            times = 1 if size is None else size
            own_nodes = 0 if size is None else 1
            self._counted[key] = times * (part.own_points + most_points), times * (own_nodes + most_nodes)
        return self._counted[key]

    def _size(self, part: _Part, inherited: int | None) -> int | None:
        return None if part.size is None else part.size(self._arguments, inherited)

    def most(self, root: _Part, points: int) -> str:
        """The path to the field from which at least half of the points come, as deep as there is one."""
        steps: list[str] = []
        part, inherited, times = root, None, 1
        while True:
            passed = None if part.passed is None else part.passed(self._arguments, inherited)
            inner = [(times * self.count(inner, passed)[0], inner) for _, parts in part.alternatives for inner in parts]
            if not inner:
                break
            share, part = max(inner, key=lambda pair: pair[0])
            if share * 2 < points:
                break
            inherited = passed
            size = self._size(part, inherited)
            times *= 1 if size is None else size
            steps.append(part.name if size is None else f"{part.name}({size:,})")
        return ".".join(steps)


def cost_plan(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> CostPlan:
    """The plan of a valid operation. Raises QueryTooComplexError if already finding it takes too long."""
    root_type = schema.get_root_type(operation.operation)
    assert root_type is not None
    planning = _Planning(schema, fragments)
    root = _Part(operation.operation.value, own_points=0)
    root.alternatives = planning.alternatives(root_type, [operation.selection_set])
    if operation.operation is OperationType.MUTATION:
        root.own_points = MUTATION_POINTS * sum(leaves + len(parts) for leaves, parts in root.alternatives)
    defaults = {
        node.variable.name.value: SizeArguments({}).value(node.default_value)
        for node in operation.variable_definitions or ()
        if node.default_value is not None
    }
    return CostPlan(root, defaults)


class _Planning:
    """Makes the parts of one document. A field that is reached in several ways is made once."""

    def __init__(self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode]) -> None:
        self._schema = schema
        self._fragments = fragments
        self._parts: dict[tuple[str, tuple[int, ...]], _Part] = {}
        self._steps = 0

    def alternatives(
        self, kind: Composite, selection_sets: Sequence[SelectionSetNode]
    ) -> list[tuple[int, list[_Part]]]:
        """For each kind of object that may be there, the number of its leaves and its other fields; equal ones once."""
        found: dict[tuple[tuple[int, ...], ...], tuple[int, list[_Part]]] = {}
        members = self._schema.get_possible_types(kind) if is_abstract_type(kind) else (kind,)
        for member in members:
            assert isinstance(member, GraphQLObjectType)
            fields: dict[str, list[FieldNode]] = {}
            self._collect(member, selection_sets, fields, set())
            key = tuple(tuple(map(id, nodes)) for nodes in fields.values())
            if key not in found:
                parts = [self._part(member, nodes) for nodes in fields.values()]
                leaves = [part for part in parts if part is None]
                found[key] = (len(leaves), [part for part in parts if part is not None])
        return list(found.values())

    def _collect(
        self,
        member: GraphQLObjectType,
        selection_sets: Iterable[SelectionSetNode],
        fields: dict[str, list[FieldNode]],
        seen: set[str],
    ) -> None:
        """Adds the fields that are selected of an object of this type, by response name, like execution does."""
        for selection in (selection for selection_set in selection_sets for selection in selection_set.selections):
            self._steps += 1
            if self._steps > MAX_STEPS:
                raise QueryTooComplexError("The document is too intricate to find out what it costs.")
            if isinstance(selection, FieldNode):
                fields.setdefault((selection.alias or selection.name).value, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._applies(condition.name.value, member):
                    self._collect(member, [selection.selection_set], fields, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                fragment = self._fragments.get(selection.name.value)
                if fragment is not None and self._applies(fragment.type_condition.name.value, member):
                    self._collect(member, [fragment.selection_set], fields, seen)

    def _applies(self, condition: str, member: GraphQLObjectType) -> bool:
        kind = self._schema.get_type(condition)
        if kind is member or kind is None:
            return True
        return is_abstract_type(kind) and self._schema.is_sub_type(kind, member)

    def _part(self, parent: GraphQLObjectType, nodes: list[FieldNode]) -> _Part | None:
        """The part of a field; None: it is a leaf."""
        name = nodes[0].name.value
        if name in ("__schema", "__type"):
            return _Part(name, own_points=SCHEMA_POINTS if name == "__schema" else TYPE_POINTS)
        definition = parent.fields.get(name)
        kind: GraphQLNamedType | None = None if definition is None else get_named_type(definition.type)
        if definition is None or not isinstance(kind, Composite):
            return None
        key = (parent.name, tuple(map(id, nodes)))
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = _Part(name, *_sizes(parent, name, definition, nodes[0]))
            part.alternatives = self.alternatives(kind, [node.selection_set for node in nodes if node.selection_set])
        return part


def _sizes(
    parent: GraphQLObjectType, name: str, definition: GraphQLField, node: FieldNode
) -> tuple[Size | None, Size | None]:
    """The size of a field (None: it is no list), and the one that it passes to lists below it."""
    passed: Size | None = None
    if "first" in definition.args:
        passed = first_or_last(node, definition)
    elif definition.args:
        passed = longest_list(node)
    if not is_list_type(get_nullable_type(definition.type)):
        return None, passed
    known = LIST_SIZES.get(f"{parent.name}.{name}", ASSUMED_SIZE)
    if "first" in definition.args or (known == ARGUMENTS and definition.args):
        return passed, passed
    if known == ARGUMENTS or "pageInfo" in parent.fields:
        return inherited_size, passed
    return lambda _, __: known, passed


def inherited_size(_: SizeArguments, inherited: int | None) -> int:
    return ASSUMED_SIZE if inherited is None else inherited


def _needs_variables(part: _Part, seen: set[int]) -> bool:
    if id(part) in seen:
        return False
    seen.add(id(part))
    sizes = (part.size, part.passed)
    return any(getattr(size, "needs_variables", False) for size in sizes) or any(
        _needs_variables(inner, seen) for _, parts in part.alternatives for inner in parts
    )
