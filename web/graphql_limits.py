"""What one operation may ask for at most, measured on its document before it is validated or run.

Without limits one small request costs seconds: aliases multiply fields, and fragments multiply aliases.
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

# A parsed document takes up to 300 bytes for each character of its text.
CACHED_CHARACTERS = 200_000
LONGEST_CACHED_CHARACTERS = 16_384

_OPENING = {TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L}
_CLOSING = {TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R}


@dataclass(frozen=True)
class Limits:
    """The largest document that is run. Fields, aliases and depth are counted with fragments spread out."""

    tokens: int = 10_000
    nesting: int = 100  # brackets of any kind, so that parsing cannot exhaust the stack
    depth: int = 20  # the introspection query of GraphiQL has 15
    fields: int = 1_500
    # Validation compares all fields that end in one place of the answer, pair by pair, at about a microsecond each.
    repetitions: int = 20_000
    fragments: int = 100
    aliases: int = 200
    directives: int = 50
    root_fields: int = 100


@dataclass(frozen=True)
class Cost:
    """What a selection set comes to once its fragments are spread out."""

    depth: int = 0
    fields: int = 0
    aliases: int = 0


def check_tokens(query: str, limits: Limits) -> None:
    """Counts tokens, brackets and directives without building anything.

    Raises QueryTooComplexError, or GraphQLSyntaxError where the text is no GraphQL.
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
    """Raises QueryTooComplexError where the document, all its operations together, asks for more than the limits.

    Each fragment is measured once and its cost is added wherever it is spread, so the measuring itself is linear.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    _at_most(limits.fragments, len(fragments), "fragments")
    measure = _Measure(fragments, limits)
    fields = aliases = 0
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode):
            cost = measure.cost(definition.selection_set)
            # Fragments are counted for themselves too: those that nothing spreads are validated all the same.
            fields, aliases = fields + cost.fields, aliases + cost.aliases
            _at_most(limits.root_fields, len(definition.selection_set.selections), "fields side by side at the top")
            _at_most(limits.depth, cost.depth, "levels of fields")
            _at_most(limits.fields, fields, "fields")
            _at_most(limits.aliases, aliases, "aliases")
            _at_most(limits.repetitions, measure.pairs([definition.selection_set]), "pairs of fields in one place")


class _Measure:
    """Adds up selection sets. Raises BadInputError where a fragment spreads itself, which nothing could add up."""

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
        """How many pairs of fields come together under one name, in these sets and in all below them."""
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
                return Cost()  # validation says so
            self._open.append(name)
            self._known[name] = self.cost(self._fragments[name].selection_set, level + 1)
            self._open.pop()
        return self._known[name]


def _at_most(limit: int, count: int, what: str) -> None:
    if count > limit:
        raise QueryTooComplexError(f"The operation has more than {limit} {what}, which is the most that is taken.")


class DocumentGate:
    """Admits documents within the limits, and remembers the newest ones so that they are parsed and validated once."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._documents: OrderedDict[str, DocumentNode] = OrderedDict()
        self._characters = 0
        self._valid: set[str] = set()

    def admit(self, query: object, operation_name: str | None = None, *, streams: bool = True) -> None:
        """Raises QueryTooComplexError or BadInputError where this document must not run.

        `streams` says whether the answer may be a stream. A text that is no GraphQL passes: running it fails with the
        syntax error.
        """
        if not isinstance(query, str) or not query:
            return
        document = self._documents.get(query)
        if document is None:
            try:
                check_tokens(query, self._limits)
                document = parse(query)
            except GraphQLSyntaxError:
                return
            check_document(document, self._limits)
            if len(query) <= LONGEST_CACHED_CHARACTERS:
                self._remember(query, document)
        else:
            self._documents.move_to_end(query)
        check_choice(document, operation_name, streams=streams)
        check_idempotency(document)

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
        while self._characters > CACHED_CHARACTERS:
            oldest, _ = self._documents.popitem(last=False)
            self._characters -= len(oldest)
            self._valid.discard(oldest)


class AdmittedDocuments(SchemaExtension):
    """Hands the gate's parsed documents to Strawberry, and lets those pass that were found valid before."""

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
    """Raises BadInputError where it is open which operation is meant, or where it needs a stream and has none.

    Strawberry would run the first of several, and a subscription as if it were a query.
    """
    count = sum(isinstance(node, OperationDefinitionNode) for node in document.definitions)
    if operation_name is None and count > 1:
        raise BadInputError("The document has several operations; operationName must say which one is to run.")
    operation = get_operation_ast(document, operation_name)
    if not streams and operation is not None and operation.operation is OperationType.SUBSCRIPTION:
        raise BadInputError(
            "A subscription needs a stream: ask with Accept: text/event-stream, or over a WebSocket with "
            "graphql-transport-ws."
        )


def check_idempotency(document: DocumentNode) -> None:
    """Raises BadInputError where the request has an Idempotency-Key but not exactly one mutation."""
    if IDEMPOTENCY_KEY.get() is None:
        return
    mutations = [
        node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode) and node.operation is OperationType.MUTATION
    ]
    if mutations and (len(mutations) > 1 or _root_field_count(mutations[0]) != 1):
        raise BadInputError("An Idempotency-Key header belongs to a request with exactly one mutation.")


def _root_field_count(operation: OperationDefinitionNode) -> int:
    selections = operation.selection_set.selections
    # A fragment at the root may hold any number, so it counts as many.
    return sum(1 if isinstance(selection, FieldNode) else 2 for selection in selections)
