"""What every request passes: its id and log line, and the guards against pages of other sites.

A browser sends requests for any page. A server on loopback without tokens has only these to tell its own page from
another: the Host (a name that was rebound to our address still is another name), the Origin, and the browser's own
Sec-Fetch-Site.
"""

import ipaddress
import re
import time
import uuid
from collections.abc import Collection
from urllib.parse import urlsplit

import orjson
import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import ForbiddenError
from web.graphql_errors import error_body
from web.graphql_view import internal_error_response

log = structlog.get_logger(__name__)

REQUEST_ID_HEADER = "x-request-id"
# Health checks name a server by its address; so does whoever collects metrics, with a token that no page has.
ANY_HOST_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
GUARDED_PATH = "/graphql"

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class RequestLog:
    """Gives each request its id, writes its log line, and turns what nobody caught into a neutral 500."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        request_id = sane_request_id(Headers(scope=scope).get(REQUEST_ID_HEADER)) or uuid.uuid4().hex
        status: int | None = None
        started_at = time.perf_counter()

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] in ("http.response.start", "websocket.accept", "websocket.http.response.start"):
                status = message.get("status", 101)
                message.setdefault("headers", [])
                MutableHeaders(scope=message)[REQUEST_ID_HEADER] = request_id
            elif message["type"] == "websocket.close" and status is None:
                status = 403
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            except Exception:
                log.exception("request.failed")
                if status is not None:
                    raise  # the answer has begun, so the connection must break
                await _refuse(internal_error_response(), scope, receive, send_with_id)
            finally:
                log.info(
                    "request",
                    method=scope.get("method", "WEBSOCKET"),
                    path=scope["path"],
                    status=status,
                    ms=round((time.perf_counter() - started_at) * 1000, 1),
                )


def sane_request_id(value: str | None) -> str | None:
    return value if value is not None and _SANE_REQUEST_ID.fullmatch(value) else None


class HostGuard:
    """Answers only to names that are ours: loopback, and those allowed. Health and metrics are asked by any name."""

    def __init__(self, app: ASGIApp, *, allowed_hosts: Collection[str]) -> None:
        self._app = app
        self._allowed = {split_host(host) for host in allowed_hosts if host != "*"}
        self._any = "*" in allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket") or self._any or scope["path"] in ANY_HOST_PATHS:
            await self._app(scope, receive, send)
            return
        hosts = Headers(scope=scope).getlist("host")
        if len(hosts) == 1 and self._is_ours(hosts[0]):
            await self._app(scope, receive, send)
        else:
            error = ForbiddenError("This server does not answer to that Host. EKONTE_ALLOWED_HOSTS names further ones.")
            await _refuse(_forbidden(error, 421), scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        parsed = split_host(host)
        if parsed is None:
            return False
        name, _ = parsed
        return is_loopback(name) or parsed in self._allowed or (name, None) in self._allowed


def split_host(host: str) -> tuple[str, int | None] | None:
    """Name and port of a Host header, in one spelling: `[::1]:8000` is ("::1", 8000). None where it is no host."""
    text = host.strip()
    if not text or any(character in text for character in "/?#@\\ ,"):
        return None
    try:
        parts = urlsplit(f"//{text}")
        name, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not name:
        return None
    name = name.removesuffix(".")
    try:
        return str(ipaddress.ip_address(name)), port
    except ValueError:
        return name, port


def is_loopback(name: str) -> bool:
    """Whether a host name can only mean this machine: a loopback address, or localhost and below (RFC 6761)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class OriginGuard:
    """Lets pages of our own origin and of allowed ones use the API, and no other page.

    Clients that are no browsers send no Origin and pass. CORS headers are another middleware's business.
    """

    def __init__(self, app: ASGIApp, *, allowed_origins: Collection[str]) -> None:
        self._app = app
        self._allowed = {origin_key(origin) for origin in allowed_origins if origin != "*"}
        self._any = "*" in allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["type"] == "websocket" or (scope["type"] == "http" and scope["path"] == GUARDED_PATH)
        if not guarded or self._is_welcome(Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            error = ForbiddenError("Pages of this origin may not use the API; EKONTE_ALLOWED_ORIGINS says which may.")
            await _refuse(_forbidden(error, 403), scope, receive, send)

    def _is_welcome(self, headers: Headers) -> bool:
        if self._any:
            return True
        origins = headers.getlist("origin")
        if not origins:
            # An image or script tag of another site sends no Origin, but the browser says where it comes from.
            is_foreign = headers.get("sec-fetch-site") in ("cross-site", "same-site")
            return not is_foreign or headers.get("sec-fetch-mode") == "navigate"
        if len(origins) > 1:
            return False
        origin = origin_key(origins[0])
        if origin is None:
            return False
        scheme, name, port = origin
        host = split_host(headers.get("host", ""))
        same_origin = host is not None and (name, port) == (host[0], host[1] or _DEFAULT_PORTS.get(scheme))
        return same_origin or origin in self._allowed


def origin_key(origin: str) -> tuple[str, str, int] | None:
    """Scheme, name and port of an origin, in one spelling. None for `null` and whatever else is no web origin."""
    parts = urlsplit(origin.strip())
    if parts.scheme not in ("http", "https") or parts.path not in ("", "/") or parts.query or parts.fragment:
        return None
    host = split_host(parts.netloc)
    return None if host is None else (parts.scheme, host[0], host[1] or _DEFAULT_PORTS[parts.scheme])


def _forbidden(error: ForbiddenError, status: int) -> Response:
    return Response(orjson.dumps(error_body(error)), status_code=status, media_type="application/json")


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # Closing a handshake that was not accepted answers it with 403.
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)
