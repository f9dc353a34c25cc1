"""Text that no database stores is refused before anything runs: NUL characters, and halves of surrogate pairs.

PostgreSQL takes no NUL in text or JSON, and neither database takes a lone surrogate, which JSON can carry (\\ud800).
"""

from collections.abc import Iterator

from graphql import StringValueNode, Visitor, visit
from strawberry.extensions import SchemaExtension

from errors import BadInputError


class StorableText(SchemaExtension):
    """Looks at the variables and literals of every operation. Raises BadInputError with the path in the variables."""

    def on_execute(self) -> Iterator[None]:
        check_variables(self.execution_context.variables or {})
        # Only an escape can bring such a character into a document.
        if "\\u" in (self.execution_context.query or "") and self.execution_context.graphql_document is not None:
            visit(self.execution_context.graphql_document, _LiteralCheck())
        yield


class _LiteralCheck(Visitor):
    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        _check(node.value, [])


def check_variables(variables: dict[str, object]) -> None:
    """Walks without recursion: a caller decides how deep its values are nested."""
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
    """Encoding finds lone surrogates at the speed of C: the text may be a whole novel."""
    try:
        text.encode()
    except UnicodeEncodeError:
        is_storable = False
    else:
        is_storable = "\x00" not in text
    if not is_storable:
        shown = [step.encode("utf-8", "replace").decode().replace("\x00", "?") for step in path]
        raise BadInputError("Text must not hold NUL characters or halves of surrogate pairs.", path=shown)
