"""Refuses text that the databases cannot store, NUL characters and lone surrogates, before an operation runs.

PostgreSQL accepts no NUL in text or JSON, and neither database accepts a lone surrogate, which JSON can hold (\\ud800).
"""

from collections.abc import Iterator

from graphql import StringValueNode, Visitor, visit
from strawberry.extensions import SchemaExtension

from errors import BadInputError


class StorableText(SchemaExtension):
    """Checks the variables and literals of every operation. Raises BadInputError with the path in the variables."""

    def on_execute(self) -> Iterator[None]:
        check_variables(self.execution_context.variables or {})
        # Only an escape sequence can put such a character into a document.
        if "\\u" in (self.execution_context.query or "") and self.execution_context.graphql_document is not None:
            visit(self.execution_context.graphql_document, _LiteralCheck())
        yield


class _LiteralCheck(Visitor):
    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        _check(node.value, [])


def check_variables(variables: dict[str, object]) -> None:
    """Checks all strings in the variables. Walks without recursion, because callers control the nesting depth."""
    waiting: list[tuple[object, list[str]]] = [(variables, [])]
    while waiting:
        value, path = waiting.pop()
        if isinstance(value, str):
            _check(value, path)
        elif isinstance(value, dict):
            for name, inner in value.items():
                _check(str(name), [*path, str(name)])
                waiting.append((inner, [*path, str(name)]))
        elif isinstance(value, list):
            waiting.extend((inner, [*path, str(index)]) for index, inner in enumerate(value))


def _check(text: str, path: list[str]) -> None:
    """Raises BadInputError. Encoding finds lone surrogates fast, which matters for texts as long as a novel."""
    try:
        text.encode()
    except UnicodeEncodeError:
        is_storable = False
    else:
        is_storable = "\x00" not in text
    if not is_storable:
        shown = [step.encode("utf-8", "replace").decode().replace("\x00", "?") for step in path]
        raise BadInputError("Text must not contain NUL characters or lone surrogates.", path=shown)
