"""The meaning of all codes, by the two tables of the protocol."""

import json

import pytest
import structlog

from errors import JobErrorCode
from providers.jimeng.faults import http_fault, is_refusal, refusal_of_call, refusal_of_task, task_words, upload_fault
from providers.pooled import FaultKind, UpstreamFaultError
from tests.providers.jimeng.upstream import page

CALLS = {
    "1": "RATE_LIMIT", "1057": "RATE_LIMIT", "2014": "RATE_LIMIT", "2020": "RATE_LIMIT", "10020": "RATE_LIMIT",
    "-1": "UPSTREAM_FAULT", "-4": "RISK_CONTROL", "-6": "RISK_CONTROL", "1000": "INVALID_INPUT",
    "1001": "INVALID_INPUT", "1002": "INVALID_INPUT", "1006": "OUT_OF_CREDIT", "1010": "CONCURRENCY_LIMIT",
    "1014": "UPSTREAM_FAULT", "1015": "SESSION_EXPIRED", "1018": "PUNISHED", "1019": "RISK_CONTROL",
    "1021": "RISK_CONTROL", "2035": "RISK_CONTROL", "2043": "CONTENT_REJECTED", "1063": "CONTENT_REJECTED",
    "1159": "CONTENT_REJECTED", "2048": "CONTENT_REJECTED", "2050": "CONTENT_REJECTED", "1161": "INVALID_INPUT",
    "1162": "INVALID_INPUT", "1310": "CONCURRENCY_LIMIT", "2002": "GENERATION_FAILED", "2003": "CONTENT_REJECTED",
    "2004": "CONTENT_REJECTED", "2005": "CONTENT_REJECTED", "2038": "CONTENT_REJECTED", "2008": "INVALID_INPUT",
    "2039": "CONTENT_REJECTED", "2041": "CONTENT_REJECTED", "2042": "CONTENT_REJECTED", "3018": "NO_PERMISSION",
    "3021": "NO_PERMISSION", "4003": "NO_PERMISSION", "4001": "CONTENT_REJECTED", "4002": "INVALID_INPUT",
    "4010": "NEEDS_CONFIRMATION", "4013": "MODEL_RISK_CONTROL", "5000": "OUT_OF_CREDIT",
    "5001": "GENERATION_FAILED", "5002": "GENERATION_FAILED", "121101": "DAILY_LIMIT", "34010100": "INVALID_INPUT",
}  # fmt: skip

TASKS = {
    "2038": "CONTENT_REJECTED", "2047": "CONTENT_REJECTED", "2039": "CONTENT_REJECTED", "2041": "CONTENT_REJECTED",
    "2042": "CONTENT_REJECTED", "2043": "CONTENT_REJECTED", "2003": "CONTENT_REJECTED", "2004": "CONTENT_REJECTED",
    "2005": "CONTENT_REJECTED", "2048": "CONTENT_REJECTED", "2050": "CONTENT_REJECTED", "1006": "OUT_OF_CREDIT",
    "1017": "GENERATION_FAILED", "4013": "MODEL_RISK_CONTROL",
}  # fmt: skip

ERRORS = {
    "RATE_LIMIT": JobErrorCode.RATE_LIMIT,
    "CONCURRENCY_LIMIT": JobErrorCode.RATE_LIMIT,
    "DAILY_LIMIT": JobErrorCode.RATE_LIMIT,
    "SESSION_EXPIRED": JobErrorCode.AUTH_FAILED,
    "OUT_OF_CREDIT": JobErrorCode.INSUFFICIENT_CREDIT,
    "CONTENT_REJECTED": JobErrorCode.CONTENT_REJECTED,
    "RISK_CONTROL": JobErrorCode.PERMISSION_DENIED,
    "MODEL_RISK_CONTROL": JobErrorCode.PERMISSION_DENIED,
    "PUNISHED": JobErrorCode.PERMISSION_DENIED,
    "NO_PERMISSION": JobErrorCode.PERMISSION_DENIED,
    "NEEDS_CONFIRMATION": JobErrorCode.PERMISSION_DENIED,
    "GENERATION_FAILED": JobErrorCode.SERVER_ERROR,
    "UPSTREAM_FAULT": JobErrorCode.SERVER_ERROR,
}


