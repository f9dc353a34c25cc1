"""Uploads of films: token, address, content and commit, signed for another service than pictures."""

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog

from providers.jimeng import film_uploading
from providers.jimeng.signing import crc32, sigv4_headers
from providers.jimeng.upload_calls import GRANT_PATH
from providers.pooled import FaultKind, UploadedFile, UpstreamFaultError
from tests.providers.jimeng.test_uploading import TOKEN
from tests.providers.jimeng.upstream import Upstream, credential, envelope, page

URI = "tos-cn-v-1/0123456789abcdef"
PUT, APPLY, COMMIT = f"/upload/v1/{URI}", "ApplyUploadInner", "CommitUploadInner"
NODE = {
    "StoreInfos": [{"StoreUri": URI, "Auth": "SpaceKey/xyz"}], "UploadHost": "tos-d.douyin.example",
    "SessionKey": "SKEY", "Vid": "v0123", "Type": "direct",
}  # fmt: skip
META = {"Width": 1280, "Height": 720, "Duration": 5.04, "Format": "MP4"}
CONTENT = b"a film"


def applied(node: object = NODE) -> httpx.Response:
    nodes = {"InnerUploadAddress": {"UploadNodes": [node]}}
    return httpx.Response(200, json={"ResponseMetadata": {"Action": APPLY}, "Result": nodes})


def committed(**changes: object) -> httpx.Response:
    result = {"Vid": "v0123", "VideoMeta": META, **changes}
    return httpx.Response(200, json={"ResponseMetadata": {"Action": COMMIT}, "Result": {"Results": [result]}})


def stored(**changes: object) -> httpx.Response:
    answer = {"code": 2000, "message": "Success", "data": {"crc32": crc32(CONTENT)}, **changes}
    return httpx.Response(200, json=answer)


@pytest.fixture
def upstream() -> Upstream:
    upstream = Upstream()
    upstream.reply(GRANT_PATH, envelope({**TOKEN, "space_name": "aigc"}))
    upstream.reply(APPLY, applied())
    upstream.reply(PUT, stored())
    upstream.reply(COMMIT, committed())
    return upstream


@pytest.fixture
def film(tmp_path: Path) -> Path:
    path = tmp_path / "a.mp4"
    path.write_bytes(CONTENT)
    return path


def assert_signed(request: httpx.Request, region: str, body: bytes | None) -> None:
    expected = sigv4_headers(
        request.method, dict(request.url.params), region=region, service="vod", access_key_id="AK",
        secret_access_key="SK", session_token="ST", date=request.headers["x-amz-date"], body=body,
    )  # fmt: skip
    assert expected.items() <= dict(request.headers).items()
    assert "/vod/aws4_request" in request.headers["authorization"]
    assert "cookie" not in request.headers


@pytest.mark.parametrize(("site", "region"), [("CN", "cn-north-1"), ("US", "us-east-1"), ("JP", "ap-southeast-1")])
async def test_a_film_goes_up_in_four_steps(upstream: Upstream, film: Path, site: str, region: str) -> None:
    uploaded = await upstream.provider().upload_film(credential(site), film)
    assert uploaded == UploadedFile("v0123", 1280, 720, duration_ms=5040)
    grant, apply, put, commit = upstream.requests
    assert json.loads(grant.content) == {"scene": 1}
    assert (apply.method, apply.url.host) == ("GET", "vod.bytedanceapi.com")
    query = dict(apply.url.params)
    assert re.fullmatch(r"[0-9a-z]{10}", query.pop("s"))
    assert query == {
        "Action": APPLY, "Version": "2020-11-19", "SpaceName": "aigc", "FileType": "video", "IsInner": "1",
        "FileSize": "6",
    }  # fmt: skip
    assert_signed(apply, region, None)
    assert (str(put.url), put.content) == (f"https://tos-d.douyin.example{PUT}", CONTENT)
    assert put.headers["content-crc32"] == crc32(CONTENT)
    assert put.headers["authorization"] == "SpaceKey/xyz"
    assert dict(commit.url.params) == {"Action": COMMIT, "Version": "2020-11-19", "SpaceName": "aigc"}
    assert commit.content == b'{"SessionKey":"SKEY","Functions":[]}'
    assert_signed(commit, region, commit.content)


async def test_a_token_without_a_space_means_the_usual_one(upstream: Upstream, film: Path) -> None:
    upstream.reply(GRANT_PATH, envelope({**TOKEN, "space_name": ""}))
    await upstream.provider().upload_film(credential(), film)
    assert upstream.requests[1].url.params["SpaceName"] == "dreamina"


REPLIES: dict[str, tuple[str, httpx.Response]] = {
    "another checksum": (PUT, stored(data={"crc32": "00000000"})),
    "another code": (PUT, stored(code=4000)),
    "no JSON": (PUT, page(200)),
    "an error page": (PUT, page(403)),
    "no node": (APPLY, applied({})),
    "a host that is none": (APPLY, applied({**NODE, "UploadHost": "a/b"})),
    "no vid": (COMMIT, committed(Vid=None)),
    "no length": (COMMIT, committed(VideoMeta={**META, "Duration": 0})),
    "no description": (COMMIT, committed(VideoMeta=None)),
}


@pytest.mark.parametrize(("path", "reply"), REPLIES.values(), ids=REPLIES)
async def test_an_answer_that_is_no_success_is_a_fault_and_drops_the_token(
    upstream: Upstream, film: Path, path: str, reply: httpx.Response
) -> None:
    good: Any = upstream.replies[path][0]
    upstream.reply(path, reply, good)
    provider = upstream.provider()
    with structlog.testing.capture_logs(), pytest.raises(UpstreamFaultError):
        await provider.upload_film(credential(), film)
    assert (await provider.upload_film(credential(), film)).uri == "v0123"
    assert len(upstream.asked(GRANT_PATH)) == 2


async def test_pictures_and_films_have_tokens_of_their_own(upstream: Upstream, film: Path) -> None:
    provider = upstream.provider()
    await provider.upload_film(credential(), film)
    await provider.upload_film(credential(), film)
    assert upstream.bodies(GRANT_PATH) == [{"scene": 1}]


async def test_a_film_that_is_too_large_is_not_sent(
    upstream: Upstream, film: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("providers.jimeng.client.MAX_FILM_BYTES", len(CONTENT) - 1)
    with pytest.raises(UpstreamFaultError) as fault:
        await upstream.provider().upload_film(credential(), film)
    assert (fault.value.kind, upstream.requests) == (FaultKind.INVALID_INPUT, [])
    assert film_uploading.MAX_FILM_BYTES == 100 * 1024 * 1024
