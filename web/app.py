"""The ASGI application: routes and middleware; schema, lifespan, files and readiness are passed in."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import strawberry
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import ConfigurationError
from services.platform.identity import Identity
from services.platform.keys import Keys, load_keys
from settings import Settings
from web import graphiql
from web.address_limit import AddressLimit
from web.cors import PrefixedCORS
from web.files import FileRoute, OpenFile
from web.graphql_view import BuildContext, GraphQLView
from web.health import Readiness, ReadyRoute, healthz
from web.metrics import MetricsRoute
from web.middleware import HostGuard, OriginGuard, RequestLog
from web.operation_limits import limits_of
from web.trusted_documents import load_trusted_documents
from web.uploads import BodyLimits

Lifespan = Callable[[], AbstractAsyncContextManager[None]]

_UNSPECIFIED = ("0.0.0.0", "::")  # noqa: S104 - compared with, not listened on


ENDPOINTS = {
    "name": "Ekonte",
    "graphql": "/graphql",
    "subscriptions": "/graphql (graphql-transport-ws, or text/event-stream)",
    "health": "/healthz",
    "readiness": "/readyz",
}


async def root(request: Request) -> Response:
    """/: redirects browsers to GraphiQL on /graphql, if it is on; other clients get the list of endpoints."""
    headers = {"vary": "Accept"}
    accept = request.headers.get("accept", "")
    if request.app.state.has_graphiql and graphiql.wants_page(request.method, accept, has_query=False):
        return RedirectResponse("/graphql", status_code=307, headers=headers)
    return JSONResponse(ENDPOINTS, headers=headers)


class GraphQLRoute:
    """/graphql: GraphiQL for browsers that open the page, if it is on, the API for all other requests."""

    def __init__(self, view: ASGIApp, *, has_graphiql: bool) -> None:
        self._view = view
        self._has_graphiql = has_graphiql

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._has_graphiql:
            request = Request(scope)
            if graphiql.wants_page(request.method, request.headers.get("accept", ""), "query" in request.query_params):
                await graphiql.page()(scope, receive, send)
                return
        await self._view(scope, receive, send)


def create_app(
    settings: Settings,
    *,
    schema: strawberry.Schema,
    build_context: BuildContext,
    lifespan: Lifespan,
    open_file: OpenFile,
    readiness: Readiness,
    identity: Identity | None = None,
    keys: Keys | None = None,
) -> Starlette:
    """The ASGI application.

    The server must set `app.state.closing` before it closes connections, to end open streams. `lifespan()` is entered
    before the first request and left after the last. `open_file` finds the files for /files, `readiness` the checks of
    /readyz. `identity` and `keys` default to those of the settings.
    """
    keys = load_keys(settings) if keys is None else keys
    closing = asyncio.Event()
    view = GraphQLView(
        schema,
        build_context=build_context,
        identity=Identity(settings, keys) if identity is None else identity,
        body_limits=BodyLimits(
            file_bytes=settings.max_upload_bytes,
            json_bytes=settings.max_json_bytes,
            request_bytes=settings.max_request_bytes,
        ),
        limits=limits_of(settings),
        trusted=None if settings.trusted_documents is None else load_trusted_documents(settings.trusted_documents),
        introspection=settings.introspection,
        get_queries=settings.get_queries,
        closing=closing,
    )
    graphql = GraphQLRoute(view, has_graphiql=settings.graphiql)

    @asynccontextmanager
    async def starlette_lifespan(app: Starlette) -> AsyncIterator[None]:
        try:
            async with lifespan():
                yield
        except ConfigurationError as error:
            # uvicorn only logs a failed start; web.serving.serve raises this error for the command line.
            app.state.refused_start = error
            raise

    app = Starlette(
        routes=[
            Route("/", root, methods=["GET"]),
            Route("/healthz", healthz, methods=["GET"]),
            Route("/readyz", ReadyRoute(readiness).answer, methods=["GET"]),
            Route("/metrics", MetricsRoute(settings.metrics_token).answer, methods=["GET"]),
            Route(
                "/files/{file_id}/{name:path}", FileRoute(open_file, keys.file_links).answer, methods=["GET", "HEAD"]
            ),
            Route("/graphql", graphql),
            WebSocketRoute("/graphql", graphql),
            *(graphiql.routes if settings.graphiql else ()),
        ],
        middleware=_middleware(settings),
        lifespan=starlette_lifespan,
    )
    app.state.closing = closing
    app.state.has_graphiql = settings.graphiql
    return app


def _middleware(settings: Settings) -> list[Middleware]:
    bracketed = f"[{settings.host}]" if ":" in settings.host else settings.host
    own_host = () if settings.host in _UNSPECIFIED else (bracketed,)
    middleware = [
        Middleware(RequestLog),
        Middleware(AddressLimit, most=settings.max_connections_per_address),
        Middleware(HostGuard, allowed_hosts=(*settings.allowed_hosts, *own_host)),
        Middleware(OriginGuard, allowed_origins=settings.allowed_origins),
    ]
    if settings.allowed_origins:
        middleware.append(
            Middleware(
                PrefixedCORS,
                allowed_origins=settings.allowed_origins,
                allowed_headers=settings.allowed_headers,
            )
        )
    return middleware
