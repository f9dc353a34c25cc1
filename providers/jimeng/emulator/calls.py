"""A call to the emulated service, and its handling with the fault rules applied."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from providers.jimeng.emulator import checks
from providers.jimeng.emulator.accounts import Account
from providers.jimeng.emulator.answers import Refusal, envelope, html_page, refusal
from providers.jimeng.emulator.faults import Rule, Subject
from providers.jimeng.emulator.reading import json_object
from providers.jimeng.emulator.service import Service
from providers.jimeng.emulator.sites import Site, site_by_loc

_TITLES = {
    200: "One Moment",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    429: "Too Many Requests",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Time-out",
}
_DROP = "jimeng.emulator.drop"


@dataclass
class Call:
    """headers: with lower-case names. rule: the fault rule that applies, if any. subject: what the call is about."""

    service: Service
    request: Request
    endpoint: str
    body: bytes
    now: float
    rule: Rule | None = None
    subject: Subject | None = None

    @cached_property
    def headers(self) -> dict[str, str]:
        return dict(self.request.headers)

    @cached_property
    def query(self) -> dict[str, str]:
        return dict(self.request.query_params)

    @cached_property
    def session(self) -> str | None:
        return checks.session_of(self.headers)

    def json(self) -> dict[str, Any]:
        """The body. Raises Refusal 1000 if it is not a JSON object, or has another content type."""
        if not self.headers.get("content-type", "").startswith("application/json"):
            raise refusal("1000", why="Content-Type is not application/json")
        return json_object(self.body, "body")

    def check(self, *, needs_query: bool = True) -> tuple[Site, Account]:
        """Checks site, signature and account of a call. Raises Refusal 1000, 1014 or 1015."""
        site = checks.check_site(self.headers, self.query, needs_query=needs_query)
        checks.check_sign(
            self.request.url.path,
            self.headers,
            now=self.service.clock.callers_time(),
            tolerance_seconds=self.service.options.device_time_tolerance_seconds,
        )
        return site, checks.check_account(self.session, site, self.service.accounts)

    def fail_by_rule(self) -> None:
        """Raises the Refusal of the rule, if it has one and not works_first."""
        if self.rule is not None and self.rule.ret is not None and not self.rule.works_first:
            raise self.refusal_of_rule(self.rule)

    def note_refusal(self, code: str, why: str) -> None:
        """Counts a refusal that is no Refusal, because its answer has a format of its own."""
        self.service.statistics.refuse(self.endpoint, code, why, self.subject.session if self.subject else None)

    @staticmethod
    def refusal_of_rule(rule: Rule) -> Refusal:
        assert rule.ret is not None
        return refusal(rule.ret, why=f"rule {rule.name}", errmsg=rule.errmsg, fail_code=rule.fail_code)


def subject_of(call: Call) -> Subject:
    """From cookie and Loc, which are validated later."""
    site = site_by_loc(call.headers.get("loc", ""))
    return Subject(call.endpoint, call.session, site.name if site else None)


def refused(call: Call, refusal: Refusal) -> Response:
    return envelope(None, now=call.now, ret=refusal.ret, errmsg=refusal.errmsg)


@dataclass(frozen=True)
class Endpoint:
    """name: as in rules. handle: returns the response, may raise Refusal. refuse: formats a Refusal."""

    name: str
    handle: Callable[[Call], Awaitable[Response]]
    subject: Callable[[Call], Subject] = subject_of
    refuse: Callable[[Call, Refusal], Response] = refused


async def answer(service: Service, request: Request, endpoint: Endpoint) -> Response:
    """The response to one call, with the fault rules applied."""
    body = await request.body()
    now = service.clock.now()
    service.settle(now)
    service.statistics.count(endpoint.name)
    call = Call(service, request, endpoint.name, body, now)
    subject = call.subject = endpoint.subject(call)
    rule = call.rule = service.rule_for(subject, now)
    if rule is not None and rule.drop == "before":
        return DroppedConnection()
    if rule is not None and rule.http_status is not None and not rule.works_first:
        await asyncio.sleep(rule.delay_seconds)
        return _http_fault(rule, rule.http_status)
    try:
        response = await endpoint.handle(call)
        if rule is not None and rule.works_first and rule.ret is not None:
            raise Call.refusal_of_rule(rule)
    except Refusal as refusal:
        service.statistics.refuse(endpoint.name, refusal.ret, refusal.why, subject.session)
        response = endpoint.refuse(call, refusal)
    return response if rule is None else await _spoiled(response, rule)


async def _spoiled(response: Response, rule: Rule) -> Response:
    await asyncio.sleep(rule.delay_seconds)
    if rule.drop == "after":
        return DroppedConnection()
    if rule.http_status is not None:
        return _http_fault(rule, rule.http_status)
    response.headers.update(_retry_after(rule))
    if rule.garbles:
        body = bytes(response.body)
        return Response(body[: max(1, len(body) * 2 // 3)], media_type="application/json")
    return response


def _retry_after(rule: Rule) -> dict[str, str]:
    if rule.retry_after is not None:
        return {"retry-after": rule.retry_after}
    return {} if rule.retry_after_seconds is None else {"retry-after": _plain(rule.retry_after_seconds)}


def _plain(seconds: float) -> str:
    """Without an exponent: 1800000, 0.5."""
    return str(int(seconds)) if seconds == int(seconds) else str(seconds)


def _http_fault(rule: Rule, status: int) -> Response:
    headers = _retry_after(rule)
    if rule.body is not None:
        return Response(rule.body, status_code=status, headers=headers, media_type="text/html")
    return html_page(status, _TITLES.get(status, "Internal Server Error"), headers)


class DroppedConnection(Response):
    """Closes the connection without a response; requires the middleware Dropping."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": _DROP})


class Dropping:
    """Middleware that aborts the transport for a DroppedConnection, which ASGI cannot express."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def watch(message: Message) -> None:
            if message["type"] != _DROP:
                await send(message)
                return
            # Specific to uvicorn: `receive` is a method of its request object, which has the transport.
            transport = getattr(getattr(receive, "__self__", None), "transport", None)
            if transport is None:
                raise ConnectionResetError("the connection was dropped")
            transport.abort()
            while (await receive())["type"] != "http.disconnect":
                continue

        await self._app(scope, receive, watch)
