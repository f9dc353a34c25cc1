"""Which operation of a document a request may execute."""

from graphql import DocumentNode, FieldNode, OperationDefinitionNode, OperationType, get_operation_ast

from errors import BadInputError
from services.platform.identity import IDEMPOTENCY_KEY


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
