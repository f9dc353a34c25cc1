"""Admits operations: parses, validates and measures documents once, and charges their owner what they cost."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    get_operation_ast,
    parse,
    specified_rules,
    validate,
)

from errors import BadInputError, QueryTooComplexError
from services.platform.rate_budget import charge
from web.graphql_limits import check_document, check_text
from web.node_cost import Cost, CostPlan, cost_plan
from web.operation_limits import OperationLimits
from web.operation_rules import check_choice, check_idempotency
from web.variable_limits import check_variables

# A parsed document takes up to 300 bytes per character of its text.
MAX_CACHED_CHARACTERS = 200_000
MAX_CACHED_DOCUMENT_CHARACTERS = 16_384
# Longer documents are parsed and validated in a thread: the loop must not wait for them. Shorter ones take less time
# than other requests' operations do.
MAX_INLINE_CHARACTERS = 4_096
MAX_ERRORS = 10
MAX_ERRORS_OF_LONG_DOCUMENTS = 3  # an error of graphql-core's may print the whole document
# Of parsing and validating, which takes about as long as this many values of an answer.
CHARACTERS_PER_POINT = 16


@dataclass(eq=False)
class Prepared:
    """A document that was parsed and validated. document: None if it is not GraphQL; errors say why, or why it is not
    valid. plans: of the operations that were asked for, by operationName.
    """

    query: str
    document: DocumentNode | None
    errors: list[GraphQLError]
    plans: dict[str | None, CostPlan | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Admission:
    """An operation that may be executed. cost: None if it is not valid. points_left: of the owner's budget; None if
    there is none.
    """

    prepared: Prepared
    cost: Cost | None
    max_points: int
    points_left: float | None
    operation: OperationDefinitionNode | None = None

    @property
    def is_subscription(self) -> bool:
        return self.operation is not None and self.operation.operation is OperationType.SUBSCRIPTION


# The admission of the operation that is being executed; set by `DocumentGate.admit`.
ADMISSION: ContextVar[Admission | None] = ContextVar("admission", default=None)


class DocumentGate:
    """Admits operations of one schema; recent documents are kept, so that they are parsed and validated once."""

    def __init__(self, schema: GraphQLSchema, limits: OperationLimits, *, introspection: bool = True) -> None:
        self._schema = schema
        self._limits = limits
        self._introspection = introspection
        self._rules = specified_rules if introspection else (*specified_rules, NoSchemaIntrospectionCustomRule)
        self._documents: OrderedDict[str, Prepared] = OrderedDict()
        self._characters = 0

    async def admit(
        self,
        query: object,
        variables: object = None,
        operation_name: object = None,
        *,
        owner: str,
        streams: bool = True,
    ) -> Admission | None:
        """Checks an operation, charges its cost to its owner, and sets ADMISSION for this task.

        Raises BadInputError for wrong types, QueryTooComplexError beyond a limit, RateLimitedError where the owner's
        budget is used up; then nothing was charged but the parsing of a new document. A document that is not GraphQL or
        not valid is admitted: its execution ends with the errors. None: there is no document. streams: whether the
        response can be a stream.
        """
        ADMISSION.set(None)
        if query is None or query == "":
            return None
        if not isinstance(query, str):
            raise BadInputError("`query` must be a string.")
        if not isinstance(variables, dict | None):
            raise BadInputError("`variables` must be an object or null.")
        if not isinstance(operation_name, str | None):
            raise BadInputError("`operationName` must be a string or null.")
        if variables:
            check_variables(variables, self._limits.variables)
        prepared = await self._prepared(query, owner)
        cost = operation = None
        if prepared.document is not None:
            operation = get_operation_ast(prepared.document, operation_name)
            check_choice(prepared.document, operation_name, streams=streams)
            check_idempotency(prepared.document)
            cost = self.cost(prepared, variables, operation_name)
        left = await self._charge(owner, 1 if cost is None else max(1, cost.points))
        admission = Admission(prepared, cost, self._limits.max_points, left, operation)
        ADMISSION.set(admission)
        return admission

    async def _prepared(self, query: str, owner: str) -> Prepared:
        known = self._documents.get(query)
        if known is not None:
            self._documents.move_to_end(query)
            return known
        check_text(query, self._limits.document)
        await self._charge(owner, len(query) // CHARACTERS_PER_POINT)
        if len(query) > MAX_INLINE_CHARACTERS:
            prepared = await asyncio.to_thread(self.prepare, query)
        else:
            prepared = self.prepare(query)
        if len(query) <= MAX_CACHED_DOCUMENT_CHARACTERS and query not in self._documents:
            self._remember(prepared)
        return prepared

    def prepare(self, query: str) -> Prepared:
        """Parses and validates; runs in any thread. Raises QueryTooComplexError or BadInputError beyond a limit."""
        try:
            document = parse(query)
        except GraphQLError as error:
            # Its traceback would keep the parser's frames as long as the document is kept.
            return Prepared(query, None, [error.with_traceback(None)])
        check_document(document, self._limits.document)
        errors = validate(
            self._schema,
            document,
            self._rules,
            max_errors=MAX_ERRORS if len(query) <= MAX_INLINE_CHARACTERS else MAX_ERRORS_OF_LONG_DOCUMENTS,
            hide_suggestions=not self._introspection,
        )
        return Prepared(query, document, errors)

    def cost(self, prepared: Prepared, variables: Mapping[str, Any] | None, operation_name: str | None) -> Cost | None:
        """What an operation costs; None if the document is not valid, or has no such operation. Raises
        QueryTooComplexError if it costs too much.
        """
        if prepared.errors or prepared.document is None:
            return None
        if operation_name in prepared.plans:
            plan = prepared.plans[operation_name]
        else:
            operation = get_operation_ast(prepared.document, operation_name)
            if operation is None:
                return None
            definitions = prepared.document.definitions
            fragments = {node.name.value: node for node in definitions if isinstance(node, FragmentDefinitionNode)}
            plan = prepared.plans[operation_name] = cost_plan(self._schema, operation, fragments)
        cost = plan.cost(variables) if plan is not None else None
        if cost is not None and cost.points > self._limits.max_points:
            raise QueryTooComplexError(
                f"The operation costs {cost.points:,} points, one for each value that its answer can have; at most "
                f"{self._limits.max_points:,} are allowed. {_advice(cost)}"
            )
        return cost

    async def _charge(self, owner: str, points: int) -> float | None:
        per_minute = self._limits.points_per_minute
        return await charge("points", owner, points, per_minute=per_minute, what="points of operations")

    def is_known(self, query: str) -> bool:
        """Whether the document is kept."""
        return query in self._documents

    def _remember(self, prepared: Prepared) -> None:
        self._documents[prepared.query] = prepared
        self._characters += len(prepared.query)
        while self._characters > MAX_CACHED_CHARACTERS:
            oldest, _ = self._documents.popitem(last=False)
            self._characters -= len(oldest)


def _advice(cost: Cost) -> str:
    if not cost.most:
        return "Ask for less at once."
    return f"Most of them come from {cost.most}: ask for fewer items with first, or in several requests."
