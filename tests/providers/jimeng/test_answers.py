"""The envelope in all its forms."""

from typing import Any

import httpx
import pytest
import structlog

from providers.jimeng.answers import payload, read_envelope
from providers.jimeng.faults import HttpFaultError
from providers.pooled import FaultKind, UpstreamFaultError
from tests.providers.jimeng.upstream import page

COMMERCE = {
    "ret": "-4",
    "errmsg": "shark check reject",
    "systime": "1768528383934",
    "log_id": "202601160953030A",
    "response": '{"receive_quota":0}',
    "sign": "c2lnbg==",
    "data": {"receive_quota": 0},
}


@pytest.mark.parametrize("ret", ["0", 0])
def test_success_is_told_as_text_or_as_a_number(ret: object) -> None:
    assert payload(answer({"ret": ret, "data": {"a": 1}}), "/x") == {"a": 1}


def test_a_refusal_is_one_although_it_holds_data() -> None:
    with structlog.testing.capture_logs() as logs, pytest.raises(UpstreamFaultError) as refused:
        payload(answer(COMMERCE), "/commerce")
    assert (refused.value.kind, refused.value.log_id) == (FaultKind.RISK_CONTROL, "202601160953030A")
    assert logs == [
        {
            "event": "jimeng.refused", "log_level": "warning", "path": "/commerce", "ret": "-4",
            "errmsg": "shark check reject", "log_id": "202601160953030A", "kind": "RISK_CONTROL",
        }
    ]  # fmt: skip


@pytest.mark.parametrize("data", [None, {"aigc_data": None, "fail_code": "1017"}])
def test_a_refusal_needs_no_data(data: object) -> None:
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError) as refused:
        payload(answer({"ret": 3018, "errmsg": "permission denied", "data": data}), "/x")
    assert (refused.value.kind, refused.value.upstream_code) == (FaultKind.NO_PERMISSION, "3018")


def test_a_body_without_ret_is_a_payload_only_where_that_is_expected() -> None:
    body = {"data": {"user_id": 5}, "message": "success"}
    assert payload(answer(body), "/passport", may_be_bare=True) == body
    with structlog.testing.capture_logs(), pytest.raises(HttpFaultError):
        payload(answer(body), "/mweb")


@pytest.mark.parametrize(
    ("response", "kind", "status"),
    [
        (page(200), "UPSTREAM_FAULT", 200),
        (page(302), "UPSTREAM_FAULT", 302),
        (page(401), "SESSION_EXPIRED", 401),
        (page(403), "RISK_CONTROL", 403),
        (page(404), "UPSTREAM_FAULT", 404),
        (page(429), "RATE_LIMIT", 429),
        (page(502), "UPSTREAM_FAULT", 502),
        (httpx.Response(200, content=b"[1]"), "UPSTREAM_FAULT", 200),
        (httpx.Response(200, content=b"\xff\xfe{"), "UPSTREAM_FAULT", 200),
        (httpx.Response(500, json={"ret": "0", "data": {}}), "UPSTREAM_FAULT", 500),
    ],
)
def test_what_is_no_answer_is_a_fault(response: httpx.Response, kind: str, status: int) -> None:
    with structlog.testing.capture_logs(), pytest.raises(HttpFaultError) as refused:
        payload(response, "/x")
    assert (refused.value.kind, refused.value.status) == (FaultKind(kind), status)


def test_a_refusal_counts_whatever_its_status() -> None:
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError) as refused:
        payload(httpx.Response(401, json={"ret": "1015", "errmsg": "login error"}), "/x")
    assert refused.value.kind is FaultKind.SESSION_EXPIRED


def test_words_for_ret_are_none() -> None:
    envelope = read_envelope(answer({"ret": "fine", "logid": 5}))
    assert envelope is not None
    assert (envelope.ret, envelope.log_id) == (None, "5")


def answer(body: dict[str, Any]) -> httpx.Response:
    return httpx.Response(200, json=body)
