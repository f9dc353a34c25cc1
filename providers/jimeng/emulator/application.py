"""The emulated service as an ASGI application, with the endpoints of all sites."""

import functools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from providers.jimeng.emulator import account_calls, generation_calls, upload_calls
from providers.jimeng.emulator.answers import html_page
from providers.jimeng.emulator.calls import Dropping, Endpoint, answer
from providers.jimeng.emulator.control import control_routes
from providers.jimeng.emulator.result_calls import RESULT, ROUTE
from providers.jimeng.emulator.service import Service


def build_application(service: Service) -> ASGIApp:
    """The application closes the service when it shuts down."""

    async def serve(endpoint: Endpoint, request: Request) -> Response:
        return await answer(service, request, endpoint)

    async def image_x(request: Request) -> Response:
        """The hosts of uploads have a single path; the query names the action."""
        action = request.query_params.get("Action", "")
        endpoint = upload_calls.endpoint_of(action)
        if endpoint is not None:
            return await answer(service, request, endpoint)
        return unknown(404, "Not Found", f"uploads have no action {action[:80]!r}")

    def unknown(status: int, title: str, why: str) -> Response:
        service.statistics.refuse("unknown", str(status), why, None)
        return html_page(status, title)

    async def not_found(request: Request, error: Exception) -> Response:
        return unknown(404, "Not Found", f"there is nothing at {request.url.path[:200]}")

    async def not_allowed(request: Request, error: Exception) -> Response:
        return unknown(405, "Not Allowed", f"{request.url.path[:200]} takes no {request.method}")

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        yield
        await service.close()

    posts = account_calls.ENDPOINTS | generation_calls.ENDPOINTS
    routes = [
        *(Route(path, functools.partial(serve, endpoint), methods=["POST"]) for path, endpoint in posts.items()),
        Route("/", image_x, methods=["GET", "POST"]),
        Route("/upload/v1/{uri:path}", functools.partial(serve, upload_calls.UPLOAD), methods=["POST"]),
        Route(ROUTE, functools.partial(serve, RESULT), methods=["GET"]),
        *control_routes(service),
    ]
    app = Starlette(routes=routes, lifespan=lifespan, exception_handlers={404: not_found, 405: not_allowed})
    return Dropping(app)
