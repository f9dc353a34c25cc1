"""GraphQL over HTTP, SSE and WebSockets: Strawberry's view, adapted to the GraphQL over HTTP specification."""

import asyncio
import copy
import functools
from collections.abc import AsyncGenerator, Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Protocol, cast

import orjson
import strawberry
from cross_web import AsyncHTTPRequestAdapter, HTTPException
from graphql import OperationDefinitionNode, OperationType
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

from errors import (
    BadInputError,
    EkonteError,
    ErrorCode,
    NotAcceptableError,
    PersistedQueryNotFoundError,
    RateLimitedError,
    UnauthenticatedError,
)
from services.platform.identity import IDEMPOTENCY_KEY, Identity, Viewer, bearer_token, connection_token
from services.platform.metrics.recording import record_owner, record_refused_request, record_websockets
from services.platform.presence import Held, check_room, holding
from web.accept import EVENT_STREAM, GRAPHQL_JSON, JSON, Acceptable, acceptable
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
from web.persisted_queries import PersistedQueries
from web.sse import STREAM_HEADERS, EventStream, LineEvents, refusal_events
from web.trusted_documents import TrustedDocuments, with_document_id
from web.turns import TurnTakingExecutor
from web.uploads import BodyLimits, LimitedRequestAdapter, TrackedReceive, close_uploads
from web.websocket import Connection, TextWebSocketAdapter, TransportHandler

NOT_ACCEPTABLE = (
    f"The Accept header allows none of the media types that there are: {JSON}, {GRAPHQL_JSON} and {EVENT_STREAM}."
)
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
    stream_transport_classes_by_protocol = MappingProxyType({GRAPHQL_SSE_PROTOCOL: LineEvents})
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
        self._persisted_queries = PersistedQueries()

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
            if accepted(request).is_nothing:
                raise NotAcceptableError(NOT_ACCEPTABLE)
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

    async def wait_until_over(self, viewer: Viewer) -> str:
        return await self._identity.wait_until_over(viewer)

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
        """The document of an operation that a WebSocket sent, by its hash if it is persisted. Raises EkonteError if it
        must not be executed: wrong types, limits exceeded, or the caller's budget used up.
        """
        request = self._named(request)
        if not isinstance(request.get("extensions"), dict | None):
            raise BadInputError("`extensions` must be an object or null.")
        document, _ = await self._admit(request, owner=viewer.id, streams=True)
        if not isinstance(document, str):
            raise BadInputError("`query` must be a string.")
        return document

    def _named(self, request: dict[str, Any]) -> dict[str, Any]:
        return request if self._trusted is None else with_document_id(request)

    async def _admit(
        self, request: Mapping[str, Any], *, owner: str, streams: bool
    ) -> tuple[object, OperationDefinitionNode | None]:
        """The document, by its id or hash where it has one, and the operation in it. Raises EkonteError."""
        query, extensions = request.get("query"), request.get("extensions")
        known = None
        if self._trusted is not None:
            query = self._trusted.text(query, extensions)
        else:
            known = self._persisted_queries.find(query, extensions)
            query = query if known is None else known
        admission = await self._gate.admit(
            query, request.get("variables"), request.get("operationName"), owner=owner, streams=streams
        )
        operation = None if admission is None else admission.operation
        if known is not None and operation is not None:
            self._persisted_queries.keep(known, extensions)
        return query, operation

    async def execute_operation(  # type: ignore[override]
        self, *, request: Request, request_data: GraphQLRequestData, **rest: Any
    ) -> ExecutionResult | list[ExecutionResult] | SubscriptionExecutionResult:
        if isinstance(request_data, GraphQLRequestData):
            taken = accepted(request)
            sent = {
                "query": request_data.query,
                "variables": request_data.variables,
                "operationName": request_data.operation_name,
                "extensions": request_data.extensions,
            }
            document, operation = await self._admit(sent, owner=request.state.viewer.id, streams=taken.has_stream)
            request_data.query = cast(str | None, document)
            is_subscription = operation is not None and operation.operation is OperationType.SUBSCRIPTION
            # Strawberry asks after the execution how the answer is to be sent.
            request_data.protocol = "sse" if taken.streams(is_subscription=is_subscription) else "http"
        return await super().execute_operation(request=request, request_data=request_data, **rest)

    # ------------------------------------------------------------ answering

    async def get_sub_response(self, request: Request | WebSocket) -> Response:
        response = await super().get_sub_response(request)
        response.media_type = accepted(request).json or JSON
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
        check_room(Held.CONNECTIONS, viewer.id)
        return EventStream(
            stream(),
            closing=self._closing,
            until=functools.partial(self.wait_until_over, viewer),
            holding=holding(Held.CONNECTIONS, viewer.id),
        )


def idempotency_key(request: Request) -> str | None:
    """The Idempotency-Key header. Raises BadInputError if it is empty, too long or not printable."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 0 < len(key) <= MAX_IDEMPOTENCY_KEY_CHARACTERS or not key.isprintable():
        raise BadInputError(f"Idempotency-Key must have 1 to {MAX_IDEMPOTENCY_KEY_CHARACTERS} printable characters.")
    return key


def accepted(request: Request | WebSocket) -> Acceptable:
    """What the client takes as an answer; a header may be sent in several lines."""
    return acceptable(", ".join(request.headers.getlist("accept")))


def _headers(media_type: str) -> dict[str, str]:
    return {
        "content-type": f"{media_type}; charset=utf-8",
        "cache-control": "no-store",
        "vary": "Accept, Origin",
        "x-content-type-options": "nosniff",
    }


def _refusal(error: EkonteError, request: Request, *, status: int) -> Response:
    """The answer to a request that was refused as a whole. A client that takes a stream only gets errors of its
    operation as a stream, as it would those of validation; all others by the status.
    """
    taken = accepted(request)
    if taken.json is None and taken.has_stream and error.number // 100 == 400 and status == 400:
        return Response(refusal_events(error), headers=STREAM_HEADERS)
    headers = _headers(taken.json or JSON)
    if isinstance(error, PersistedQueryNotFoundError) and taken.json != GRAPHQL_JSON:
        # Clients with persisted queries read the errors of application/json in answers with status 200 only.
        status = 200
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if isinstance(error, RateLimitedError) and error.retry_after_seconds is not None:
        headers["retry-after"] = str(error.retry_after_seconds)
    return Response(orjson.dumps(error_body(error)), status_code=status, headers=headers)


def internal_error_response() -> Response:
    return Response(orjson.dumps(internal_error_body()), status_code=500, headers=_headers(JSON))
