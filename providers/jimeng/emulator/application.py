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
        """The ImageX hosts have a single path; the query names the action."""
        action = request.query_params.get("Action")
        endpoint = {"ApplyImageUpload": upload_calls.APPLY, "CommitImageUpload": upload_calls.COMMIT}.get(action or "")
        return await answer(service, request, endpoint) if endpoint else html_page(404, "Not Found")

    async def not_found(request: Request, error: Exception) -> Response:
        return html_page(404, "Not Found")

    async def not_allowed(request: Request, error: Exception) -> Response:
        return html_page(405, "Not Allowed")

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
