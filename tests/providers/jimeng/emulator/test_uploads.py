"""Uploads: signatures, content checks and ownership."""

import hashlib

import pytest

from providers.jimeng.emulator.accounts import Account
from providers.jimeng.emulator.signature import WrongSignature, read_authorization, verify
from tests.providers.jimeng.emulator.asking import PNG, Emulated
from tests.providers.jimeng.emulator.conftest import MakeEmulated

MOMENT = 1_795_327_519.0  # 2026-11-22 06:05:19 UTC
HEADERS = {"x-amz-date": "20261122T060519Z", "x-amz-security-token": "ST"}
APPLY = [("Action", "ApplyImageUpload"), ("Version", "2018-08-01"), ("ServiceId", "tb4s082cfz"), ("FileSize", "8")]
APPLY_SIGNATURE = "cc45c7bfb8e8a79298884ff232245535fe785c9927f9ca85c9b11f7fe0d841e2"
COMMIT_SIGNATURE = "9aa989bfea72eabde8dd171cabdcdfa51d5166b9e0a684d87698e6052b5869f6"


def _authorization(names: str, signature: str) -> str:
    scope = "AK/20261122/cn-north-1/imagex/aws4_request"
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={names}, Signature={signature}"


def test_signatures_that_are_known_to_be_right_pass() -> None:
    verify(
        read_authorization(_authorization("x-amz-date;x-amz-security-token", APPLY_SIGNATURE)),
        secret="SK", method="GET", path="/", query=[*APPLY, ("s", "38ertwxl5e")], headers=HEADERS, body=b"",
        now=MOMENT,
    )  # fmt: skip
    body = b'{"SessionKey":"SKEY"}'
    hashed = "a" * 64
    names = "x-amz-content-sha256;x-amz-date;x-amz-security-token"
    signed = read_authorization(_authorization(names, COMMIT_SIGNATURE))
    query = [("Action", "CommitImageUpload"), ("Version", "2018-08-01"), ("ServiceId", "tb4s082cfz")]
    right = HEADERS | {"x-amz-content-sha256": _sha256(body)}
    verify(signed, secret="SK", method="POST", path="/", query=query, headers=right, body=body, now=MOMENT)
    wrong = HEADERS | {"x-amz-content-sha256": hashed}
    with pytest.raises(WrongSignature):
        verify(signed, secret="SK", method="POST", path="/", query=query, headers=wrong, body=body, now=MOMENT)


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@pytest.mark.parametrize(
    ("secret", "query", "now"),
    [
        ("another", [*APPLY, ("s", "38ertwxl5e")], MOMENT),
        ("SK", [*APPLY, ("s", "another")], MOMENT),
        ("SK", [*APPLY, ("s", "38ertwxl5e")], MOMENT + 901),
    ],
)
def test_another_signature_is_refused(secret: str, query: list[tuple[str, str]], now: float) -> None:
    signed = read_authorization(_authorization("x-amz-date;x-amz-security-token", APPLY_SIGNATURE))
    with pytest.raises(WrongSignature):
        verify(signed, secret=secret, method="GET", path="/", query=query, headers=HEADERS, body=b"", now=now)


@pytest.mark.parametrize("names", ["x-amz-date", "x-amz-security-token;x-amz-date"])
def test_what_must_be_signed_is_and_in_order(names: str) -> None:
    signed = read_authorization(_authorization(names, APPLY_SIGNATURE))
    with pytest.raises(WrongSignature, match="SignedHeaders"):
        verify(signed, secret="SK", method="GET", path="/", query=APPLY, headers=HEADERS, body=b"", now=MOMENT)


@pytest.mark.parametrize("site", ["CN", "US", "HK", "JP", "SG"])
async def test_a_picture_is_uploaded_and_told_with_its_size(make: MakeEmulated, site: str) -> None:
    emulated = make(Account("one", site))
    uri = await emulated.uploaded(PNG, site=site)
    assert uri.partition("/")[0].startswith("tos-")
    upload = emulated.service.uploads.committed("one", uri)
    assert upload is not None
    assert (upload.format, upload.path is not None and upload.path.read_bytes()) == ("png", PNG)


