"""GraphQL over HTTP, SSE and WebSockets: Strawberry's view, adapted to the GraphQL over HTTP specification."""

import asyncio
import contextlib
import copy
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import orjson
import strawberry
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL
from strawberry.exceptions import ConnectionRejectionError
from strawberry.extensions import DisableIntrospection
from strawberry.file_uploads.utils import replace_placeholders_with_files
from strawberry.http import GraphQLHTTPResponse, GraphQLRequestData
from strawberry.http.types import QueryParams
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.types import ExecutionResult, SubscriptionExecutionResult
from strawberry.types.execution import PreExecutionError
from strawberry.types.unset import UNSET

from errors import BadInputError, EkonteError, ErrorCode, RateLimitedError, UnauthenticatedError
from services.platform.identity import IDEMPOTENCY_KEY, Identity, Viewer, bearer_token, connection_token
from services.platform.metrics.recording import record_owner, record_refused_request, record_websockets
from web.admitted_operations import AdmittedOperations
from web.document_gate import DocumentGate
from web.graphql_errors import (
    ErrorPresenter,
    current_request_id,
    enum_values,
    error_body,
    http_status,
    internal_error_body,
)
from web.graphql_observing import ObservedOperations
from web.json_bodies import TooManyValuesError, parse_json
from web.operation_limits import OperationLimits
from web.trusted_documents import TrustedDocuments, with_document_id
from web.turns import TurnTakingExecutor
from web.uploads import BodyLimits, LimitedRequestAdapter, TrackedReceive, close_uploads
from web.websocket import Connection, TextWebSocketAdapter, TransportHandler

JSON = "application/json"
GRAPHQL_JSON = "application/graphql-response+json"
MAX_IDEMPOTENCY_KEY_CHARACTERS = 255
MAX_OPERATIONS_PER_CONNECTION = 100
MAX_FILE_PATHS = 100


class BuildContext(Protocol):
    """Creates the context of one operation; its data loaders live as long as the operation."""

    def __call__(self, viewer: Viewer, request_id: str) -> object: ...


def framed_schema(schema: strawberry.Schema, *, introspection: bool, query_timeout_seconds: float) -> strawberry.Schema:
    """A copy of the schema with admitted documents, time-outs, metrics and error presentation."""
    framed = copy.copy(schema)
    framed.extensions = (ObservedOperations, *schema.extensions, lambda: AdmittedOperations(query_timeout_seconds))
    if not introspection:
        framed.extensions = (*framed.extensions, DisableIntrospection)
    framed.execution_context_class = TurnTakingExecutor
    framed.process_errors = ErrorPresenter(  # type: ignore[method-assign]
        suggestions=introspection, enums=enum_values(schema._schema)
    )
    return framed


