"""A scripted in-process upstream that answers from lists and records requests."""

import json
from collections.abc import Callable
from typing import Any

import httpx

from providers.jimeng import JimengProvider
from providers.pooled import Credential
from settings import JimengSettings

SESSION = "5e55107c0ffee5e55107c0ffee000001"
SUBMIT_ID = "19637d71-0000-4000-8000-000000000001"

Reply = httpx.Response | Exception | Callable[[httpx.Request], httpx.Response]


class Upstream:
    """replies: by path, or by the parameter Action; used in order, the last one repeatedly."""

    def __init__(self) -> None:
        self.replies: dict[str, list[Reply]] = {}
        self.requests: list[httpx.Request] = []

    def reply(self, path: str, *replies: Reply) -> None:
        self.replies[path] = list(replies)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        key = request.url.params.get("Action") or request.url.path
        waiting = self.replies.get(key) or next(
            replied for path, replied in self.replies.items() if key.startswith(path)
        )
        reply = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(reply, Exception):
            raise reply
        return reply(request) if callable(reply) else reply

    def asked(self, path: str) -> list[httpx.Request]:
        return [request for request in self.requests if request.url.path == path]

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [json.loads(request.content) for request in self.asked(path)]

    def provider(self, **settings: Any) -> JimengProvider:
        chosen = JimengSettings(_env_file=None, **{"jimeng_retry_seconds": 0, **settings})
        return JimengProvider(chosen, (), transport=httpx.MockTransport(self.handle))


def credential(site: str = "CN", *, account_id: int = 1, session_id: str = SESSION) -> Credential:
    return Credential(account_id, site, session_id)


def envelope(data: Any = None, *, ret: str | int = "0", errmsg: str = "success") -> httpx.Response:
    body = {"ret": ret, "errmsg": errmsg, "systime": "1770632535", "logid": "20260209182215AA", "data": data}
    return httpx.Response(200, json=body)


def page(status: int, **headers: str) -> httpx.Response:
    return httpx.Response(
        status, html="<html>sorry</html>", headers={name.replace("_", "-"): v for name, v in headers.items()}
    )
