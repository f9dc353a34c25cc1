"""How many requests and WebSockets a client may have at once, also behind a reverse proxy.

web.connection_watch counts the connections of peers; those of a trusted proxy are of many clients, whose addresses only
its requests tell.
"""

from collections import Counter

import orjson
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import RateLimitedError
from web.connection_watch import address_key
from web.graphql_errors import error_body

RETRY_SECONDS = 5


class AddressLimit:
    """Refuses requests and WebSockets of an address that has `most` already."""

    def __init__(self, app: ASGIApp, *, most: int) -> None:
        self._app = app
        self._most = most
        self._counts: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        client = scope.get("client")
        if scope["type"] not in ("http", "websocket") or not client:
            await self._app(scope, receive, send)
            return
        key = address_key(client[0])
        if self._counts[key] >= self._most:
            await _refusal(self._most)(scope, receive, send)
            return
        self._counts[key] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._counts[key] -= 1
            if not self._counts[key]:
                del self._counts[key]


def _refusal(most: int) -> Response:
    error = RateLimitedError(f"Your address has {most} requests and WebSockets already, which is all it may have.")
    headers = {"retry-after": str(RETRY_SECONDS), "cache-control": "no-store"}
    return Response(orjson.dumps(error_body(error)), 429, headers, media_type="application/json")
