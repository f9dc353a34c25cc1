"""Cross-origin requests of pages: Starlette's middleware, with prefixes of header names."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp

METHODS = ("GET", "POST", "HEAD")
EXPOSED_HEADERS = ("x-request-id", "retry-after", "content-range", "accept-ranges", "etag")


class PrefixedCORS(CORSMiddleware):
    """allowed_headers: lower-case names; one that ends with * allows all names that begin so."""

    def __init__(self, app: ASGIApp, *, allowed_origins: Collection[str], allowed_headers: Collection[str]) -> None:
        exact = [name for name in allowed_headers if not name.endswith("*")]
        super().__init__(
            app,
            allow_origins=[origin.rstrip("/") for origin in allowed_origins],
            allow_methods=METHODS,
            allow_headers=exact,
            expose_headers=EXPOSED_HEADERS,
            max_age=600,
        )
        self._prefixes = tuple(name.removesuffix("*") for name in allowed_headers if name.endswith("*"))

    def preflight_response(self, request_headers: Headers) -> Response:
        asked = request_headers.get("access-control-request-headers", "")
        names = [name.strip().lower() for name in asked.split(",")]
        by_prefix = [name for name in names if self._prefixes and name.startswith(self._prefixes)]
        if not by_prefix:
            return super().preflight_response(request_headers)
        # The names that a prefix allows are taken out of the question, and added to the answer.
        rest = ", ".join(name for name in names if name not in by_prefix)
        raw = [(key, value) for key, value in request_headers.raw if key != b"access-control-request-headers"]
        if rest:
            raw.append((b"access-control-request-headers", rest.encode("latin-1")))
        response = super().preflight_response(Headers(raw=raw))
        listed = response.headers.get("access-control-allow-headers", "")
        response.headers["access-control-allow-headers"] = ", ".join([*([listed] if listed else []), *by_prefix])
        return response