@pytest.mark.parametrize(("ret", "kind"), CALLS.items())
def test_every_code_of_a_call_is_known(ret: str, kind: str) -> None:
    with structlog.testing.capture_logs() as logs:
        fault = refusal_of_call(ret, errmsg="no", log_id="2026")
    assert (fault.kind, fault.upstream_code, fault.log_id) == (FaultKind(kind), ret, "2026")
    assert_is_told_to_people(fault)
    assert logs == []


@pytest.mark.parametrize(("fail_code", "kind"), TASKS.items())
def test_every_code_of_a_task_is_known(fail_code: str, kind: str) -> None:
    with structlog.testing.capture_logs() as logs:
        fault = refusal_of_task(30, 30, fail_code, "")
    assert (fault.kind, fault.upstream_code) == (FaultKind(kind), fail_code)
    assert_is_told_to_people(fault)
    assert logs == []


def assert_is_told_to_people(fault: UpstreamFaultError) -> None:
    assert fault.message.endswith(".")
    assert str(fault.upstream_code) not in fault.message
    if fault.kind is FaultKind.INVALID_INPUT:
        assert fault.code in (JobErrorCode.INVALID_INPUT, JobErrorCode.API_ERROR)
    else:
        assert fault.code is ERRORS[fault.kind.value]


@pytest.mark.parametrize("ret", ["-4", "-6", "1018", "1019", "1021", "2035", "4013"])
def test_risk_control_is_respected_and_said_to_be(ret: str) -> None:
    assert "does not work around it" in refusal_of_call(ret).message


@pytest.mark.parametrize(
    ("errmsg", "kind"),
    [
        ("Not enough credits", "OUT_OF_CREDIT"),
        ("积分不足", "OUT_OF_CREDIT"),
        ("content violation", "CONTENT_REJECTED"),
        ("", "CONTENT_REJECTED"),
    ],
)
def test_4001_is_decided_by_its_words(errmsg: str, kind: str) -> None:
    assert refusal_of_call("4001", errmsg=errmsg).kind is FaultKind(kind)
    assert refusal_of_task(30, None, "4001", errmsg).kind is FaultKind(kind)


def test_risk_control_on_a_submit_can_be_about_the_model_alone() -> None:
    fault = refusal_of_call("-6", errmsg="shark not pass reject", data={"fail_code": "4013"})
    assert (fault.kind, fault.upstream_code) == (FaultKind.MODEL_RISK_CONTROL, "-6")


@pytest.mark.parametrize("words", ["It is a busy period now", "高峰期,请等待其他任务完成"])
def test_a_busy_period_is_a_limit_whatever_the_code(words: str) -> None:
    for fault in (
        refusal_of_call("9999", errmsg=words),
        refusal_of_call("5001", data={"fail_starling_message": words}),
    ):
        assert (fault.kind, fault.code) == (FaultKind.CONCURRENCY_LIMIT, JobErrorCode.RATE_LIMIT)


def test_an_unknown_code_is_logged_with_all_that_upstream_said() -> None:
    with structlog.testing.capture_logs() as logs:
        fault = refusal_of_call("77", errmsg="strange", log_id="2026")
    assert (fault.kind, fault.code) == (FaultKind.UNKNOWN, JobErrorCode.API_ERROR)
    assert fault.message == "Jimeng refused with the code 77, which is unknown to Ekonte: strange."
    assert logs == [
        {"event": "jimeng.unknown_code", "log_level": "warning", "ret": "77", "errmsg": "strange", "log_id": "2026"}
    ]


def test_an_unknown_code_of_a_task_is_looked_for_among_those_of_calls_first() -> None:
    assert refusal_of_task(30, 30, "1019", "").kind is FaultKind.RISK_CONTROL
    with structlog.testing.capture_logs() as logs:
        assert refusal_of_task(30, 30, "7", "").kind is FaultKind.UNKNOWN
    assert logs[0]["ret"] == "7"


