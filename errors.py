"""Ekonte's exceptions: refused requests, failed jobs and invalid settings.

EkonteError            a refused request; becomes a GraphQL error with extensions.code and number
├── BadInputError      BAD_USER_INPUT, with the path of the invalid value within the input
├── UnsupportedFileError, FileTooLargeError
├── UnauthenticatedError, ForbiddenError
├── NotFoundError, WorkflowNotFoundError, PersistedQueryNotFoundError
├── ConflictError
├── InsufficientCreditError, RateLimitedError (with the time to come again), QuotaExceededError, QueryTooComplexError
├── OperationTimeoutError
└── ProviderFailedError
JobFailure             failed work; becomes Job.error
ConfigurationError     an invalid setting or command line argument; stops the start
"""

from collections.abc import Sequence
from enum import StrEnum


class ErrorCode(StrEnum):
    BAD_USER_INPUT = "BAD_USER_INPUT"
    UNSUPPORTED_FILE = "UNSUPPORTED_FILE"
    FILE_TOO_LARGE = "FILE_TOO_LARGE"
    QUERY_TOO_COMPLEX = "QUERY_TOO_COMPLEX"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    INSUFFICIENT_CREDIT = "INSUFFICIENT_CREDIT"
    FORBIDDEN = "FORBIDDEN"
    WORKFLOW_NOT_FOUND = "WORKFLOW_NOT_FOUND"
    NOT_FOUND = "NOT_FOUND"
    PERSISTED_QUERY_NOT_FOUND = "PERSISTED_QUERY_NOT_FOUND"
    NOT_ACCEPTABLE = "NOT_ACCEPTABLE"
    CONFLICT = "CONFLICT"
    RATE_LIMITED = "RATE_LIMITED"
    QUOTA_EXCEEDED = "QUOTA_EXCEEDED"
    TIMED_OUT = "TIMED_OUT"
    INTERNAL = "INTERNAL"
    PROVIDER_FAILED = "PROVIDER_FAILED"
    STORAGE_FAILED = "STORAGE_FAILED"
    QUEUE_FAILED = "QUEUE_FAILED"


ERROR_NUMBERS: dict[ErrorCode, int] = {
    ErrorCode.BAD_USER_INPUT: 40001,
    ErrorCode.UNSUPPORTED_FILE: 40002,
    ErrorCode.FILE_TOO_LARGE: 40003,
    ErrorCode.QUERY_TOO_COMPLEX: 40004,
    ErrorCode.UNAUTHENTICATED: 40101,
    ErrorCode.INSUFFICIENT_CREDIT: 40201,
    ErrorCode.FORBIDDEN: 40301,
    ErrorCode.WORKFLOW_NOT_FOUND: 40401,
    ErrorCode.NOT_FOUND: 40402,
    ErrorCode.PERSISTED_QUERY_NOT_FOUND: 40403,
    ErrorCode.NOT_ACCEPTABLE: 40601,
    ErrorCode.CONFLICT: 40901,
    ErrorCode.RATE_LIMITED: 42901,
    ErrorCode.QUOTA_EXCEEDED: 42902,
    ErrorCode.TIMED_OUT: 50401,
    ErrorCode.INTERNAL: 50001,
    ErrorCode.PROVIDER_FAILED: 50002,
    ErrorCode.STORAGE_FAILED: 50003,
    ErrorCode.QUEUE_FAILED: 50004,
}


class JobErrorCode(StrEnum):
    AUTH_FAILED = "AUTH_FAILED"
    PERMISSION_DENIED = "PERMISSION_DENIED"
    RATE_LIMIT = "RATE_LIMIT"
    INSUFFICIENT_CREDIT = "INSUFFICIENT_CREDIT"
    CONTENT_REJECTED = "CONTENT_REJECTED"
    INVALID_INPUT = "INVALID_INPUT"
    SERVER_ERROR = "SERVER_ERROR"
    API_ERROR = "API_ERROR"
    NETWORK_ERROR = "NETWORK_ERROR"
    TIMEOUT = "TIMEOUT"
    NO_ACCOUNT = "NO_ACCOUNT"
    STORAGE_ERROR = "STORAGE_ERROR"
    INTERNAL = "INTERNAL"


class ConfigurationError(Exception):
    """An invalid setting; the message names the variable."""


class EkonteError(Exception):
    """A refused request. `message` is a complete sentence for the caller."""

    code: ErrorCode = ErrorCode.INTERNAL

    def __init__(self, message: str, *, path: Sequence[str | int] = (), faults: "Sequence[EkonteError]" = ()) -> None:
        """faults: all errors of a request refused for several reasons; path and message are those of the first."""
        super().__init__(message)
        self.message = message
        self.path = [str(step) for step in path]
        self.faults = tuple(faults)

    @property
    def number(self) -> int:
        return ERROR_NUMBERS[self.code]


