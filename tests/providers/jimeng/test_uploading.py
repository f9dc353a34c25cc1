"""Uploads: four signed calls per picture, five with the content check."""

import asyncio
import io
import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from PIL import Image

from providers.jimeng import JimengProvider
from providers.jimeng.signing import crc32, sigv4_headers
from providers.jimeng.upload_calls import GRANT_PATH, token_seconds
from providers.jimeng.uploading import CHECK_PATH, upload_address
from providers.pooled import FaultKind, UpstreamFaultError
from settings import JimengSettings
from tests.providers.jimeng.upstream import Upstream, credential, envelope, page

TOKEN = {
    "access_key_id": "AK", "secret_access_key": "SK", "session_token": "ST", "service_id": "tb4s082cfz",
    "space_name": "dreamina",
}  # fmt: skip
URI = "tos-cn-i-tb4s082cfz/0123456789abcdef0123456789abcdef"
APPLIED = {
    "ResponseMetadata": {"RequestId": "1", "Action": "ApplyImageUpload"},
    "Result": {
        "UploadAddress": {
            "StoreInfos": [{"StoreUri": URI, "Auth": "SpaceKey/xyz"}],
            "UploadHosts": ["tos-d-x-lf.douyin.example"],
            "SessionKey": "SKEY",
        }
    },
}
COMMITTED = {
    "ResponseMetadata": {"Action": "CommitImageUpload"},
    "Result": {"Results": [{"Uri": URI, "UriStatus": 2000}], "PluginResult": [{"ImageUri": URI}]},
}
APPLY, COMMIT, PUT = "ApplyImageUpload", "CommitImageUpload", f"/upload/v1/{URI}"
FAILED = {"ResponseMetadata": {"RequestId": "1", "Error": {"Code": "InvalidToken", "Message": "expired"}}}


@pytest.fixture
def upstream() -> Upstream:
    upstream = Upstream()
    upstream.reply(GRANT_PATH, envelope(TOKEN))
    upstream.reply(APPLY, httpx.Response(200, json=APPLIED))
    upstream.reply(PUT, httpx.Response(200, json={"code": 2000}))
    upstream.reply(COMMIT, httpx.Response(200, json=COMMITTED))
    upstream.reply(CHECK_PATH, envelope({}))
    return upstream


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    target = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(target, "PNG")
    path = tmp_path / "a.png"
    path.write_bytes(target.getvalue())
    return path


async def upload(upstream: Upstream, picture: Path, site: str = "CN") -> str:
    with structlog.testing.capture_logs():
        return (await upstream.provider().upload(credential(site), picture)).uri


async def test_a_picture_goes_up_in_four_steps_and_is_looked_at(upstream: Upstream, picture: Path) -> None:
    assert await upload(upstream, picture) == URI
    grant, apply, put, commit, check = upstream.requests
    content = picture.read_bytes()
    assert json.loads(grant.content) == {"scene": 2}

    assert (apply.method, apply.url.host) == ("GET", "imagex.bytedanceapi.com")
    query = dict(apply.url.params)
    assert re.fullmatch(r"[0-9a-z]{10}", query.pop("s"))
    assert query == {
        "Action": APPLY, "Version": "2018-08-01", "ServiceId": "tb4s082cfz", "FileSize": str(len(content)),
    }  # fmt: skip
    assert_signed(apply, "cn-north-1", None)

    assert str(put.url) == f"https://tos-d-x-lf.douyin.example/upload/v1/{URI}"
    assert put.content == content
    expected = {
        "authorization": "SpaceKey/xyz",
        "content-crc32": crc32(content),
        "content-type": "application/octet-stream",
        "content-disposition": 'attachment; filename="undefined"',
    }
    assert expected.items() <= dict(put.headers).items()

    assert (commit.method, commit.content) == ("POST", b'{"SessionKey":"SKEY"}')
    assert commit.headers["content-type"] == "application/json"
    assert_signed(commit, "cn-north-1", commit.content)

    assert json.loads(check.content)["file_list"] == [{"file_uri": URI}]
    assert json.loads(check.url.params["babi_param"])["feature_key"] == "aigc_to_image"


