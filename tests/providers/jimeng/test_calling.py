"""Retries of calls without side effects, and separation of accounts."""

import asyncio
import io
import json
import logging
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from PIL import Image

from providers.jimeng import JimengProvider
from providers.jimeng.client import CREDIT_PATH, HISTORY_PATH, PASSPORT_PATH
from providers.jimeng.drafting import GENERATE_PATH
from providers.pooled import FaultKind, GenerationOrder, SubmitUnknownError, UpstreamFaultError
from settings import JimengSettings
from tests.providers.jimeng.upstream import SESSION, SUBMIT_ID, Upstream, credential, envelope, page

CREDIT = {"credit": {"gift_credit": 60}}


@pytest.fixture
def upstream() -> Upstream:
    return Upstream()


async def balance(upstream: Upstream) -> int:
    with structlog.testing.capture_logs():
        return await upstream.provider().credit_balance(credential())


@pytest.mark.parametrize(
    "fault", [httpx.ConnectError("x"), httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), page(500), page(503)]
)
async def test_a_fault_of_network_or_server_is_tried_three_times_more(upstream: Upstream, fault: Any) -> None:
    upstream.reply(CREDIT_PATH, fault, fault, fault, envelope(CREDIT))
    assert await balance(upstream) == 60
    assert len(upstream.requests) == 4


async def test_the_fifth_time_does_not_come(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, page(502))
    with pytest.raises(UpstreamFaultError) as fault:
        await balance(upstream)
    assert fault.value.kind is FaultKind.UPSTREAM_FAULT
    assert len(upstream.requests) == 4


@pytest.mark.parametrize(
    ("reply", "kind", "retry_after_seconds"),
    [
        (page(401), "SESSION_EXPIRED", None),
        (page(404), "UPSTREAM_FAULT", None),
        (page(429, Retry_After="30"), "RATE_LIMIT", 30.0),
        (page(503, Retry_After="120"), "UPSTREAM_FAULT", 120.0),
        (envelope(ret="1014"), "UPSTREAM_FAULT", None),
        (envelope(ret="1019"), "RISK_CONTROL", None),
    ],
)
async def test_an_answer_that_says_no_is_not_tried_again(
    upstream: Upstream, reply: httpx.Response, kind: str, retry_after_seconds: float | None
) -> None:
    upstream.reply(CREDIT_PATH, reply)
    with pytest.raises(UpstreamFaultError) as fault:
        await balance(upstream)
    assert (fault.value.kind, fault.value.retry_after_seconds) == (FaultKind(kind), retry_after_seconds)
    assert len(upstream.requests) == 1


async def test_trying_again_ends_with_the_time_of_one_call(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, httpx.ConnectError("x"))
    settings = JimengSettings.model_construct(
        **{
            **JimengSettings(_env_file=None).model_dump(),
            "jimeng_retry_seconds": 3600.0,
            "jimeng_timeout_seconds": 0.05,
        }
    )
    provider = JimengProvider(settings, (), transport=httpx.MockTransport(upstream.handle))
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError, match="cannot be reached"):
        await provider.credit_balance(credential())
    assert len(upstream.requests) == 1


async def test_cookies_of_an_answer_are_not_kept(upstream: Upstream) -> None:
    headers = {"Set-Cookie": "sessionid=somebody-elses; Path=/; Domain=jimeng.jianying.com"}
    answer = httpx.Response(200, headers=headers, json={"ret": "0", "data": CREDIT})
    upstream.reply(CREDIT_PATH, answer)
    provider = upstream.provider()
    await provider.credit_balance(credential())
    await provider.credit_balance(credential(account_id=2, session_id="other"))
    assert "somebody-elses" not in upstream.requests[1].headers["cookie"]
    assert upstream.requests[1].headers.get_list("cookie") == [upstream.requests[1].headers["cookie"]]


