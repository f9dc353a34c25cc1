"""Turns exceptions into the GraphQL errors that callers see.

An errors.EkonteError shows its message, code and number. A document that is no valid GraphQL or does not match the
schema is BAD_USER_INPUT. All other exceptions are INTERNAL with a neutral message, and are logged with the request id.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import structlog
from graphql import GraphQLEnumType, GraphQLError, GraphQLSchema
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types import ExecutionContext

from errors import ERROR_NUMBERS, EkonteError, ErrorCode, JobErrorCode, JobFailure, RateLimitedError
from web.error_messages import without_values

log = structlog.get_logger(__name__)

# Raised by Strawberry for a request without a usable operation.
_REQUEST_ERRORS = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)

INTERNAL_MESSAGE = "Something went wrong on the server. The log has details under the request's id."
# Suggestions would reveal names of the schema although introspection is off.
_SUGGESTION = re.compile(r" Did you mean [^?]*\?")
# graphql-core's messages about a wrong enum value, in literals and in variables.
_WRONG_ENUM_VALUE = re.compile(r"does not exist in '(\w+)' enum\.|\bEnum '(\w+)' cannot represent ")
MAX_LISTED_VALUES = 20
# Of an answer: those of the document and the variables, and those of fields, each of which has a null in the data.
MAX_DOCUMENT_ERRORS = 10
MAX_FIELD_ERRORS = 100

EnumValues = Mapping[str, Sequence[str]]


class PresentedError(GraphQLError):
    """A GraphQL error that is ready to be sent to the caller."""


def current_request_id() -> str | None:
    """The id of the current request or connection, bound by web.middleware.RequestLog."""
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return request_id if isinstance(request_id, str) else None


def extensions_of_error(error: EkonteError) -> dict[str, Any]:
    """The `extensions` of a refusal, with the time to come again where it has one."""
    extensions = extensions_of(error.code, error.path, error.faults)
    if isinstance(error, RateLimitedError) and error.retry_after_seconds is not None:
        extensions["retryAfterSeconds"] = error.retry_after_seconds
    return extensions


def extensions_of(code: ErrorCode, path: Sequence[str] = (), faults: Sequence[EkonteError] = ()) -> dict[str, Any]:
    """The `extensions` of an error. path: of the invalid value within the input, if known. faults: all errors of a
    request that is refused for several reasons.
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
    """The value names of all enums of the schema."""
    return {name: list(kind.values) for name, kind in schema.type_map.items() if isinstance(kind, GraphQLEnumType)}


def with_allowed_values(message: str, enums: EnumValues) -> str:
    """The message; if it is about a wrong enum value, followed by at most MAX_LISTED_VALUES allowed names."""
    found = list(_WRONG_ENUM_VALUE.finditer(message))
    values = enums.get(found[-1][1] or found[-1][2], ()) if found else ()
    if not values:
        return message
    more = len(values) - MAX_LISTED_VALUES
    listed = ", ".join(values[:MAX_LISTED_VALUES]) + (f" and {more} more" if more > 0 else "")
    return f"{message} Allowed: {listed}."


def present_error(error: GraphQLError, *, suggestions: bool = True, enums: EnumValues | None = None) -> PresentedError:
    """The error as the caller sees it; logs exceptions that the caller must not see.

    Without `suggestions` the message reveals no names of the schema that are not in the caller's document.
    """
    if isinstance(error, PresentedError):
        return error
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    if isinstance(cause, EkonteError):
        message, extensions = cause.message, extensions_of_error(cause)
    elif isinstance(cause, JobFailure) and cause.code is JobErrorCode.STORAGE_ERROR:
        message, extensions = cause.message, extensions_of(ErrorCode.STORAGE_FAILED)
    elif _is_about_the_document(error, cause):
        message = without_values(error.message)
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
    """Whether the error comes from parsing, validation or input coercion, so that its message may be shown.

    Scalars reject a value with ValueError, which has nodes but no path. Errors of resolvers have a path, errors of
    streams have neither.
    """
    if cause is None or isinstance(cause, (GraphQLError, *_REQUEST_ERRORS)):
        return True
    return isinstance(cause, ValueError) and bool(error.nodes) and error.path is None


def error_body(error: EkonteError) -> dict[str, Any]:
    """The response body for a request that was refused as a whole."""
    return {"errors": [{"message": error.message, "extensions": extensions_of_error(error)}]}


def internal_error_body() -> dict[str, Any]:
    return {"errors": [{"message": INTERNAL_MESSAGE, "extensions": extensions_of(ErrorCode.INTERNAL)}]}


def http_status(error: EkonteError) -> int:
    """The HTTP status of a request that was refused as a whole: the first digits of the error's number."""
    return 413 if error.code is ErrorCode.FILE_TOO_LARGE else error.number // 100


class ErrorPresenter:
    """Used as `process_errors` of a Strawberry schema: replaces the errors of a result in place by present_error."""

    def __init__(self, *, suggestions: bool, enums: EnumValues | None = None) -> None:
        self._suggestions = suggestions
        self._enums = enums

    def __call__(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        most = MAX_DOCUMENT_ERRORS if all(error.path is None for error in errors) else MAX_FIELD_ERRORS
        told = [present_error(error, suggestions=self._suggestions, enums=self._enums) for error in errors[:most]]
        if len(errors) > most:
            told.append(_rest(errors[most:]))
        errors[:] = told


def _rest(errors: Sequence[GraphQLError]) -> PresentedError:
    """One error for those that are not told. graphql-core's last one may say that it stopped looking for more."""
    extensions = extensions_of(ErrorCode.BAD_USER_INPUT)
    if errors[-1].message.startswith("Too many "):
        found = len(errors) - 1
        message = f"And at least {found:,} more." if found else "There are more errors."
        return PresentedError(message, extensions=extensions)
    if any(error.path is not None for error in errors):
        for error in errors:
            present_error(error)  # logs what the caller must not see
        cause = errors[0].original_error
        extensions = extensions_of(cause.code if isinstance(cause, EkonteError) else ErrorCode.INTERNAL)
    return PresentedError(f"And {len(errors):,} more.", extensions=extensions)
