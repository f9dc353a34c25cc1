"""Responses in upstream's formats: envelopes, refusals, and HTML pages of proxies."""

import base64
import hashlib
import itertools
from datetime import UTC, datetime
from typing import Any

import orjson
from starlette.responses import Response

_numbers = itertools.count(1)


class Refusal(Exception):
    """A refusal with HTTP 200 and this ret. fail_code: in `data`, for submits."""

    def __init__(self, ret: str, errmsg: str, *, fail_code: str = "", why: str = "") -> None:
        super().__init__(f"{ret} {errmsg} {why}".strip())
        self.ret = ret
        self.errmsg = errmsg
        self.fail_code = fail_code
        self.why = why  # the reason as text, for the emulator's list of refusals


class ConnectionDropped(Exception):
    """The connection is closed without a response."""


TEXTS = {
    "-6": "shark not pass reject",
    "-4": "shark check reject",
    "-1": "system busy",
    "1000": "invalid parameter",
    "1002": "common error",
    "1006": "Not enough credits left",
    "1014": "system busy",
    "1015": "check login error",
    "1018": "account punish limit ai generate",
    "1019": "shark not pass",
    "1310": "ExceedConcurrencyLimit",
    "2003": "risk not pass",
    "2038": "web_text_violates_community_guidelines_toast",
    "3018": "permission denied",
    "4013": "生成失败，疑似存在异常行为，请重新尝试",
    "34010100": "param error",
}


def refusal(ret: str, *, why: str = "", errmsg: str | None = None, fail_code: str = "") -> Refusal:
    return Refusal(ret, errmsg or TEXTS.get(ret, "common error"), fail_code=fail_code, why=why)


def _log_id(now: float) -> str:
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y%m%d%H%M%S}{hashlib.sha256(str(next(_numbers)).encode()).hexdigest()[:20].upper()}"


def json_response(value: Any) -> Response:
    return Response(orjson.dumps(value), media_type="application/json")


def envelope(data: Any, *, now: float, ret: str = "0", errmsg: str = "success") -> Response:
    return json_response({"ret": ret, "errmsg": errmsg, "systime": str(int(now)), "logid": _log_id(now), "data": data})


def commerce_envelope(data: Any, *, now: float, ret: str = "0", errmsg: str = "success") -> Response:
    """The format of the commerce hosts: milliseconds, log_id, and the payload repeated as text with a signature."""
    text = orjson.dumps(data).decode()
    sign = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return json_response(
        {
            "ret": ret,
            "errmsg": errmsg,
            "systime": str(int(now * 1000)),
            "log_id": _log_id(now),
            "response": text,
            "sign": sign,
            "data": data,
        }
    )


def refused_submit(refused: Refusal, *, now: float) -> Response:
    data = {
        "aigc_data": None,
        "fail_code": refused.fail_code,
        "fail_starling_key": "",
        "fail_starling_message": refused.errmsg if refused.fail_code else "",
    }
    return envelope(data, now=now, ret=refused.ret, errmsg=refused.errmsg)


def html_page(status: int, title: str, headers: dict[str, str] | None = None) -> Response:
    head = f"<head><title>{status} {title}</title></head>"
    page = f"<html>\r\n{head}\r\n<body>\r\n<center><h1>{status} {title}</h1></center>\r\n</body>\r\n</html>\r\n"
    return Response(page, status_code=status, headers=headers, media_type="text/html")
