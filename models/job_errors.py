"""The error of a job or an attempt, as a value and as stored JSON."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from errors import JobErrorCode

TIMEOUT = "TIMEOUT"
"Error kind of an attempt that timed out."
FINISH = "FINISH"
"Error kind of an attempt whose result could not be stored; a retry resumes with storing it."
SITE_TROUBLE = "SITE_TROUBLE"
"Error kind of an attempt that ended by a fault of the whole site: it counts neither for the job nor for the account."


@dataclass(frozen=True)
class JobError:
    """kind: for errors of attempts, used by the pool: a FaultKind, TIMEOUT, FINISH or SITE_TROUBLE. log_id: of
    upstream.
    """

    code: JobErrorCode
    message: str
    is_retryable: bool
    upstream_code: str | None = None
    kind: str | None = None
    log_id: str | None = None

    def to_json(self) -> dict[str, Any]:
        """With the API's names; `kind` and `logId` only if the error has a kind."""
        plain: dict[str, Any] = {
            "code": self.code.value,
            "message": self.message,
            "retryable": self.is_retryable,
            "upstreamCode": self.upstream_code,
        }
        return plain if self.kind is None else {**plain, "kind": self.kind, "logId": self.log_id}

    @staticmethod
    def from_json(values: dict[str, Any] | None) -> "JobError | None":
        """None if the row has no error. Defaults: INTERNAL, an empty message, retryable."""
        if not values:
            return None
        return JobError(
            JobErrorCode(values.get("code", JobErrorCode.INTERNAL.value)),
            str(values.get("message", "")),
            bool(values.get("retryable", True)),
            values.get("upstreamCode"),
            values.get("kind"),
            values.get("logId"),
        )


def with_errors_as_json(values: Mapping[str, Any]) -> dict[str, Any]:
    """Columns with what their rows keep of a JobError in its place."""
    return {name: value.to_json() if isinstance(value, JobError) else value for name, value in values.items()}
