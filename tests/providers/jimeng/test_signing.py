"""Signatures, compared with known test vectors."""

from datetime import UTC, datetime

import pytest

from providers.jimeng.signing import amz_date, crc32, sign, sigv4_headers

QUERY = {"Action": "ApplyImageUpload", "Version": "2018-08-01", "ServiceId": "tb4s082cfz"}
KEYS = {"access_key_id": "AK", "secret_access_key": "SK", "session_token": "ST"}
DATE = "20261122T060519Z"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/mweb/v1/aigc_draft/generate", "a29e0b750501aa30af81fd309a15ceca"),
        ("/mweb/v1/get_history_by_ids", "89fc65c93b50132b5eded79da14f0c14"),
        ("/commerce/v1/benefits/user_credit", "f3f7a12f5f13aca1846fe2ea4fd8a65e"),
        ("/mweb/v1/get_upload_token", "1b29032d7ce81e3017668ac5c1923e78"),
        ("/passport/account/info/v2", "50ae3799a22d985399d1cafbd651cc3a"),
    ],
)
def test_the_sign_of_a_path_is_the_pages(path: str, expected: str) -> None:
    assert sign(path, app_version="8.4.0", device_time=1_700_000_000) == expected


def test_the_sign_covers_the_version() -> None:
    path = "/mweb/v1/aigc_draft/generate"
    assert sign(path, app_version="5.8.0", device_time=1) != sign(path, app_version="8.4.0", device_time=1)


def test_the_checksum_of_bytes_has_eight_digits() -> None:
    assert crc32(b"\x89PNG\r\n\x1a\n") == "7a0709a4"
    assert len(crc32(b"")) == 8


def test_asking_for_an_upload_is_signed_without_the_host() -> None:
    query = {**QUERY, "FileSize": "8", "s": "38ertwxl5e"}
    headers = sigv4_headers("GET", query, region="cn-north-1", service="imagex", date=DATE, **KEYS)
    assert headers == {
        "x-amz-date": DATE,
        "x-amz-security-token": "ST",
        "authorization": "AWS4-HMAC-SHA256 Credential=AK/20261122/cn-north-1/imagex/aws4_request, "
        "SignedHeaders=x-amz-date;x-amz-security-token, "
        "Signature=cc45c7bfb8e8a79298884ff232245535fe785c9927f9ca85c9b11f7fe0d841e2",
    }


def test_committing_an_upload_signs_the_bodys_hash() -> None:
    query = {**QUERY, "Action": "CommitImageUpload"}
    body = b'{"SessionKey":"SKEY"}'
    headers = sigv4_headers("POST", query, region="cn-north-1", service="imagex", date=DATE, body=body, **KEYS)
    assert "SignedHeaders=x-amz-content-sha256;x-amz-date;x-amz-security-token, " in headers["authorization"]
    assert headers["authorization"].endswith("9aa989bfea72eabde8dd171cabdcdfa51d5166b9e0a684d87698e6052b5869f6")


def test_the_order_of_parameters_does_not_matter() -> None:
    query = {**QUERY, "FileSize": "8", "s": "38ertwxl5e"}
    backwards = dict(reversed(query.items()))
    options = {"region": "cn-north-1", "service": "imagex", "date": DATE, **KEYS}
    assert sigv4_headers("GET", query, **options) == sigv4_headers("GET", backwards, **options)


def test_dates_are_utc() -> None:
    assert amz_date(datetime(2026, 11, 22, 6, 5, 19, tzinfo=UTC)) == DATE
