"""How errors are shown to callers: the one place where an exception becomes a GraphQL error.

A refused request (errors.EkonteError) shows its sentence, code and number. A document that cannot be read or does not
fit the schema is BAD_USER_INPUT. Everything else is INTERNAL with a neutral sentence: its text stays in the log, under
the request's id.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from graphql import GraphQLEnumType, GraphQLError, GraphQLSchema
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext

from errors import ERROR_NUMBERS, EkonteError, ErrorCode, JobErrorCode, JobFailure

log = structlog.get_logger(__name__)

# Strawberry's own, for a request without a usable operation.
_REQUEST_ERRORS = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)

INTERNAL_MESSAGE = "Something went wrong on the server. The request's id finds it in the log."
# A suggestion tells names of a schema that is not to be asked for.
_SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)
# graphql-core's two sentences about a wrong enum value, in literals and in variables.
_WRONG_ENUM_VALUE = re.compile(r"does not exist in '(\w+)' enum\.|\bEnum '(\w+)' cannot represent ")
MAX_LISTED_VALUES = 20

EnumValues = Mapping[str, Sequence[str]]


class PresentedError(GraphQLError):
    """A GraphQL error that may go out as it is."""


def current_request_id() -> str | None:
    """The id that the middleware bound for the request or connection being answered."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return request_id if isinstance(request_id, str) else None


def extensions_of(code: ErrorCode, path: Sequence[str] = (), faults: Sequence[EkonteError] = ()) -> dict[str, Any]:
    """The `extensions` of an error; `path` is the fault's place within the input, where one is known, and `faults` are
    all faults of a request that is refused for several at once.
    """
    extensions: dict[str, Any] = {"code": code.value, "number": ERROR_NUMBERS[code], "requestId": current_request_id()}
    if path:
        extensions["path"] = list(path)
    if faults:
        extensions["faults"] = [
            {"path": list(fault.path), "message": fault.message, "code": fault.code.value} for fault in faults
        ]
    return extensions


def enum_values(schema: GraphQLSchema) -> EnumValues:
    """The names of each enum's values, as the schema has them."""
    return {name: list(kind.values) for name, kind in schema.type_map.items() if isinstance(kind, GraphQLEnumType)}


def with_allowed_values(message: str, enums: EnumValues) -> str:
    """The message, and where it is about a wrong enum value, what is allowed: at most MAX_LISTED_VALUES names."""
    found = list(_WRONG_ENUM_VALUE.finditer(message))
    values = enums.get(found[-1][1] or found[-1][2], ()) if found else ()
    if not values:
        return message
    more = len(values) - MAX_LISTED_VALUES
    listed = ", ".join(values[:MAX_LISTED_VALUES]) + (f" and {more} more" if more > 0 else "")
    return f"{message} Allowed: {listed}."


def present_error(error: GraphQLError, *, suggestions: bool = True, enums: EnumValues | None = None) -> PresentedError:
    """The error as the caller sees it; logs what the caller must not see.

    Without `suggestions` nothing is told of the schema but what the caller named.
    """
    if isinstance(error, PresentedError):
        return error
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, EkonteError):
        message, extensions = cause.message, extensions_of(cause.code, cause.path, cause.faults)
    elif isinstance(cause, JobFailure) and cause.code is JobErrorCode.STORAGE_ERROR:
        message, extensions = cause.message, extensions_of(ErrorCode.STORAGE_FAILED)
    elif _is_about_the_document(error, cause):
        message = error.message
        message = with_allowed_values(message, enums or {}) if suggestions else _SUGGESTION.sub("", message)
        extensions = extensions_of(ErrorCode.BAD_USER_INPUT)
    else:
        log.error("graphql.unexpected_error", path=error.path, exc_info=cause)
        message, extensions = INTERNAL_MESSAGE, extensions_of(ErrorCode.INTERNAL)
    return PresentedError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions=extensions,
    )


def _is_about_the_document(error: GraphQLError, cause: Exception | None) -> bool:
    """Whether parsing, validating or coercing input made this error; its words are then about what the caller sent.

    Scalars refuse a value by ValueError, which comes with the place in the document and without a path; what a resolver
    raises has a path, and what breaks a stream has neither.
    """
    if cause is None or isinstance(cause, (GraphQLError, *_REQUEST_ERRORS)):
        return True
    return isinstance(cause, ValueError) and bool(error.nodes) and error.path is None


def error_body(error: EkonteError) -> dict[str, Any]:
    """The body of an answer to a request that was refused as a whole."""
    return {"errors": [{"message": error.message, "extensions": extensions_of(error.code, error.path)}]}


def internal_error_body() -> dict[str, Any]:
    return {"errors": [{"message": INTERNAL_MESSAGE, "extensions": extensions_of(ErrorCode.INTERNAL)}]}


def http_status(error: EkonteError) -> int:
    """The HTTP status of a request that was refused as a whole: the first digits of the error's number."""
    return 413 if error.code is ErrorCode.FILE_TOO_LARGE else error.number // 100


class ErrorPresenter:
    """What a Strawberry schema calls as `process_errors`: replaces each error of a result, in place, as shown."""

    def __init__(self, *, suggestions: bool, enums: EnumValues | None = None) -> None:
        self._suggestions = suggestions
        self._enums = enums

    def __call__(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        errors[:] = [present_error(error, suggestions=self._suggestions, enums=self._enums) for error in errors]
