"""What upstream's refusals mean: codes.toml as faults, with sentences that people understand."""

import functools
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import structlog

from errors import JobErrorCode
from providers.pooled import FaultKind, UpstreamFaultError

log = structlog.get_logger(__name__)

RISK_CODES = frozenset({"-6"})  # of a call; what risk control means exactly stands in fail_code beside it
MODEL_RISK_CODE = "4013"
CREDIT_OR_CONTENT_CODE = "4001"
MAX_UPSTREAM_WORDS = 300

# At peak hours a submit is refused with a sentence only, whatever its code.
_BUSY_PERIOD = re.compile(r"busy period|busy time|peak (?:hour|period|time)|高峰", re.I)
_CREDIT_WORDS = re.compile(r"credit|积分|余额", re.I)


@dataclass(frozen=True)
class Refusal:
    kind: FaultKind
    error: JobErrorCode
    message: str


class HttpFaultError(UpstreamFaultError):
    """An answer that is no envelope. status: of HTTP, None where there was none or it was none."""

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
    "Jimeng takes no more tasks of this account until others have ended, since many people use it now.",
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
_FAILED = Refusal(FaultKind.GENERATION_FAILED, JobErrorCode.SERVER_ERROR, "Jimeng could not generate this.")
_GONE = Refusal(FaultKind.GENERATION_FAILED, JobErrorCode.SERVER_ERROR, "Jimeng has deleted the task.")


@functools.cache
def _tables() -> tuple[Mapping[str, Refusal], Mapping[str, Refusal]]:
    """Refusals by code: of calls, of tasks."""
    calls: dict[str, Refusal] = {}
    tasks: dict[str, Refusal] = {}
    for entry in tomllib.loads(files(__package__).joinpath("codes.toml").read_text("utf-8"))["refusals"]:
        refusal = Refusal(FaultKind(entry["kind"]), JobErrorCode(entry["error"]), entry["message"])
        calls.update(dict.fromkeys(entry["codes"], refusal))
        tasks.update(dict.fromkeys(entry.get("fail_codes", ()), refusal))
    return calls, tasks


def refusal_of_call(
    ret: str, *, errmsg: str = "", data: object = None, log_id: str | None = None
) -> UpstreamFaultError:
    """The fault that an answer with a `ret` other than 0 stands for."""
    fail_code = str(data.get("fail_code") or "") if isinstance(data, Mapping) else ""
    words = upstream_words(data)
    code = MODEL_RISK_CODE if ret in RISK_CODES and fail_code == MODEL_RISK_CODE else ret
    if _BUSY_PERIOD.search(f"{errmsg} {words}"):
        refusal: Refusal | None = _BUSY
    elif code == CREDIT_OR_CONTENT_CODE:
        refusal = _NO_CREDITS if _CREDIT_WORDS.search(f"{errmsg} {words}") else _CONTENT
    else:
        refusal = _tables()[0].get(code)
    return _fault(refusal, ret, errmsg, words, log_id)


def refusal_of_task(status: int, task_status: int | None, fail_code: str, words: str) -> UpstreamFaultError:
    """The fault of a task that upstream says has failed.

    status: of the record, task_status: the finer one (10 refused before generating, 40 the result was refused), which
    decides where there is no fail_code. words: upstream's own for a person.
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
    """What the web page would show to a person; empty where upstream says nothing."""
    if not isinstance(data, Mapping):
        return ""
    words = data.get("fail_starling_message")
    return words.strip()[:MAX_UPSTREAM_WORDS] if isinstance(words, str) else ""


def task_words(record: Mapping[str, Any]) -> str:
    """The same for a task; it has them in several places."""
    task = record.get("task")
    resp_ret = task.get("resp_ret") if isinstance(task, Mapping) else None
    result = record.get("gen_result_data")
    for holder, name in ((resp_ret, "errmsg"), (result, "result_msg")):
        words = holder.get(name) if isinstance(holder, Mapping) else None
        if not upstream_words(record) and isinstance(words, str) and words.strip().lower() not in ("", "success"):
            return words.strip()[:MAX_UPSTREAM_WORDS]
    return upstream_words(record)


def _fault(
    refusal: Refusal | None, code: str | None, errmsg: str, words: str, log_id: str | None
) -> UpstreamFaultError:
    if refusal is None:
        log.warning("jimeng.unknown_code", ret=code, errmsg=errmsg[:MAX_UPSTREAM_WORDS], log_id=log_id)
        said = f": {errmsg[:MAX_UPSTREAM_WORDS]}" if errmsg and errmsg != words else ""
        refusal = Refusal(
            FaultKind.UNKNOWN,
            JobErrorCode.API_ERROR,
            f"Jimeng refused with the code {code}, which is not known{said}.",
        )
    message = f"{refusal.message} Jimeng says: {words}" if words else refusal.message
    return UpstreamFaultError(refusal.kind, refusal.error, message, upstream_code=code, log_id=log_id)


def not_reached(reason: str) -> UpstreamFaultError:
    """A call that surely did not arrive, or that may be made again without harm. reason: the end of the sentence."""
    return UpstreamFaultError(FaultKind.UPSTREAM_FAULT, JobErrorCode.NETWORK_ERROR, f"Jimeng {reason}.")


def unreadable(what: str, log_id: str | None = None) -> UpstreamFaultError:
    """An answer that says success and lacks what it should hold."""
    message = f"Jimeng's answer holds no {what}; its protocol has probably changed."
    return UpstreamFaultError(FaultKind.UPSTREAM_FAULT, JobErrorCode.API_ERROR, message, log_id=log_id)


def http_fault(status: int, retry_after: str | None) -> HttpFaultError:
    """An answer without an envelope. retry_after: the header, used where it is a number of seconds."""
    seconds = float(retry_after) if retry_after is not None and re.fullmatch(r"\d{1,6}", retry_after.strip()) else None
    if status == 429:
        return HttpFaultError(
            FaultKind.RATE_LIMIT,
            JobErrorCode.RATE_LIMIT,
            "Jimeng takes no more requests for now (HTTP status 429).",
            status=status,
            retry_after_seconds=seconds,
        )
    return HttpFaultError(
        FaultKind.UPSTREAM_FAULT,
        JobErrorCode.SERVER_ERROR,
        f"Jimeng answered with something other than its protocol (HTTP status {status}).",
        status=status,
        retry_after_seconds=seconds,
    )


def invalid(message: str) -> UpstreamFaultError:
    """A request that is not sent, since upstream cannot take it."""
    return UpstreamFaultError(FaultKind.INVALID_INPUT, JobErrorCode.INVALID_INPUT, message)
