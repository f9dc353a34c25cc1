"""Limits of GraphQL documents, checked before validation and execution.

Without limits a small request can cost seconds, since aliases multiply fields and fragments multiply aliases.
"""

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    TokenKind,
    get_operation_ast,
    parse,
)
from graphql.language.lexer import Lexer
from graphql.language.source import Source
from strawberry.extensions import SchemaExtension

from errors import BadInputError, QueryTooComplexError
from services.platform.identity import IDEMPOTENCY_KEY

# A parsed document takes up to 300 bytes per character of its text.
MAX_CACHED_CHARACTERS = 200_000
MAX_CACHED_DOCUMENT_CHARACTERS = 16_384

_OPENING = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
_CLOSING = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}


@dataclass(frozen=True)
class Limits:
    """Limits of a document. Fields, aliases and depth are counted with fragments expanded."""

    tokens: int = 10_000
    nesting: int = 100  # brackets of all kinds; keeps parsing from exhausting the stack
    depth: int = 20  # the introspection query of GraphiQL has 15
    fields: int = 1_500
    # Validation compares all fields with the same response name pairwise, at about a microsecond per pair.
    repetitions: int = 20_000
    fragments: int = 100
    aliases: int = 200
    directives: int = 50
    root_fields: int = 100


@dataclass(frozen=True)
class Cost:
    """Size of a selection set with fragments expanded."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


def check_tokens(query: str, limits: Limits) -> None:
    """Counts tokens, brackets and directives without parsing.

    Raises QueryTooComplexError, or GraphQLSyntaxError if the text is not GraphQL.
    """
    lexer = Lexer(Source(query))
    tokens = nesting = directives = 0
    while (token := lexer.advance()).kind is not TokenKind.EOF:
        tokens += 1
        if token.kind in _OPENING:
            nesting += 1
        elif token.kind in _CLOSING:
            nesting -= 1
        elif token.kind is TokenKind.AT:
            directives += 1
        _at_most(limits.tokens, tokens, "tokens")
        _at_most(limits.nesting, nesting, "levels of brackets")
        _at_most(limits.directives, directives, "directives")


def check_document(document: DocumentNode, limits: Limits) -> None:
    """Raises QueryTooComplexError if the document, with all its operations, exceeds the limits.

    Each fragment is measured once and its cost is added wherever it is spread, so measuring takes linear time.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    _at_most(limits.fragments, len(fragments), "fragments")
    measure = _Measure(fragments, limits)
    fields = aliases = 0
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            cost = measure.cost(definition.selection_set)
            # Fragment definitions are counted too, since validation covers unused fragments.
            fields, aliases = fields + cost.fields, aliases + cost.aliases
            _at_most(limits.root_fields, len(definition.selection_set.selections), "root fields")
            _at_most(limits.depth, cost.depth, "levels of fields")
            _at_most(limits.fields, fields, "fields")
            _at_most(limits.aliases, aliases, "aliases")
            _at_most(
                limits.repetitions,
                measure.pairs([definition.selection_set]),
                "pairs of fields with the same response name",
            )


class _Measure:
    """Measures selection sets. Raises BadInputError if a fragment spreads itself."""

    def __init__(self, fragments: dict[str, FragmentDefinitionNode], limits: Limits) -> None:
        self._fragments = fragments
        self._limits = limits
        self._known: dict[str, Cost] = {}
        self._open: list[str] = []

    def cost(self, selection_set: SelectionSetNode | None, level: int = 1) -> Cost:
        _at_most(self._limits.nesting, level, "levels of fragments")
        depth = fields = aliases = 0
        for selection in selection_set.selections if selection_set is not None else ():
            if isinstance(selection, FragmentSpreadNode):
                inner, own = self._fragment(selection.name.value, level), 0
            elif isinstance(selection, InlineFragmentNode):
                inner, own = self.cost(selection.selection_set, level + 1), 0
            else:
                assert isinstance(selection, FieldNode)
                inner = self.cost(selection.selection_set, level + 1) if selection.selection_set else Cost()
                own = 1
                aliases += selection.alias is not None
            depth = max(depth, inner.depth + own)
            fields += inner.fields + own
            aliases += inner.aliases
        return Cost(depth, fields, aliases)

    def pairs(self, selection_sets: list[SelectionSetNode]) -> int:
        """The number of pairs of fields with the same response name, in these selection sets and all nested ones."""
        places: dict[str, list[FieldNode]] = {}
        self._gather(selection_sets, places, set())
        total = 0
        for fields in places.values():
            total += len(fields) * (len(fields) - 1) // 2
            total += self.pairs([field.selection_set for field in fields if field.selection_set is not None])
        return total

    def _gather(
        self, selection_sets: list[SelectionSetNode], places: dict[str, list[FieldNode]], seen: set[str]
    ) -> None:
        for selection in (selection for selection_set in selection_sets for selection in selection_set.selections):
            if isinstance(selection, FieldNode):
                places.setdefault((selection.alias or selection.name).value, []).append(selection)
            elif isinstance(selection, InlineFragmentNode):
                self._gather([selection.selection_set], places, seen)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in seen:
                seen.add(selection.name.value)
                if fragment := self._fragments.get(selection.name.value):
                    self._gather([fragment.selection_set], places, seen)

    def _fragment(self, name: str, level: int) -> Cost:
        if name not in self._known:
            if name in self._open:
                raise BadInputError(f"The fragment {name} spreads itself.")
            if name not in self._fragments:
                return Cost()  # validation reports it
            self._open.append(name)
            self._known[name] = self.cost(self._fragments[name].selection_set, level + 1)
            self._open.pop()
        return self._known[name]