async def test_a_redirect_is_not_followed(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, httpx.Response(302, headers={"Location": "http://elsewhere.example/"}))
    with pytest.raises(UpstreamFaultError):
        await balance(upstream)
    assert len(upstream.requests) == 1


async def test_an_address_on_a_private_network_is_not_asked_unless_it_is_listed() -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        body = json.dumps({"ret": "0", "data": CREDIT}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (len(body), body))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        settings = JimengSettings(
            _env_file=None, jimeng_retry_seconds=0, jimeng_cn_commerce_url=f"http://127.0.0.1:{port}"
        )
        closed = JimengProvider(settings, ("127.0.0.1:1",))
        with (
            structlog.testing.capture_logs(),
            pytest.raises(UpstreamFaultError, match="not in EKONTE_ALLOWED_PRIVATE"),
        ):
            await closed.credit_balance(credential())
        assert asked == []
        provider = JimengProvider(settings, (f"127.0.0.1:{port}",))
        assert await provider.credit_balance(credential()) == 60
        assert len(asked) == 1
        await provider.close()
        await closed.close()


async def test_closing_twice_does_no_harm_and_the_provider_works_on(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, envelope(CREDIT))
    provider = upstream.provider()
    await provider.close()
    await provider.credit_balance(credential())
    await provider.close()
    await provider.close()
    assert await provider.credit_balance(credential(), fresh=True) == 60


def test_each_event_loop_has_connections_of_its_own(upstream: Upstream) -> None:
    upstream.reply(CREDIT_PATH, envelope(CREDIT))
    provider = upstream.provider()

    async def ask() -> int:
        try:
            return await provider.credit_balance(credential(), fresh=True)
        finally:
            await provider.close()

    found: list[int] = []
    thread = threading.Thread(target=lambda: found.append(asyncio.run(ask())))
    thread.start()
    thread.join()
    found.append(asyncio.run(ask()))
    assert found == [60, 60]


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")

    async def clients_proxies() -> bool:
        provider = JimengProvider(JimengSettings(_env_file=None), ())
        is_trusting = provider._caller.client().trust_env
        await provider.close()
        return is_trusting

    assert asyncio.run(clients_proxies()) is False


async def test_no_session_id_shows_anywhere(
    upstream: Upstream, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It is in no log line, repr or error message, for successful and failed calls."""
    picture = tmp_path / "a.png"
    target = io.BytesIO()
    Image.new("RGB", (8, 8)).save(target, "PNG")
    picture.write_bytes(target.getvalue())
    replies = [httpx.ConnectError("x"), page(500), page(404), envelope(ret="77", errmsg="new"), envelope(ret="1015")]
    provider = upstream.provider()
    shown: list[object] = [provider, vars(provider), credential()]
    caplog.set_level(logging.DEBUG)
    with structlog.testing.capture_logs() as logs:
        for reply in replies:
            for path in (CREDIT_PATH, PASSPORT_PATH, HISTORY_PATH, GENERATE_PATH, "/mweb/v1/get_upload_token"):
                upstream.reply(path, reply)
            calls = (
                provider.is_alive(credential(), fresh=True),
                provider.credit_balance(credential(), fresh=True),
                provider.query(credential(), "IMAGE", history_ids=["25"]),
                provider.submit(credential(), GenerationOrder("IMAGE", "jimeng-4.5", "a cat"), SUBMIT_ID),
                provider.upload(credential(), picture),
            )
            for call in calls:
                try:
                    shown.append(await call)
                except (UpstreamFaultError, SubmitUnknownError) as error:
                    shown += [error, str(error), vars(error), error.__context__, error.__cause__]
    shown += [vars(provider), vars(provider._caller), provider._alive._entries, provider._credits._entries, logs]
    assert len(upstream.requests) > 20
    assert all(SESSION in request.headers["cookie"] for request in upstream.requests)
    assert [text for text in map(repr, shown) if SESSION in text] == []
    assert SESSION not in caplog.text