class BadInputError(EkonteError):
    code = ErrorCode.BAD_USER_INPUT


class UnsupportedFileError(EkonteError):
    code = ErrorCode.UNSUPPORTED_FILE


class FileTooLargeError(EkonteError):
    code = ErrorCode.FILE_TOO_LARGE


class QueryTooComplexError(EkonteError):
    code = ErrorCode.QUERY_TOO_COMPLEX


class OperationTimeoutError(EkonteError):
    """A query ran longer than it may; its work was cancelled."""

    code = ErrorCode.TIMED_OUT


class UnauthenticatedError(EkonteError):
    code = ErrorCode.UNAUTHENTICATED


class ForbiddenError(EkonteError):
    code = ErrorCode.FORBIDDEN


class InsufficientCreditError(EkonteError):
    code = ErrorCode.INSUFFICIENT_CREDIT


class RateLimitedError(EkonteError):
    """retry_after_seconds: when the same request will be granted, where that is known; sent as extensions and as the
    header Retry-After.
    """

    code = ErrorCode.RATE_LIMITED

    def __init__(self, message: str, *, path: Sequence[str | int] = (), retry_after_seconds: int | None = None) -> None:
        super().__init__(message, path=path)
        self.retry_after_seconds = retry_after_seconds


class QuotaExceededError(EkonteError):
    """An owner has as much of something as the deployment allows; waiting alone does not help."""

    code = ErrorCode.QUOTA_EXCEEDED


class NotFoundError(EkonteError):
    code = ErrorCode.NOT_FOUND


class WorkflowNotFoundError(EkonteError):
    code = ErrorCode.WORKFLOW_NOT_FOUND


class PersistedQueryNotFoundError(EkonteError):
    """The message is the one that clients with automatic persisted queries look for."""

    code = ErrorCode.PERSISTED_QUERY_NOT_FOUND

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class NotAcceptableError(EkonteError):
    """A request whose Accept header allows none of the media types that there are."""

    code = ErrorCode.NOT_ACCEPTABLE


def not_found(what: str, path: Sequence[str | int] = ()) -> EkonteError:
    """The error for a row that does not exist or belongs to another user. what: its name in the message, e.g. "batch".

    WorkflowNotFoundError for a "workflow", else NotFoundError.
    """
    kind = WorkflowNotFoundError if what == "workflow" else NotFoundError
    return kind(f"There is no such {what}.", path=path)


class ConflictError(EkonteError):
    code = ErrorCode.CONFLICT


def all_faults(faults: "Sequence[EkonteError]") -> EkonteError:
    """One error for all errors of a batch (at least one): CONFLICT if all of them are, else BAD_USER_INPUT."""
    return _combined(faults, (ConflictError,))


def refusal_of(faults: "Sequence[EkonteError]") -> EkonteError:
    """One error for all errors of a single input (at least one): BAD_USER_INPUT, unless they share another code."""
    kinds = (ConflictError, NotFoundError, WorkflowNotFoundError, UnsupportedFileError, FileTooLargeError)
    return _combined(faults, kinds)


def _combined(faults: "Sequence[EkonteError]", kinds: "Sequence[type[EkonteError]]") -> EkonteError:
    first = faults[0]
    message = first.message if len(faults) == 1 else f"{first.message} (The first of {len(faults)} faults.)"
    codes = {fault.code for fault in faults}
    kind = next((kind for kind in kinds if codes == {kind.code}), BadInputError)
    return kind(message, path=first.path, faults=faults)


class ProviderFailedError(EkonteError):
    code = ErrorCode.PROVIDER_FAILED


class JobFailure(Exception):
    """Failed work. `message` is for users; `is_retryable`: whether a retry may succeed."""

    def __init__(
        self, code: JobErrorCode, message: str, *, is_retryable: bool, upstream_code: str | None = None
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_retryable = is_retryable
        self.upstream_code = upstream_code

    def __reduce__(self) -> tuple[object, ...]:
        # Raised in rendering processes and pickled; pickle's default would drop the keyword-only arguments.
        return _restore_job_failure, (self.code, self.message, self.is_retryable, self.upstream_code), self.__dict__


def _restore_job_failure(code: JobErrorCode, message: str, is_retryable: bool, upstream_code: str | None) -> JobFailure:
    return JobFailure(code, message, is_retryable=is_retryable, upstream_code=upstream_code)


def shortened(text: str, characters: int = 64) -> str:
    """A caller's text as a message quotes it: at most so many characters."""
    return text if len(text) <= characters else f"{text[: characters - 1]}…"