def assert_signed(request: httpx.Request, region: str, body: bytes | None) -> None:
    expected = sigv4_headers(
        request.method,
        dict(request.url.params),
        region=region,
        service="imagex",
        access_key_id="AK",
        secret_access_key="SK",
        session_token="ST",
        date=request.headers["x-amz-date"],
        body=body,
    )
    assert expected.items() <= dict(request.headers).items()
    assert "cookie" not in request.headers


async def test_abroad_the_service_has_another_name_and_nothing_is_looked_at(upstream: Upstream, picture: Path) -> None:
    assert await upload(upstream, picture, "US") == URI
    _, apply, _, commit = upstream.requests
    assert apply.url.host == "imagex16-normal-us-ttp.capcutapi.us"
    assert apply.url.params["ServiceId"] == commit.url.params["ServiceId"] == "dreamina"
    assert apply.url.params["device_platform"] == "web"
    assert_signed(apply, "us-east-1", None)


@pytest.mark.parametrize(("site", "service"), [("CN", "tb4s082cfz"), ("SG", "wopfjsm1ax")])
async def test_a_token_without_a_service_means_the_sites_own(
    upstream: Upstream, picture: Path, site: str, service: str
) -> None:
    upstream.reply(GRANT_PATH, envelope({**TOKEN, "service_id": None, "space_name": ""}))
    await upload(upstream, picture, site)
    assert upstream.requests[1].url.params["ServiceId"] == service


async def test_one_token_serves_several_pictures_of_one_account(upstream: Upstream, picture: Path) -> None:
    provider = upstream.provider()
    await provider.upload(credential(), picture)
    await provider.upload(credential(), picture)
    assert len(upstream.asked(GRANT_PATH)) == 1
    await provider.upload(credential(account_id=2), picture)
    assert len(upstream.asked(GRANT_PATH)) == 2


async def test_a_token_that_has_ended_is_not_used(upstream: Upstream, picture: Path) -> None:
    upstream.reply(GRANT_PATH, envelope({**TOKEN, "expired_time": "2020-01-01T00:00:00+08:00"}))
    provider = upstream.provider()
    await provider.upload(credential(), picture)
    await provider.upload(credential(), picture)
    assert len(upstream.asked(GRANT_PATH)) == 2


async def test_after_a_failure_there_is_a_new_token(upstream: Upstream, picture: Path) -> None:
    upstream.reply(APPLY, httpx.Response(403, json=FAILED), httpx.Response(200, json=APPLIED))
    provider = upstream.provider()
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError, match="InvalidToken") as fault:
        await provider.upload(credential(), picture)
    assert (fault.value.kind, fault.value.upstream_code) == (FaultKind.UPSTREAM_FAULT, "InvalidToken")
    assert (await provider.upload(credential(), picture)).uri == URI
    assert len(upstream.asked(GRANT_PATH)) == 2


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ({}, 540.0),
        ({"expired_time": 1_700_003_600}, 3540.0),
        ({"expire_time": "1700003600"}, 3540.0),
        ({"ExpiredTime": "2023-11-14T23:13:20Z"}, 3540.0),
        ({"expired_time": "2023-11-15T07:13:20+08:00"}, 3540.0),
        ({"expired_time": "soon"}, 540.0),
        ({"expired_time": [1]}, 540.0),
    ],
)
def test_a_token_is_used_until_a_minute_before_its_end(told: dict[str, Any], seconds: float) -> None:
    assert token_seconds(told, 1_700_000_000.0) == seconds


@pytest.mark.parametrize("step", [APPLY, PUT, COMMIT])
@pytest.mark.parametrize("fault", [httpx.ReadError("x"), page(502)])
async def test_each_step_is_tried_again_after_a_fault(upstream: Upstream, picture: Path, step: str, fault: Any) -> None:
    upstream.reply(step, fault, upstream.replies[step][0])
    assert await upload(upstream, picture) == URI
    assert len(upstream.requests) == 6


