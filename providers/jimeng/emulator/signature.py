"""Verification of AWS Signature Version 4, over the headers listed as signed.

Source: the AWS documentation "Create a signed AWS API request"; only the form with headers.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

_AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=(?P<key>[^/,\s]+)/(?P<day>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/"
    r"aws4_request, *SignedHeaders=(?P<names>[\w;-]+), *Signature=(?P<signature>[0-9a-f]{64})"
)
_TOLERANCE_SECONDS = 900.0
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class Signed:
    """The fields of an Authorization header."""

    access_key: str
    day: str
    region: str
    service: str
    names: tuple[str, ...]
    signature: str


class WrongSignature(Exception):
    """code: AWS's error code."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def read_authorization(value: str) -> Signed:
    found = _AUTHORIZATION.fullmatch(value.strip())
    if found is None:
        raise WrongSignature("MissingAuthenticationToken", "the Authorization header cannot be read")
    names = tuple(found["names"].split(";"))
    return Signed(found["key"], found["day"], found["region"], found["service"], names, found["signature"])


def verify(
    signed: Signed,
    *,
    secret: str,
    method: str,
    path: str,
    query: Sequence[tuple[str, str]],
    headers: Mapping[str, str],
    body: bytes,
    now: float,
) -> None:
    """headers: with lower-case names. Raises WrongSignature if the signature does not match the request."""
    date = headers.get("x-amz-date", "")
    try:
        moment = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise WrongSignature("IncompleteSignature", "x-amz-date is missing or not a date") from None
    if abs(moment - now) > _TOLERANCE_SECONDS or not date.startswith(signed.day):
        raise WrongSignature("RequestExpired", "x-amz-date differs too much from the current time")
    unsigned = [name for name in ("x-amz-date", "x-amz-security-token") if name not in signed.names]
    if unsigned or list(signed.names) != sorted(signed.names):
        raise WrongSignature("IncompleteSignature", "SignedHeaders lacks a header, or is not in order")
    payload_hash = hashlib.sha256(body).hexdigest() if body else _EMPTY_SHA256
    if headers.get("x-amz-content-sha256", payload_hash) != payload_hash:
        raise WrongSignature("XAmzContentSHA256Mismatch", "x-amz-content-sha256 does not match the body")
    canonical = "\n".join(
        (
            method,
            path,
            canonical_query(query),
            *(f"{name}:{' '.join(headers.get(name, '').split())}" for name in signed.names),
            "",
            ";".join(signed.names),
            payload_hash,
        )
    )
    scope = f"{signed.day}/{signed.region}/{signed.service}/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret}".encode()
    for part in (signed.day, signed.region, signed.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    if not hmac.compare_digest(hmac.digest(key, to_sign.encode(), "sha256").hex(), signed.signature):
        raise WrongSignature("SignatureDoesNotMatch", "the signature does not match the request")


def canonical_query(query: Sequence[tuple[str, str]]) -> str:
    return "&".join(
        f"{name}={value}" for name, value in sorted((_quoted(name), _quoted(value)) for name, value in query)
    )


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
