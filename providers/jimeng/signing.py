"""Signatures of calls: the header Sign, SigV4 for uploads, and the checksum of uploaded bytes."""

import hashlib
import hmac
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

PLATFORM = "7"  # the header Pf
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


def sign(path: str, *, app_version: str, device_time: int) -> str:
    """The header Sign. path: without host and query string. device_time: Unix seconds, as in the header Device-Time.

    Body and cookies are not signed. The empty field after the time is the header Tdid.
    """
    text = f"9e2c|{path[-7:]}|{PLATFORM}|{app_version}|{device_time}||11ac"
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


def crc32(content: bytes) -> str:
    """The header Content-CRC32: 8 lower-case hexadecimal digits."""
    return f"{zlib.crc32(content):08x}"


def amz_date(now: datetime) -> str:
    """The header x-amz-date, e.g. 20261122T060519Z."""
    return now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")


def sigv4_headers(
    method: str,
    query: Mapping[str, str],
    *,
    region: str,
    service: str,
    access_key_id: str,
    secret_access_key: str,
    session_token: str,
    date: str,
    body: bytes | None = None,
) -> dict[str, str]:
    """The headers that sign a call of the path / (AWS Signature Version 4), including `authorization`.

    date: from `amz_date`. The hash of a body is signed; host and content type are not.
    """
    headers = {"x-amz-date": date, "x-amz-security-token": session_token}
    payload = _EMPTY_SHA256
    if body is not None:
        payload = headers["x-amz-content-sha256"] = hashlib.sha256(body).hexdigest()
    names = ";".join(sorted(headers))
    scope = f"{date[:8]}/{region}/{service}/aws4_request"
    signature = sigv4_signature(method, query, headers, payload, secret_access_key=secret_access_key, scope=scope)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key_id}/{scope}, SignedHeaders={names}, Signature={signature}"
    )
    return headers


def sigv4_signature(
    method: str,
    query: Mapping[str, str],
    headers: Mapping[str, str],
    payload_sha256: str,
    *,
    secret_access_key: str,
    scope: str,
) -> str:
    """The signature of a call of the path /. headers: exactly the signed ones, with lower-case names, including
    x-amz-date. scope: day/region/service/aws4_request.
    """
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query.items())
    names = sorted(headers)
    canonical = "\n".join(
        [
            method,
            "/",
            "&".join(f"{name}={value}" for name, value in pairs),
            *(f"{name}:{headers[name].strip()}" for name in names),
            "",
            ";".join(names),
            payload_sha256,
        ]
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], scope, digest])
    key = f"AWS4{secret_access_key}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
