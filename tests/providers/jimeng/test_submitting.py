"""A submit is sent once and ends as accepted, refused, certainly not sent, or unknown."""

import asyncio
import json
from typing import Any

import httpx
import pytest
import structlog

from errors import JobErrorCode
from providers.jimeng import JimengProvider
from providers.jimeng.client import CREDIT_PATH
from providers.jimeng.drafting import GENERATE_PATH
from providers.pooled import Accepted, FaultKind, GenerationOrder, SubmitUnknownError, UpstreamFaultError
from settings import JimengSettings
from tests.providers.jimeng.upstream import SESSION, SUBMIT_ID, Upstream, credential, envelope, page

PICTURE = GenerationOrder("IMAGE", "jimeng-4.5", "a cat")
CLIP = GenerationOrder("VIDEO", "jimeng-video-3.0", "a lion runs")
TAKEN = {"aigc_data": {"history_record_id": "25594898552322", "status": 20}, "fail_code": ""}


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


async def submit(upstream: Upstream, order: GenerationOrder = PICTURE, site: str = "CN") -> Accepted:
    with structlog.testing.capture_logs():
        return await upstream.provider().submit(credential(site), order, SUBMIT_ID)


@pytest.mark.parametrize(
    ("order", "site", "referer"),
    [
        (PICTURE, "CN", "https://jimeng.jianying.com/ai-tool/generate?type=image"),
        (CLIP, "US", "https://dreamina.capcut.com/ai-tool/generate?type=video"),
    ],
)
async def test_a_submit_carries_the_callers_id_and_everything_else(
    upstream: Upstream, order: GenerationOrder, site: str, referer: str
) -> None:
    upstream.reply(GENERATE_PATH, envelope(TAKEN))
    accepted = await submit(upstream, order, site)
    assert (accepted.history_id, accepted.raw) == ("25594898552322", TAKEN)
    (request,) = upstream.requests
    body = json.loads(request.content)
    assert body["submit_id"] == SUBMIT_ID
    if order is PICTURE:
        assert json.loads(body["metrics_extra"])["generateId"] == SUBMIT_ID
    assert body["http_common_info"]["aid"] == int(request.url.params["aid"]) == int(request.headers["appid"])
    assert request.headers["referer"] == referer
    assert f"; sessionid={SESSION};" in request.headers["cookie"]
    assert request.headers["content-type"] == "application/json"
    assert ("webId" in request.url.params) is (site == "CN")