class GraphQLView(GraphQL[object, None]):
    """The ASGI application on /graphql."""

    request_adapter_class = LimitedRequestAdapter
    websocket_adapter_class = TextWebSocketAdapter
    graphql_transport_ws_handler_class = TransportHandler

    def __init__(
        self,
        schema: strawberry.Schema,
        *,
        build_context: BuildContext,
        identity: Identity,
        body_limits: BodyLimits,
        limits: OperationLimits | None = None,
        trusted: TrustedDocuments | None = None,
        introspection: bool = True,
        get_queries: bool = True,
        closing: asyncio.Event | None = None,
    ) -> None:
        """trusted: the only documents to execute; None: any document."""
        limits = OperationLimits() if limits is None else limits
        self._gate = DocumentGate(schema._schema, limits, introspection=introspection)
        self._trusted = trusted
        super().__init__(
            framed_schema(schema, introspection=introspection, query_timeout_seconds=limits.query_timeout_seconds),
            graphql_ide=None,
            subscription_protocols=(GRAPHQL_TRANSPORT_WS_PROTOCOL, GRAPHQL_SSE_PROTOCOL),
            connection_init_wait_timeout=timedelta(seconds=15),
            multipart_uploads_enabled=True,
            allow_queries_via_get=get_queries,
            max_subscriptions_per_connection=MAX_OPERATIONS_PER_CONNECTION,
        )
        self._build_context = build_context
        self._identity = identity
        self._body_limits = body_limits
        self._closing = asyncio.Event() if closing is None else closing

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            record_websockets(1)
            try:
                await super().__call__(scope, receive, send)
            finally:
                record_websockets(-1)
            return
        body = TrackedReceive(receive)
        request = Request({**scope, "ekonte.body_limits": self._body_limits}, receive=body)
        try:
            response = await self._answer(request)
            if response.status_code >= 400:
                await body.drain(self._body_limits.request_bytes)
            await response(scope, body, send)
        except ClientDisconnect:
            pass
        finally:
            await close_uploads(request)

    async def _answer(self, request: Request) -> Response:
        token = IDEMPOTENCY_KEY.set(None)
        try:
            if request.method == "GET" and not self.allow_queries_via_get:
                raise HTTPException(405, "This server takes no queries by GET; send a POST.")
            IDEMPOTENCY_KEY.set(idempotency_key(request))
            return await self.run(request)
        except HTTPException as error:
            record_refused_request(ErrorCode.BAD_USER_INPUT.value)
            response = _refusal(BadInputError(error.reason), request, status=error.status_code)
            if error.status_code == 405:
                response.headers["allow"] = "GET, POST" if self.allow_queries_via_get else "POST"
            return response
        except EkonteError as error:
            record_refused_request(error.code.value)
            return _refusal(error, request, status=http_status(error))
        finally:
            IDEMPOTENCY_KEY.reset(token)

    # ------------------------------------------------------------ authentication

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> object:
        if isinstance(request, WebSocket):
            return Connection(self)
        viewer = await self._identity.viewer(bearer_token(request.headers.get("authorization")))
        request.state.viewer = viewer
        return self.make_context(viewer)

    async def on_ws_connect(self, context: object) -> Any:
        assert isinstance(context, Connection)
        try:
            context.viewer = await self._identity.viewer(connection_token(context.connection_params))
        except UnauthenticatedError:
            raise ConnectionRejectionError from None
        return UNSET

    def make_context(self, viewer: Viewer) -> object:
        record_owner(viewer.id)
        return self._build_context(viewer=viewer, request_id=current_request_id() or "")

    def is_websocket_origin_allowed(self, request: WebSocket, origin: str) -> bool:
        # web.middleware.OriginGuard has already checked the origin.
        return True

    # ------------------------------------------------------------ reading requests

    def decode_json(self, data: str | bytes) -> object:
        return parse_json(data)

    def encode_json(self, data: object) -> bytes:
        return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)

    def should_render_graphql_ide(self, request: object) -> bool:
        return False  # GraphQLRoute serves GraphiQL before this view is called

    def parse_json(self, data: str | bytes) -> Any:
        try:
            parsed = super().parse_json(data)
        except HTTPException as error:
            if isinstance(error.__cause__, TooManyValuesError):
                raise BadInputError(error.__cause__.msg) from None
            raise
        if isinstance(data, bytes) and not isinstance(parsed, dict | list):
            raise HTTPException(400, "The body must be a JSON object.")
        return self._named(parsed) if isinstance(parsed, dict) else parsed

    def parse_query_params(self, params: QueryParams) -> dict[str, Any]:
        return self._named(super().parse_query_params(params))

    async def parse_http_body(self, request: AsyncHTTPRequestAdapter) -> GraphQLRequestData | list[GraphQLRequestData]:
        data = await super().parse_http_body(request)
        if isinstance(data, GraphQLRequestData) and not isinstance(data.operation_name, str | None):
            raise HTTPException(400, "The GraphQL operation's `operationName` must be a string or null, if provided.")
        return data

    async def parse_multipart(self, request: AsyncHTTPRequestAdapter) -> dict[str, Any]:
        """The operation of a multipart body, with files in place of the nulls named in `map`."""
        form = await request.get_form_data()
        operations, places = form.form.get("operations"), form.form.get("map")
        if not isinstance(operations, str) or not isinstance(places, str):
            raise HTTPException(400, "A multipart request needs the fields `operations` and `map` before its files.")
        operation, file_map = self.parse_json(operations), self.parse_json(places)
        if isinstance(operation, list):
            raise HTTPException(400, "Batching is not enabled")
        if not isinstance(operation, dict) or not isinstance(file_map, dict):
            raise HTTPException(400, "The fields `operations` and `map` must be JSON objects.")
        if sum(len(paths) if isinstance(paths, list) else 1 for paths in file_map.values()) > MAX_FILE_PATHS:
            raise BadInputError(f"`map` may name at most {MAX_FILE_PATHS} places for files.")
        try:
            return replace_placeholders_with_files(operation, file_map, form.files)
        except KeyError as error:
            raise HTTPException(400, "`map` names a file or a path that the request does not contain.") from error
        except (IndexError, TypeError, ValueError, AttributeError) as error:
            raise HTTPException(400, "`map` must contain a list of paths within `operations` for each file.") from error

    async def admit_operation(self, request: dict[str, Any], viewer: Viewer) -> str:
        """The document of an operation that a WebSocket sent. Raises EkonteError if it must not be executed: wrong
        types, limits exceeded, or the caller's budget used up.
        """
        request = self._named(request)
        query = self._text(request.get("query"), request.get("extensions"))
        if not isinstance(query, str):
            raise BadInputError("`query` must be a string.")
        await self._gate.admit(query, request.get("variables"), request.get("operationName"), owner=viewer.id)
        return query

    def _named(self, request: dict[str, Any]) -> dict[str, Any]:
        return request if self._trusted is None else with_document_id(request)

    def _text(self, query: object, extensions: object) -> object:
        return query if self._trusted is None else self._trusted.text(query, extensions)

    async def execute_operation(  # type: ignore[override]
        self, *, request: Request, request_data: GraphQLRequestData, **rest: Any
    ) -> ExecutionResult | list[ExecutionResult] | SubscriptionExecutionResult:
        if isinstance(request_data, GraphQLRequestData):
            query = self._text(request_data.query, request_data.extensions)
            request_data.query = query if isinstance(query, str) else None
            await self._gate.admit(
                query,
                request_data.variables,
                request_data.operation_name,
                owner=request.state.viewer.id,
                streams=request_data.protocol == "sse",
            )
        return await super().execute_operation(request=request, request_data=request_data, **rest)

    # ------------------------------------------------------------ answering

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = accepted_media_type(request.headers.get("accept"))
        return response

    async def process_result(self, request: Request, result: ExecutionResult) -> GraphQLHTTPResponse:
        body = await super().process_result(request, result)
        # Errors before execution have no path, and the response must not have `data` (GraphQL specification, 7.1).
        never_ran = isinstance(result, PreExecutionError) or (
            result.data is None and result.errors and all(error.path is None for error in result.errors)
        )
        if never_ran:
            body.pop("data", None)
        return body

    def create_response(self, response_data: Any, sub_response: Response) -> Response:
        media_type = sub_response.media_type or JSON
        status = sub_response.status_code or 200
        if "data" not in response_data and media_type == GRAPHQL_JSON:
            status = max(error["extensions"]["number"] for error in response_data["errors"]) // 100
        response = Response(self.encode_json(response_data), status_code=status, headers=_headers(media_type))
        response.background = sub_response.background
        return response

    async def create_streaming_response(
        self,
        request: Request | WebSocket,
        stream: Callable[[], AsyncGenerator[str, None]],  # type: ignore[override]
        sub_response: Response,
        headers: Mapping[str, str],
    ) -> Response:
        viewer: Viewer = request.state.viewer

        def bounded() -> AsyncGenerator[str, None]:
            return self._until_over(stream(), viewer.expires_at)

        return await super().create_streaming_response(request, bounded, sub_response, headers)

    async def _until_over(
        self, chunks: AsyncGenerator[str, None], expires_at: datetime | None
    ) -> AsyncGenerator[str, None]:
        """The chunks until the server shuts down or the token expires, which sends an error and ends the stream."""
        loop = asyncio.get_running_loop()
        seconds = None if expires_at is None else (expires_at - datetime.now(UTC)).total_seconds()
        deadline = None if seconds is None else loop.time() + seconds
        closing = asyncio.ensure_future(self._closing.wait())
        try:
            async with contextlib.aclosing(chunks):
                while True:
                    following = asyncio.ensure_future(anext(chunks))
                    left = None if deadline is None else max(0.0, deadline - loop.time())
                    try:
                        await asyncio.wait({following, closing}, timeout=left, return_when=asyncio.FIRST_COMPLETED)
                    finally:
                        is_there = following.done()
                        if not is_there:
                            following.cancel()
                            await asyncio.wait({following})
                        if not following.cancelled():
                            following.exception()  # marks it as retrieved; the client may disconnect as the stream ends
                    if closing.done():
                        return
                    if not is_there:
                        break
                    try:
                        chunk = following.result()
                    except StopAsyncIteration:
                        return
                    yield chunk
        finally:
            closing.cancel()
        body = self.encode_json_string(error_body(UnauthenticatedError("The token has expired.")))
        yield f"event: next\r\ndata: {body}\r\n\r\nevent: complete\r\ndata: \r\n\r\n"


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header. Raises BadInputError if it is empty, too long or not printable."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS or not key.isprintable():
        raise BadInputError(f"Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} printable characters.")
    return key


