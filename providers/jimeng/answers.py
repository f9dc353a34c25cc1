"""Parses upstream's responses: the envelope in all its forms, and responses without one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import httpx
import structlog

from providers.jimeng.faults import http_fault, refusal_of_call
from providers.pooled import FaultKind
from providers.retry_after import retry_after_seconds

log = structlog.get_logger(__name__)

SUCCESS = "0"


@dataclass(frozen=True)
class Envelope:
    """ret: as text; None: the body is the payload itself. log_id: upstream's id of the call."""

    ret: str | None
    errmsg: str
    log_id: str | None
    data: Any


def read_envelope(response: httpx.Response) -> Envelope | None:
    """None if the body is not a JSON object. `ret` is text or a number, and alone decides whether the call succeeded,
    since a refusal may contain data too.
    """
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        return None
    if not isinstance(body, dict):
        return None
    ret = body.get("ret")
    is_numeric = (isinstance(ret, int) and not isinstance(ret, bool)) or (
        isinstance(ret, str) and ret.strip().lstrip("-").isdecimal()
    )
    log_id = body.get("logid") or body.get("log_id")
    if not is_numeric:
        return Envelope(None, "", _text(log_id), body)
    return Envelope(str(ret).strip(), _text(body.get("errmsg")) or "", _text(log_id), body.get("data"))


def payload(response: httpx.Response, path: str, *, may_be_bare: bool = False) -> Any:
    """The payload of a successful call. Raises UpstreamFaultError for a refusal and an unreadable response, and logs
    both with upstream's id of the call. may_be_bare: a body without `ret` is accepted as the payload.
    """
    envelope = read_envelope(response)
    if envelope is not None:
        refuse(envelope, response, path)
    if envelope is None or not response.is_success or (envelope.ret is None and not may_be_bare):
        log.warning("jimeng.unreadable_response", path=path, status=response.status_code)
        raise http_fault(response)
    return envelope.data


def refuse(envelope: Envelope, response: httpx.Response, path: str) -> None:
    """Raises UpstreamFaultError if the envelope, which the response contains, is a refusal. Its code decides; a code
    that is unknown in a response with an HTTP status of 4xx or 5xx is what that status says.
    """
    if envelope.ret in (None, SUCCESS):
        return
    fault = refusal_of_call(
        str(envelope.ret),
        errmsg=envelope.errmsg,
        data=envelope.data,
        log_id=envelope.log_id,
        retry_after_seconds=retry_after_seconds(response.headers, datetime.now(UTC)),
    )
    if fault.kind is FaultKind.UNKNOWN and response.is_error:
        fault = http_fault(response)
        fault.log_id = envelope.log_id
    log.warning(
        "jimeng.refused",
        path=path,
        ret=envelope.ret,
        errmsg=envelope.errmsg[:300],
        log_id=envelope.log_id,
        kind=fault.kind.value,
    )
    raise fault


def fields(data: object) -> Mapping[str, Any]:
    """The fields of a payload; empty if it is not an object."""
    return data if isinstance(data, Mapping) else {}


def _text(value: object) -> str | None:
    return str(value) if isinstance(value, str | int) and value != "" else None
