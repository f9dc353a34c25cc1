"""Translates upstream's refusals into faults with messages for users, by codes.toml."""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import httpx
import structlog

from errors import JobErrorCode
from providers.pooled import FaultKind, UpstreamFaultError
from providers.retry_after import retry_after_seconds

log = structlog.get_logger(__name__)

RISK_CODES = frozenset({"-6"})  # of a call; fail_code has the details
MODEL_RISK_CODE = "4013"
CREDIT_OR_CONTENT_CODE = "4001"
MAX_UPSTREAM_CHARACTERS = 300

# At peak hours a submit is refused with this text and varying codes.
_BUSY_PERIOD = re.compile(r"busy period|busy time|peak (?:hour|period|time)|高峰", re.I)
# E.g. exceed_model_parallel_max.
_MODEL_WORDS = re.compile(r"(?:^|[^a-z])models?(?:$|[^a-z])|模型", re.I)
_CREDIT_WORDS = re.compile(r"credit|积分|余额", re.I)


@dataclass(frozen=True)
class Refusal:
    kind: FaultKind
    error: JobErrorCode
    message: str


class HttpFaultError(UpstreamFaultError):
    """A response without an envelope. status: the HTTP status."""

    def __init__(
        self,
        kind: FaultKind,
        code: JobErrorCode,
        message: str,
        *,
        status: int,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(kind, code, message, upstream_code=f"HTTP {status}", retry_after_seconds=retry_after_seconds)
        self.status = status


_BUSY = Refusal(
    FaultKind.CONCURRENCY_LIMIT,
    JobErrorCode.RATE_LIMIT,
    "Jimeng accepts no more tasks of this account until others have ended, since its load is high.",
)
_NO_CREDITS = Refusal(
    FaultKind.OUT_OF_CREDIT, JobErrorCode.INSUFFICIENT_CREDIT, "The account has too few credits for this model."
)
_CONTENT = Refusal(FaultKind.CONTENT_REJECTED, JobErrorCode.CONTENT_REJECTED, "Jimeng's review refused the request.")
_PROMPT_REFUSED = Refusal(
    FaultKind.CONTENT_REJECTED, JobErrorCode.CONTENT_REJECTED, "Jimeng's review refused the request before generating."
)
_RESULT_REFUSED = Refusal(
    FaultKind.CONTENT_REJECTED, JobErrorCode.CONTENT_REJECTED, "Jimeng's review refused the result."
)
_UNREADABLE_REQUEST = Refusal(
    FaultKind.INVALID_INPUT,
    JobErrorCode.API_ERROR,
    "Jimeng could not read the request; its protocol has probably changed",
)
_RISK = Refusal(
    FaultKind.RISK_CONTROL,
    JobErrorCode.PERMISSION_DENIED,
    "Jimeng refuses requests of this account from clients other than its own web page for now. Ekonte respects that and"
    " does not work around it",
)
# Of responses without an envelope. The messages lack their end, which names the status.
_REFUSED_STATUSES: Mapping[int, Refusal] = {
    401: Refusal(
        FaultKind.SESSION_EXPIRED,
        JobErrorCode.AUTH_FAILED,
        "Jimeng does not accept the account's session: it has expired, or the account belongs to another site",
    ),
    402: Refusal(
        FaultKind.OUT_OF_CREDIT, JobErrorCode.INSUFFICIENT_CREDIT, "The account has too few credits for this model"
    ),
    403: _RISK,
    429: Refusal(FaultKind.RATE_LIMIT, JobErrorCode.RATE_LIMIT, "Jimeng's rate limit for this account is reached"),
    451: _RISK,
    **dict.fromkeys((400, 413, 414, 415, 422, 431), _UNREADABLE_REQUEST),
}
_FAILED = Refusal(FaultKind.GENERATION_FAILED, JobErrorCode.SERVER_ERROR, "Jimeng could not generate this.")
_GONE = Refusal(FaultKind.GENERATION_FAILED, JobErrorCode.SERVER_ERROR, "Jimeng has deleted the task.")


@functools.cache
def _tables() -> tuple[Mapping[str, Refusal], Mapping[str, Refusal]]:
    """Refusals by code, of calls and of tasks."""
    calls: dict[str, Refusal] = {}
    tasks: dict[str, Refusal] = {}
    for entry in tomllib.loads(files(__package__).joinpath("codes.toml").read_text("utf-8"))["refusals"]:
        refusal = Refusal(FaultKind(entry["kind"]), JobErrorCode(entry["error"]), entry["message"])
        calls.update(dict.fromkeys(entry["codes"], refusal))
        tasks.update(dict.fromkeys(entry.get("fail_codes", ()), refusal))
    return calls, tasks


def refusal_of_call(
    ret: str,
    *,
    errmsg: str = "",
    data: object = None,
    log_id: str | None = None,
    retry_after_seconds: float | None = None,
) -> UpstreamFaultError:
    """The fault for a response with a `ret` other than 0. retry_after_seconds: the wait that the response asks for."""
    fail_code = str(data.get("fail_code") or "") if isinstance(data, Mapping) else ""
    words = upstream_words(data)
    code = MODEL_RISK_CODE if ret in RISK_CODES and fail_code == MODEL_RISK_CODE else ret
    if _BUSY_PERIOD.search(f"{errmsg} {words}"):
        refusal: Refusal | None = _BUSY
    elif code == CREDIT_OR_CONTENT_CODE:
        refusal = _NO_CREDITS if _CREDIT_WORDS.search(f"{errmsg} {words}") else _CONTENT
    else:
        refusal = _tables()[0].get(code)
    fault = _fault(refusal, ret, errmsg, words, log_id)
    fault.retry_after_seconds = retry_after_seconds
    return fault


def refusal_of_task(status: int, task_status: int | None, fail_code: str, words: str) -> UpstreamFaultError:
    """The fault for a failed task.

    status: of the record. task_status: the detailed one (10: refused before generating, 40: the result was refused),
    which decides if there is no fail_code. words: upstream's message for users.
    """
    calls, tasks = _tables()
    if fail_code:
        if fail_code == CREDIT_OR_CONTENT_CODE:
            refusal: Refusal | None = _NO_CREDITS if _CREDIT_WORDS.search(words) else _CONTENT
        else:
            refusal = tasks.get(fail_code) or calls.get(fail_code)
        return _fault(refusal, fail_code, words, words, None)
    if 10 in (status, task_status):
        refusal = _PROMPT_REFUSED
    elif 40 in (status, task_status):
        refusal = _RESULT_REFUSED
    else:
        refusal = _GONE if status == 100 else _FAILED
    return _fault(refusal, None, words, words, None)


def upstream_words(data: object) -> str:
    """The message that upstream's web page would show; empty if there is none."""
    if not isinstance(data, Mapping):
        return ""
    words = data.get("fail_starling_message")
    return words.strip()[:MAX_UPSTREAM_CHARACTERS] if isinstance(words, str) else ""


def task_words(record: Mapping[str, Any]) -> str:
    """As upstream_words, for a record of a task, which has the message in one of several places."""
    task = record.get("task")
    resp_ret = task.get("resp_ret") if isinstance(task, Mapping) else None
    result = record.get("gen_result_data")
    for holder, name in ((resp_ret, "errmsg"), (result, "result_msg")):
        words = holder.get(name) if isinstance(holder, Mapping) else None
        if not upstream_words(record) and isinstance(words, str) and words.strip().lower() not in ("", "success"):
            return words.strip()[:MAX_UPSTREAM_CHARACTERS]
    return upstream_words(record)


def _fault(
    refusal: Refusal | None, code: str | None, errmsg: str, words: str, log_id: str | None
) -> UpstreamFaultError:
    if refusal is None:
        log.warning("jimeng.unknown_code", ret=code, errmsg=errmsg[:MAX_UPSTREAM_CHARACTERS], log_id=log_id)
        detail = f": {errmsg[:MAX_UPSTREAM_CHARACTERS]}" if errmsg and errmsg != words else ""
        refusal = Refusal(
            FaultKind.UNKNOWN,
            JobErrorCode.API_ERROR,
            f"Jimeng refused with the code {code}, which is unknown to Ekonte{detail}.",
        )
    message = f"{refusal.message} Jimeng says: {words}" if words else refusal.message
    is_about_model = _MODEL_WORDS.search(f"{errmsg} {words}") is not None
    return UpstreamFaultError(
        refusal.kind, refusal.error, message, upstream_code=code, log_id=log_id, is_about_model=is_about_model
    )


def not_reached(reason: str) -> UpstreamFaultError:
    """The fault for a call that was not sent, or that can be repeated. reason: the end of the sentence."""
    return UpstreamFaultError(FaultKind.UPSTREAM_FAULT, JobErrorCode.NETWORK_ERROR, f"Jimeng {reason}.")


def unreadable(what: str, log_id: str | None = None) -> UpstreamFaultError:
    """The fault for a successful response without the expected content."""
    message = f"Jimeng's response contains no {what}; its protocol has probably changed."
    return UpstreamFaultError(FaultKind.UPSTREAM_FAULT, JobErrorCode.API_ERROR, message, log_id=log_id)


def http_fault(response: httpx.Response) -> HttpFaultError:
    """The fault for a response without an envelope, by its HTTP status, with the wait that it asks for.

    Statuses of 4xx are refusals of their kind, all others upstream's fault: see `is_refusal` for whether such a
    response to a submit means that nothing was accepted.
    """
    status = response.status_code
    refusal = _REFUSED_STATUSES.get(status) or Refusal(
        FaultKind.UPSTREAM_FAULT,
        JobErrorCode.API_ERROR if 400 <= status < 500 else JobErrorCode.SERVER_ERROR,
        "Jimeng cannot answer at the moment" if status >= 500 else "Jimeng's response does not follow its protocol",
    )
    return HttpFaultError(
        refusal.kind,
        refusal.error,
        f"{refusal.message} (HTTP status {status}).",
        status=status,
        retry_after_seconds=retry_after_seconds(response.headers, datetime.now(UTC)),
    )


def upload_fault(response: httpx.Response) -> HttpFaultError:
    """The fault for a response of an upload host without an envelope. Such a host knows neither the account's session
    nor risk control: its 401 and 403 are about the keys of the upload.
    """
    fault = http_fault(response)
    if fault.kind not in (FaultKind.SESSION_EXPIRED, FaultKind.RISK_CONTROL):
        return fault
    return HttpFaultError(
        FaultKind.UPSTREAM_FAULT,
        JobErrorCode.API_ERROR,
        f"Jimeng refused the upload of an input picture (HTTP status {fault.status}).",
        status=fault.status,
        retry_after_seconds=fault.retry_after_seconds,
    )


def is_refusal(status: int) -> bool:
    """Whether a submit answered with this HTTP status was certainly not accepted. Not so for 5xx, which a gateway sends
    also after upstream has the request; for 408 and 499, which say that somebody stopped waiting; and for 409, which
    may be about a request that was accepted before.
    """
    return 400 <= status < 500 and status not in (408, 409, 499)


def invalid(message: str) -> UpstreamFaultError:
    """The fault for a request that is not sent, since upstream would refuse it."""
    return UpstreamFaultError(FaultKind.INVALID_INPUT, JobErrorCode.INVALID_INPUT, message)
