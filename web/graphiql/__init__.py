"""Serves GraphiQL to browsers that open /graphql; `build/` builds its files."""

import hashlib
from functools import cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

FOLDER = Path(__file__).parent
CONTENT_TYPES = {
    "graphiql.js": "text/javascript; charset=utf-8",
    "graphiql.css": "text/css; charset=utf-8",
    "LICENSES.txt": "text/plain; charset=utf-8",
}
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # The editor uses style attributes and a style element.
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS = {
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "vary": "Accept, Origin",
}


def wants_page(method: str, accept: str, has_query: bool) -> bool:
    """Whether a request on /graphql is a browser opening the page, and not an API request."""
    return method in ("GET", "HEAD") and not has_query and "text/html" in accept.lower()


@cache
def _asset(name: str) -> tuple[bytes, str]:
    content = (FOLDER / name).read_bytes()
    return content, f'"{hashlib.sha256(content).hexdigest()[:32]}"'


def page() -> Response:
    content, _ = _asset("index.html")
    headers = {**SECURITY_HEADERS, "cache-control": "no-cache"}
    return Response(content, media_type="text/html", headers=headers)


async def asset(request: Request) -> Response:
    name = request.path_params["name"]
    if name not in CONTENT_TYPES:
        return Response(status_code=404)
    content, etag = _asset(name)
    headers = {"etag": etag, "cache-control": "no-cache", "x-content-type-options": "nosniff"}
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers={**headers, "content-type": CONTENT_TYPES[name]})


routes = [Route("/graphiql/{name}", asset, methods=["GET"])]
