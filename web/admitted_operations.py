"""Executes operations as they were admitted: with the gate's document and errors, within the time that a query may
take, and with the cost in the answer.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

from graphql import DocumentNode, NameNode, OperationDefinitionNode, SelectionSetNode
from graphql import OperationType as GraphQLOperationType
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from errors import OperationTimeoutError
from web.document_gate import ADMISSION, Admission


class AdmittedOperations(SchemaExtension):
    """query_timeout_seconds: of the execution of a query; its work is cancelled then. A mutation is never cut off,
    since its caller could not know what it has done; neither is a subscription.
    """

    def __init__(self, query_timeout_seconds: float) -> None:
        self._query_timeout_seconds = query_timeout_seconds

    def _admission(self) -> Admission | None:
        admission = ADMISSION.get()
        is_of_this = admission is not None and admission.prepared.query == self.execution_context.query
        return admission if is_of_this else None

    def on_parse(self) -> Iterator[None]:
        """Passes on the gate's document. One that is not GraphQL has a placeholder; on_validate tells its errors."""
        admission = self._admission()
        if admission is not None:
            context = self.execution_context
            context.graphql_document = admission.prepared.document or _placeholder(context._provided_operation_name)
        yield

    def on_validate(self) -> Iterator[None]:
        admission = self._admission()
        if admission is not None:
            self.execution_context.pre_execution_errors = list(admission.prepared.errors)
        yield

    async def on_execute(self) -> AsyncIterator[None]:
        if self.execution_context.operation_type is not OperationType.QUERY:
            yield
            return
        try:
            async with asyncio.timeout(self._query_timeout_seconds):
                yield
        except TimeoutError as error:
            raise OperationTimeoutError(
                f"The query took longer than the allowed {self._query_timeout_seconds:g} s, so it was cancelled."
            ) from error

    def get_results(self) -> dict[str, Any]:
        """extensions.cost of the answer to a query or mutation."""
        admission = self._admission()
        if admission is None or admission.cost is None or admission.is_subscription:
            return {}
        cost: dict[str, Any] = {
            "points": admission.cost.points,
            "nodes": admission.cost.nodes,
            "maxPoints": admission.max_points,
        }
        if admission.points_left is not None:
            cost["pointsLeft"] = int(admission.points_left)
        return {"cost": cost}


def _placeholder(name: str | None) -> DocumentNode:
    """A document that does nothing, with an operation of this name."""
    operation = OperationDefinitionNode(
        operation=GraphQLOperationType.QUERY,
        name=None if name is None else NameNode(value=name),
        selection_set=SelectionSetNode(selections=()),
    )
    return DocumentNode(definitions=(operation,))
