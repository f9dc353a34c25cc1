"""The sizes of lists as the arguments of their fields give them, with the request's variables."""

from collections.abc import Callable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)

from web.list_sizes import DEFAULT_SIZE, MAX_SIZE

Size = Callable[["SizeArguments", int | None], int]


class SizeArguments:
    """The variables of a request, as far as sizes of lists are concerned."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._variables = variables
        self._longest: dict[str, int] = {}

    def value(self, node: ValueNode | None) -> Any:
        """A number, None for null, a list or object of these, or Undefined for what is not given or no number."""
        if isinstance(node, VariableNode):
            return self._variables.get(node.name.value, Undefined)
        if isinstance(node, IntValueNode):
            return int(node.value[:10])
        if isinstance(node, NullValueNode):
            return None
        if isinstance(node, ListValueNode):
            return [self.value(item) for item in node.values]
        if isinstance(node, ObjectValueNode):
            return {entry.name.value: self.value(entry.value) for entry in node.fields}
        return Undefined

    def longest(self, node: ValueNode) -> int:
        """The length of the longest list in an argument's value; 0 without any."""
        if isinstance(node, VariableNode):
            name = node.name.value
            if name not in self._longest:
                self._longest[name] = _longest(self._variables.get(name))
            return self._longest[name]
        if isinstance(node, ListValueNode):
            return max([len(node.values), *map(self.longest, node.values)])
        if isinstance(node, ObjectValueNode):
            return max((self.longest(entry.value) for entry in node.fields), default=0)
        return 0


def _longest(value: Any) -> int:
    longest, waiting = 0, [value]
    while waiting:
        inner = waiting.pop()
        if isinstance(inner, list):
            longest = max(longest, len(inner))
            waiting += inner
        elif isinstance(inner, dict):
            waiting += inner.values()
    return longest


def first_or_last(node: FieldNode, definition: GraphQLField) -> Size:
    """first, else last, else the default of first, else DEFAULT_SIZE; at most MAX_SIZE, as the server refuses more."""
    default = definition.args["first"].default_value
    otherwise = default if isinstance(default, int) else DEFAULT_SIZE
    given = {argument.name.value: argument.value for argument in node.arguments or ()}
    counted = [given[name] for name in ("first", "last") if name in given]

    def size(arguments: SizeArguments, _: int | None) -> int:
        numbers = [value for value in map(arguments.value, counted) if _is_number(value)]
        return max(0, min(numbers[0], MAX_SIZE)) if numbers else otherwise

    return _marked(size, any(isinstance(value, VariableNode) for value in counted))


def longest_list(node: FieldNode) -> Size:
    """The length of the longest list among the arguments; a single value where a list is expected counts as one."""
    values = [argument.value for argument in node.arguments or ()]

    def size(arguments: SizeArguments, _: int | None) -> int:
        return max([1, *map(arguments.longest, values)])

    return _marked(size, True)


def _marked(size: Size, needs_variables: bool) -> Size:
    size.needs_variables = needs_variables  # type: ignore[attr-defined]
    return size


def _is_number(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