def accepted_media_type(accept: str | None) -> str:
    """application/graphql-response+json if its weight is at least that of application/json, else application/json."""
    weights: dict[str, float] = {}
    for part in (accept or "").split(","):
        name, *parameters = (piece.strip() for piece in part.lower().split(";"))
        weight = 1.0
        for parameter in parameters:
            if parameter.startswith("q="):
                try:
                    weight = float(parameter[2:])
                except ValueError:
                    weight = 0.0
        weights[name] = weight
    graphql_weight = weights.get(GRAPHQL_JSON, 0.0)
    json_weight = weights.get(JSON, 0.0)
    return GRAPHQL_JSON if graphql_weight > 0 and graphql_weight >= json_weight else JSON


def _headers(media_type: str) -> dict[str, str]:
    return {
        "content-type": f"{media_type}; charset=utf-8",
        "cache-control": "no-store",
        "vary": "Accept, Origin",
        "x-content-type-options": "nosniff",
    }


def _refusal(error: EkonteError, request: Request, *, status: int) -> Response:
    headers = _headers(accepted_media_type(request.headers.get("accept")))
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, RateLimitedError) and error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    return Response(orjson.dumps(error_body(error)), status_code=status, headers=headers)


def internal_error_response() -> Response:
    return Response(orjson.dumps(internal_error_body()), status_code=500, headers=_headers(JSON))
