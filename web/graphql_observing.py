"""Metrics and tracing spans of GraphQL operations; results are not changed."""

import time
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLError
from strawberry.extensions import SchemaExtension
from strawberry.types.graphql import OperationType

from errors import EkonteError, ErrorCode
from services.platform.metrics.definitions import INVALID
from services.platform.metrics.recording import operation_label, record_operation, record_subscriptions
from services.platform.tracing import span


class ObservedOperations(SchemaExtension):
    """Counts operations and their errors, and records durations and spans of queries and mutations.

    Only operation names of valid documents become labels. A subscription is counted when it ends, without a duration.
    """

    def __init__(self) -> None:
        self._name = INVALID
        self._kind = INVALID
        self._streams = False
        self._codes: list[str] = []

    def on_operation(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
            self._collect_errors()
        except Exception as error:
            self._codes.append(error.code.value if isinstance(error, EkonteError) else ErrorCode.INTERNAL.value)
            raise
        finally:
            if self._streams:
                record_subscriptions(self._name, -1)
            seconds = None if self._streams else time.perf_counter() - began
            record_operation(self._name, self._kind, seconds, self._codes)

    def on_execute(self) -> Iterator[None]:
        context = self.execution_context
        kind = context.operation_type
        self._name, self._kind = operation_label(context.operation_name), kind.value
        if kind is OperationType.SUBSCRIPTION:
            self._streams = True
            record_subscriptions(self._name, 1)
            yield  # no span: it would last as long as the stream, over several tasks
        else:
            with span(f"graphql {self._kind} {self._name}"):
                yield

    def on_stream_result(self, result: Any) -> Iterator[None]:
        if self._streams:
            self._codes += [_code(error) for error in result.errors or ()]
        yield

    def _collect_errors(self) -> None:
        if not self._streams:
            context = self.execution_context
            result = context.result
            errors = (result.errors if result is not None else None) or context.pre_execution_errors or ()
            self._codes += [_code(error) for error in errors]


def _code(error: GraphQLError) -> str:
    """The code of an error, before or after present_error."""
    code = (error.extensions or {}).get("code")
    if isinstance(code, str):
        return code
    if isinstance(error.original_error, EkonteError):
        return error.original_error.code.value
    return (ErrorCode.BAD_USER_INPUT if error.original_error is None else ErrorCode.INTERNAL).value