def _at_most(limit: int, count: int, what: str) -> None:
    if count > limit:
        raise QueryTooComplexError(f"The operation has more than the allowed {limit} {what}.")


class DocumentGate:
    """Checks documents against the limits and caches recent ones, so that they are parsed and validated once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()
        self._characters = 0
        self._valid: set[str] = set()

    def admit(
        self, query: object, operation_name: str | None = None, *, streams: bool = True
    ) -> OperationDefinitionNode | None:
        """The operation that is to be executed; None if the text is not GraphQL, or has no such operation, which its
        execution reports.

        streams: whether the response can be a stream. Raises QueryTooComplexError or BadInputError if the document must
        not be executed.
        """
        if not isinstance(query, str) or not query:
            return None
        document = self._documents.get(query)
        if document is None:
            try:
                check_tokens(query, self._limits)
                document = parse(query)
            except GraphQLSyntaxError:
                return None
            check_document(document, self._limits)
            if len(query) <= MAX_CACHED_DOCUMENT_CHARACTERS:
                self._remember(query, document)
        else:
            self._documents.move_to_end(query)
        check_choice(document, operation_name, streams=streams)
        check_idempotency(document)
        return get_operation_ast(document, operation_name)

    def document(self, query: str) -> DocumentNode | None:
        return self._documents.get(query)

    def is_valid(self, query: str) -> bool:
        return query in self._valid

    def set_valid(self, query: str) -> None:
        if query in self._documents:
            self._valid.add(query)

    def _remember(self, query: str, document: DocumentNode) -> None:
        self._documents[query] = document
        self._characters += len(query)
        while self._characters > MAX_CACHED_CHARACTERS:
            oldest, _ = self._documents.popitem(last=False)
            self._characters -= len(oldest)
            self._valid.discard(oldest)


class AdmittedDocuments(SchemaExtension):
    """Passes the gate's parsed documents to Strawberry, and skips validation of documents known to be valid."""

    def __init__(self, gate: DocumentGate) -> None:
        self._gate = gate

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query and context.graphql_document is None:
            context.graphql_document = self._gate.document(context.query)
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        query = context.query or ""
        if self._gate.is_valid(query):
            context.pre_execution_errors = []
        yield
        if not context.pre_execution_errors:
            self._gate.set_valid(query)


def check_choice(document: DocumentNode, operation_name: str | None, *, streams: bool) -> None:
    """Raises BadInputError if the operation is ambiguous, or is a subscription without a stream.

    Strawberry would run the first of several operations, and a subscription like a query.
    """
    count = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    if operation_name is None and count > 1:
        raise BadInputError("The document has several operations; operationName must name the one to execute.")
    operation = get_operation_ast(document, operation_name)
    if not streams and operation is not None and operation.operation is OperationType.SUBSCRIPTION:
        raise BadInputError(
            "A subscription needs a stream: send Accept: text/event-stream, or use a WebSocket with "
            "graphql-transport-ws."
        )


def check_idempotency(document: DocumentNode) -> None:
    """Raises BadInputError if the request has an Idempotency-Key but not exactly one mutation."""
    if IDEMPOTENCY_KEY.get() is None:
        return
    mutations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
    ]
    if mutations and (len(mutations) > 1 or _root_field_count(mutations[0]) != 1):
        raise BadInputError("An Idempotency-Key header requires a request with exactly one mutation.")


def _root_field_count(operation: OperationDefinitionNode) -> int:
    selections = operation.selection_set.selections
    # A fragment at the root may contain any number of fields, so it counts as more than one.
    return sum(1 if isinstance(selection, FieldNode) else 2 for selection in selections)
