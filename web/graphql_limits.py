"""Limits of the size of GraphQL documents, checked before validation.

Without limits a small request can cost seconds, since aliases multiply fields and fragments multiply aliases.
"""

import re
from dataclasses import dataclass

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from errors import BadInputError, QueryTooComplexError

# Comments, names, numbers, block strings, strings, the spread, and any other character; white space, commas and byte
# order marks are skipped. The possessive quantifiers keep a hostile text from making the search go back.
_TOKEN = re.compile(
    r'''\#[^\n\r]*+
    | [_A-Za-z][_0-9A-Za-z]*+
    | -?[0-9][0-9.eE+-]*+
    | """(?:[^"\\]|\\"""|\\|"(?!""))*+"""
    | "(?!"")(?:[^"\\\n\r]|\\.)*+"
    | \.\.\.
    | [^\s,\ufeff]
    ''',
    re.VERBOSE,
)


_OPENING = frozenset("{[(")
_CLOSING = frozenset("}])")


@dataclass(frozen=True)
class Limits:
    """Limits of a document. Fields, aliases and depth are counted with fragments expanded."""

    characters: int = 65_536
    tokens: int = 5_000
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


def check_text(query: str, limits: Limits) -> None:
    """Raises QueryTooComplexError if the text has too many characters, tokens, nested brackets, or directives.

    Costs a fraction of parsing, so that it may run on the event loop. The tokens are found by a pattern that agrees
    with GraphQL's grammar for all documents without syntax errors; for others it may find more than the parser reads.
    """
    _at_most(limits.characters, len(query), "characters")
    tokens = nesting = directives = 0
    for found in _TOKEN.finditer(query):
        part = found[0]
        if part[0] == "#":
            continue
        tokens += 1
        if part in _OPENING:
            nesting += 1
        elif part in _CLOSING:
            nesting -= 1
        elif part == "@":
            directives += 1
        if tokens > limits.tokens:
            _at_most(limits.tokens, tokens, "tokens")
        if nesting > limits.nesting:
            _at_most(limits.nesting, nesting, "levels of brackets")
        if directives > limits.directives:
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
