"""Middleware of all requests: request id and log line, and protection against requests from other sites' pages.

A browser sends requests on behalf of any page. A server on loopback without tokens can only recognise them by the Host
header (after DNS rebinding it still has the other name), the Origin header, and Sec-Fetch-Site.
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
# Health checks and metrics collectors address a server by IP. Metrics need a token, which no page has.
ANY_HOST_PATHS = frozenset({"/healthz", "/readyz", "/metrics"})
GUARDED_PATH = "/graphql"

_SANE_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class RequestLog:
    """Assigns the request id, writes the log line, and answers unhandled exceptions with a neutral 500."""

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
                    raise  # the response has started, so the connection must break
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
    """Answers only requests with a loopback or allowed Host. Health and metrics are exempt."""

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
            error = ForbiddenError("This server does not answer to that Host. Add it to EKONTE_ALLOWED_HOSTS.")
            await _refuse(_forbidden(error, 421), scope, receive, send)

    def _is_ours(self, host: str) -> bool:
        parsed = split_host(host)
        if parsed is None:
            return False
        name, _ = parsed
        return is_loopback(name) or parsed in self._allowed or (name, None) in self._allowed


def split_host(host: str) -> tuple[str, int | None] | None:
    """Normalised name and port of a Host header: `[::1]:8000` is ("::1", 8000). None if it is invalid."""
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
    """Whether a host name always means this machine: a loopback address, localhost or a subdomain of it (RFC 6761)."""
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class OriginGuard:
    """Lets only pages of the server's own origin and of allowed origins use the API.

    Clients other than browsers send no Origin and pass. CORS headers are set by CORSMiddleware.
    """

    def __init__(self, app: ASGIApp, *, allowed_origins: Collection[str]) -> None:
        self._app = app
        self._allowed = {origin_key(origin) for origin in allowed_origins if origin != "*"}
        self._any = "*" in allowed_origins

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        guarded = scope["type"] == "websocket" or (scope["type"] == "http" and scope["path"] == GUARDED_PATH)
        if not guarded or self._is_allowed(Headers(scope=scope)):
            await self._app(scope, receive, send)
        else:
            error = ForbiddenError(
                "Pages of this origin may not use the API. EKONTE_ALLOWED_ORIGINS lists allowed ones."
            )
            await _refuse(_forbidden(error, 403), scope, receive, send)

    def _is_allowed(self, headers: Headers) -> bool:
        if self._any:
            return True
        origins = headers.getlist("origin")
        if not origins:
            # Image and script tags of other sites send no Origin, but browsers send Sec-Fetch-Site.
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
    """Normalised scheme, name and port of an origin. None for `null` and other values that are not web origins."""
    parts = urlsplit(origin.strip())
    if parts.scheme not in ("http", "https") or parts.path not in ("", "/") or parts.query or parts.fragment:
        return None
    host = split_host(parts.netloc)
    return None if host is None else (parts.scheme, host[0], host[1] or _DEFAULT_PORTS[parts.scheme])


def _forbidden(error: ForbiddenError, status: int) -> Response:
    return Response(orjson.dumps(error_body(error)), status_code=status, media_type="application/json")


async def _refuse(response: Response, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        # Closing before accepting rejects the handshake with 403.
        await send({"type": "websocket.close", "code": 1008})
    else:
        await response(scope, receive, send)