async def test_the_same_bytes_twice_have_two_names(emulated: Emulated) -> None:
    assert await emulated.uploaded(PNG) != await emulated.uploaded(PNG)


async def test_an_apply_with_a_wrong_signature_is_refused(emulated: Emulated) -> None:
    token = await emulated.token()
    answer = await emulated.apply({**token, "secret_access_key": "another"}, 8)
    assert answer.status_code == 403
    assert answer.json()["ResponseMetadata"]["Error"]["Code"] == "SignatureDoesNotMatch"
    assert "Result" not in answer.json()


async def test_keys_of_a_token_end(emulated: Emulated) -> None:
    token = await emulated.token()
    emulated.time += 3601
    answer = await emulated.apply(token, 8)
    assert answer.json()["ResponseMetadata"]["Error"]["Code"] == "ExpiredToken"


async def test_the_scope_is_that_of_the_site(make: MakeEmulated) -> None:
    emulated = make(Account("one", "US"))
    token = await emulated.token(site="US")
    assert (await emulated.apply({**token, "service_id": token["space_name"]}, 8, "HK")).status_code == 403


@pytest.mark.parametrize("size", [0, 100 * 1024 * 1024 + 1])
async def test_a_file_of_a_wrong_size_is_refused(emulated: Emulated, size: int) -> None:
    assert (await emulated.apply(await emulated.token(), size)).status_code == 400


async def test_bytes_other_than_announced_are_refused(emulated: Emulated) -> None:
    token = await emulated.token()
    applied = (await emulated.apply(token, len(PNG))).json()["Result"]["UploadAddress"]
    assert (await emulated.put(applied, PNG, **{"Content-CRC32": "00000000"})).status_code == 400
    assert (await emulated.put(applied, PNG, Authorization="SpaceKey/another")).status_code == 403
    assert (await emulated.put(applied, PNG[:-1])).status_code == 400
    committed = await emulated.commit(token, applied["SessionKey"])
    assert committed.json()["ResponseMetadata"]["Error"]["Code"] == "ObjectNotFound"
    assert len(emulated.service.uploads) == 0


async def test_what_is_no_picture_is_not_committed(emulated: Emulated) -> None:
    token = await emulated.token()
    applied = (await emulated.apply(token, 5)).json()["Result"]["UploadAddress"]
    assert (await emulated.put(applied, b"hello")).status_code == 200
    assert "Error" in (await emulated.commit(token, applied["SessionKey"])).json()["ResponseMetadata"]


async def test_a_commit_is_signed_with_its_body(emulated: Emulated) -> None:
    token = await emulated.token()
    applied = (await emulated.apply(token, len(PNG))).json()["Result"]["UploadAddress"]
    await emulated.put(applied, PNG)
    assert (await emulated.commit(token, applied["SessionKey"], body=b"{}")).status_code == 403
    assert len(emulated.service.uploads) == 0


async def test_another_account_cannot_commit(make: MakeEmulated) -> None:
    emulated = make(Account("one"), Account("two"))
    applied = (await emulated.apply(await emulated.token(), len(PNG))).json()["Result"]["UploadAddress"]
    await emulated.put(applied, PNG)
    assert (await emulated.commit(await emulated.token("two"), applied["SessionKey"])).status_code == 400


async def test_pictures_are_checked_on_cn_alone(make: MakeEmulated) -> None:
    rule = {"name": "face", "endpoint": "image_check", "ret": 2003, "calls": [2]}
    emulated = make(Account("one"), Account("two", "US"), rules=(rule,))
    uri = await emulated.uploaded(PNG)
    body = {"scene": "image_face_ip", "options": {"ip_check": True}, "file_list": [{"file_uri": uri}]}
    rets = [
        (await emulated.ask("/mweb/v1/algo_proxy", body, query={"babi_param": "{}"}))["ret"],
        (await emulated.ask("/mweb/v1/algo_proxy", body, query={"babi_param": "{}"}))["ret"],
        (await emulated.ask("/mweb/v1/algo_proxy", body, query={"babi_param": "{}"}, session="two", site="US"))["ret"],
    ]
    assert rets == ["0", "2003", "1000"]