@pytest.mark.parametrize(
    ("step", "reply"),
    [
        (GRANT_PATH, envelope({"access_key_id": "AK"})),
        (GRANT_PATH, envelope({**TOKEN, "session_token": "S\r\nT"})),
        (GRANT_PATH, envelope(None)),
        (APPLY, httpx.Response(200, json={"Result": {"UploadAddress": {"StoreInfos": []}}})),
        (APPLY, httpx.Response(200, json={"ret": "0"})),
        (APPLY, page(403)),
        (PUT, page(403)),
        (COMMIT, httpx.Response(200, json={"Result": {"Results": [{"Uri": URI, "UriStatus": 2001}]}})),
        (COMMIT, httpx.Response(200, json={"Result": {"Results": []}})),
        (COMMIT, page(200)),
    ],
)
async def test_a_step_that_brings_nothing_ends_the_upload(
    upstream: Upstream, picture: Path, step: str, reply: httpx.Response
) -> None:
    upstream.reply(step, reply)
    with pytest.raises(UpstreamFaultError) as fault:
        await upload(upstream, picture)
    assert fault.value.kind is FaultKind.UPSTREAM_FAULT
    assert upstream.asked(CHECK_PATH) == []


@pytest.mark.parametrize(
    "reply", [envelope(ret="2003"), envelope(ret="1", errmsg="Risk not pass"), envelope(ret=5, errmsg="detected risk")]
)
async def test_a_picture_that_the_check_refuses_is_refused(
    upstream: Upstream, picture: Path, reply: httpx.Response
) -> None:
    upstream.reply(CHECK_PATH, reply)
    with pytest.raises(UpstreamFaultError) as fault:
        await upload(upstream, picture)
    assert fault.value.kind is FaultKind.CONTENT_REJECTED
    assert "input picture" in fault.value.message


@pytest.mark.parametrize("reply", [envelope(ret="1000"), page(404), page(502), httpx.ReadTimeout("x"), page(200)])
async def test_a_check_that_fails_is_done_without(upstream: Upstream, picture: Path, reply: Any) -> None:
    upstream.reply(CHECK_PATH, reply)
    assert await upload(upstream, picture) == URI
    assert len(upstream.asked(CHECK_PATH)) == 1


def test_the_place_may_be_told_as_one_host() -> None:
    address = {**APPLIED["Result"]["UploadAddress"], "UploadHosts": None, "UploadHost": "127.0.0.1:8080"}
    parsed = upload_address({"UploadAddress": address})
    assert (parsed.host, parsed.store_uri) == ("127.0.0.1:8080", URI)
    assert "SpaceKey" not in repr(parsed)


@pytest.mark.parametrize("host", ["a.example/../b", "user@a.example", "a.example#", "a b"])
def test_a_host_that_is_none_is_refused(host: str) -> None:
    address = {**APPLIED["Result"]["UploadAddress"], "UploadHosts": [host]}
    with pytest.raises(UpstreamFaultError):
        upload_address({"UploadAddress": address})


async def test_at_most_three_pictures_of_one_account_go_up_at_once(picture: Path) -> None:
    at_once = highest = 0
    full = asyncio.Event()

    async def handle(request: httpx.Request) -> httpx.Response:
        nonlocal at_once, highest
        if request.url.path == GRANT_PATH:
            return envelope(TOKEN)
        if request.url.params.get("Action") == APPLY:
            return httpx.Response(200, json=APPLIED)
        if request.url.path == PUT:
            at_once += 1
            highest = max(highest, at_once)
            if at_once == 3:
                full.set()
            await full.wait()
            at_once -= 1
            return httpx.Response(200)
        return httpx.Response(200, json=COMMITTED)

    provider = JimengProvider(JimengSettings(_env_file=None), (), transport=httpx.MockTransport(handle))
    uploads = [provider.upload(credential("US"), picture) for _ in range(7)]
    assert [uploaded.uri for uploaded in await asyncio.gather(*uploads)] == [URI] * 7
    assert highest == 3