async def test_a_number_is_a_task_id_too(upstream: Upstream) -> None:
    upstream.reply(GENERATE_PATH, envelope({"aigc_data": {"history_record_id": 25594898552322}}, ret=0))
    assert (await submit(upstream)).history_id == "25594898552322"


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
async def test_what_never_left_is_surely_not_taken(upstream: Upstream, error: Exception) -> None:
    upstream.reply(GENERATE_PATH, error)
    with pytest.raises(UpstreamFaultError) as fault:
        await submit(upstream)
    assert (fault.value.kind, fault.value.code) == (FaultKind.UPSTREAM_FAULT, JobErrorCode.NETWORK_ERROR)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    "reply",
    [
        httpx.ReadTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.DecodingError("x"),
        page(200),
        page(302),
        page(408),
        page(409),
        page(500),
        page(502),
        page(503, retry_after="30"),
        httpx.Response(200, json={"message": "who knows"}),
        httpx.Response(200, json={"ret": "odd"}),
        envelope(None),
        envelope({"aigc_data": None}),
        envelope({"aigc_data": {"history_record_id": ""}}),
    ],
)
async def test_what_cannot_be_known_is_sent_once_and_said_to_be_unknown(upstream: Upstream, reply: Any) -> None:
    upstream.reply(GENERATE_PATH, reply)
    with pytest.raises(SubmitUnknownError):
        await submit(upstream)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (envelope(ret="1019", errmsg="shark not pass"), "RISK_CONTROL"),
        (envelope({"fail_code": "4013"}, ret="-6", errmsg="shark not pass reject"), "MODEL_RISK_CONTROL"),
        (envelope(ret=1006), "OUT_OF_CREDIT"),
        (envelope(ret="-1", errmsg="system busy"), "UPSTREAM_FAULT"),
        (envelope(ret="31337", errmsg="new"), "UNKNOWN"),
        (httpx.Response(500, json={"ret": "1014", "errmsg": "system busy"}), "UPSTREAM_FAULT"),
    ],
)
async def test_a_refusal_is_certain_and_nothing_is_sent_again(
    upstream: Upstream, reply: httpx.Response, kind: str
) -> None:
    upstream.reply(GENERATE_PATH, reply)
    with pytest.raises(UpstreamFaultError) as fault:
        await submit(upstream)
    assert fault.value.kind is FaultKind(kind)
    assert len(upstream.requests) == 1


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (page(401), "SESSION_EXPIRED"),
        (page(403), "RISK_CONTROL"),
        (page(404), "UPSTREAM_FAULT"),
        (page(429, retry_after="30"), "RATE_LIMIT"),
        (httpx.Response(429, json={"message": "too many"}), "RATE_LIMIT"),
        (httpx.Response(429, json={"ret": "429", "errmsg": "slow down"}), "RATE_LIMIT"),
        (httpx.Response(403, json={"ret": "0", "data": {}}), "RISK_CONTROL"),
        (page(400), "INVALID_INPUT"),
    ],
)
async def test_a_status_that_says_no_is_a_refusal(upstream: Upstream, reply: httpx.Response, kind: str) -> None:
    upstream.reply(GENERATE_PATH, reply)
    with pytest.raises(UpstreamFaultError) as fault:
        await submit(upstream)
    assert fault.value.kind is FaultKind(kind)
    assert fault.value.retry_after_seconds == (30.0 if "retry-after" in reply.headers else None)
    assert len(upstream.requests) == 1


async def test_an_unknown_submit_tells_what_its_page_said(upstream: Upstream) -> None:
    upstream.reply(GENERATE_PATH, page(503, retry_after="30"))
    with pytest.raises(SubmitUnknownError, match="HTTP status 503") as unknown:
        await submit(upstream)
    assert unknown.value.fault is not None
    assert (unknown.value.fault.kind, unknown.value.fault.retry_after_seconds) == (FaultKind.UPSTREAM_FAULT, 30.0)


async def test_a_refusal_with_a_code_may_say_when_to_come_again(upstream: Upstream) -> None:
    reply = envelope(ret="1057", errmsg="too fast")
    reply.headers["retry-after"] = "120"
    upstream.reply(GENERATE_PATH, reply)
    with pytest.raises(UpstreamFaultError) as fault:
        await submit(upstream)
    assert (fault.value.kind, fault.value.retry_after_seconds) == (FaultKind.RATE_LIMIT, 120.0)


async def test_an_answer_that_does_not_come_in_time_is_unknown() -> None:
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    settings = JimengSettings.model_construct(
        **{**JimengSettings(_env_file=None).model_dump(), "jimeng_timeout_seconds": 0.05}
    )
    provider = JimengProvider(settings, (), transport=httpx.MockTransport(never))
    with pytest.raises(SubmitUnknownError, match="in time"):
        await provider.submit(credential(), PICTURE, SUBMIT_ID)


async def test_what_the_catalogue_does_not_know_is_not_sent(upstream: Upstream) -> None:
    with pytest.raises(UpstreamFaultError) as fault:
        await submit(upstream, GenerationOrder("VIDEO", "jimeng-video-veo3", "x"), "CN")
    assert fault.value.kind is FaultKind.INVALID_INPUT
    assert upstream.requests == []


async def test_after_a_submit_the_balance_is_asked_anew(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, envelope({"credit": {"gift_credit": 60}}))
    upstream.reply(GENERATE_PATH, envelope(TAKEN))
    provider = upstream.provider()
    await provider.credit_balance(credential())
    await provider.submit(credential(), PICTURE, SUBMIT_ID)
    await provider.credit_balance(credential())
    assert len(upstream.asked(CREDIT_PATH)) == 2