@pytest.mark.parametrize(
    ("status", "task_status", "kind", "words"),
    [
        (30, 10, "CONTENT_REJECTED", "before generating"),
        (10, 10, "CONTENT_REJECTED", "before generating"),
        (30, 40, "CONTENT_REJECTED", "the result"),
        (40, None, "CONTENT_REJECTED", "the result"),
        (30, 30, "GENERATION_FAILED", "could not generate"),
        (30, None, "GENERATION_FAILED", "could not generate"),
        (100, None, "GENERATION_FAILED", "deleted"),
    ],
)
def test_without_a_code_the_statuses_say_why_a_task_failed(
    status: int, task_status: int | None, kind: str, words: str
) -> None:
    fault = refusal_of_task(status, task_status, "", "")
    assert (fault.kind, fault.upstream_code) == (FaultKind(kind), None)
    assert words in fault.message


def test_upstreams_words_for_people_are_passed_on() -> None:
    fault = refusal_of_call("2038", errmsg="code words", data={"fail_starling_message": "请修改文本"})
    assert fault.message == "Jimeng's review refused the prompt. Jimeng says: 请修改文本"


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ({"fail_starling_message": " no ", "task": {"resp_ret": {"errmsg": "other"}}}, "no"),
        ({"task": {"resp_ret": {"errmsg": "why"}}}, "why"),
        ({"task": {"resp_ret": {"errmsg": "success"}}, "gen_result_data": {"result_msg": "because"}}, "because"),
        ({"task": None, "fail_starling_message": None}, ""),
    ],
)
def test_a_task_has_its_words_in_several_places(record: dict[str, object], words: str) -> None:
    assert task_words(json.loads(json.dumps(record))) == words


@pytest.mark.parametrize(
    ("status", "kind", "code"),
    [
        (400, "INVALID_INPUT", "API_ERROR"),
        (401, "SESSION_EXPIRED", "AUTH_FAILED"),
        (402, "OUT_OF_CREDIT", "INSUFFICIENT_CREDIT"),
        (403, "RISK_CONTROL", "PERMISSION_DENIED"),
        (404, "UPSTREAM_FAULT", "API_ERROR"),
        (413, "INVALID_INPUT", "API_ERROR"),
        (429, "RATE_LIMIT", "RATE_LIMIT"),
        (451, "RISK_CONTROL", "PERMISSION_DENIED"),
        (500, "UPSTREAM_FAULT", "SERVER_ERROR"),
        (503, "UPSTREAM_FAULT", "SERVER_ERROR"),
    ],
)
def test_a_status_says_what_kind_of_fault_it_is(status: int, kind: str, code: str) -> None:
    fault = http_fault(page(status))
    assert (fault.kind.value, fault.code.value, fault.upstream_code) == (kind, code, f"HTTP {status}")
    assert fault.message.endswith(f"(HTTP status {status}).")


@pytest.mark.parametrize("status", [401, 403])
def test_an_upload_host_says_nothing_about_the_account(status: int) -> None:
    assert upload_fault(page(status)).kind is FaultKind.UPSTREAM_FAULT
    assert upload_fault(page(429)).kind is FaultKind.RATE_LIMIT


def test_a_wait_is_told_in_seconds_or_as_a_date() -> None:
    assert http_fault(page(429, retry_after="30")).retry_after_seconds == 30.0
    dated = page(503, date="Wed, 21 Oct 2026 07:28:00 GMT", retry_after="Wed, 21 Oct 2026 07:29:30 GMT")
    assert http_fault(dated).retry_after_seconds == 90.0


@pytest.mark.parametrize(
    ("status", "is_no"),
    [(400, True), (401, True), (403, True), (404, True), (429, True), (408, False), (409, False), (499, False)]
    + [(status, False) for status in (200, 302, 500, 502, 503, 504)],
)
def test_only_some_statuses_mean_that_nothing_was_accepted(status: int, is_no: bool) -> None:
    assert is_refusal(status) is is_no
