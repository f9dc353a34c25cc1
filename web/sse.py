"""Server-sent events: the distinct connections mode of the GraphQL over SSE protocol.

Each operation is one request. Its answer consists of events `next`, each with a result, and one event `complete`;
between them comments keep the connection alive.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine, Mapping
from contextlib import AbstractContextManager
from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from strawberry.http.streaming import SSETransport

from errors import EkonteError, UnauthenticatedError
from web.accept import EVENT_STREAM
from web.graphql_errors import error_body

STREAM_HEADERS = {
    "content-type": f"{EVENT_STREAM}; charset=utf-8",
    # A proxy must neither keep, nor compress, nor gather the events.
    "cache-control": "no-store, no-transform",
    "x-accel-buffering": "no",
    "vary": "Accept, Origin",
    "x-content-type-options": "nosniff",
}


class LineEvents(SSETransport):
    """Strawberry's transport with LF as line end, which every reader of event streams understands; several split events
    at two LF only.
    """

    def accepts(self, accept: str) -> bool:
        return False  # the view chooses, by web.accept and the operation

    def encode_event(self, event: str, data: str | None = None) -> str:
        return super().encode_event(event, data).replace("\r\n", "\n")

    def encode_comment(self, comment: str) -> str:
        return super().encode_comment(comment).replace("\r\n", "\n")


def refusal_events(error: EkonteError) -> str:
    """The whole stream of an operation that was refused, or its end: the error as a result, and `complete`."""
    events = LineEvents()
    return events.encode_event("next", orjson.dumps(error_body(error)).decode()) + events.encode_complete()


class EventStream(Response):
    """An answer of events, until they end, the client leaves, the server closes, or `until` returns why the token is no
    longer accepted, which is told by a last result with the error. `holding` is entered meanwhile.

    Starlette's StreamingResponse cancels repeatedly, so that the generators could not be closed when a client left.
    """

    def __init__(
        self,
        chunks: AsyncGenerator[str, None],
        *,
        closing: asyncio.Event,
        until: Callable[[], Coroutine[None, None, str]],
        holding: AbstractContextManager[None],
        headers: Mapping[str, str] = STREAM_HEADERS,
    ) -> None:
        self._chunks = chunks
        self._closing = closing
        self._until = until
        self._holding = holding
        self.status_code = 200
        self.background = None
        self.init_headers(headers)
        del self.headers["content-length"]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._holding:
            await self._answer(receive, send)

    async def _answer(self, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        writing = asyncio.ensure_future(self._write(send))
        leaving = asyncio.ensure_future(_disconnect(receive))
        closing = asyncio.ensure_future(self._closing.wait())
        over = asyncio.ensure_future(self._until())
        tasks: set[asyncio.Future[Any]] = {writing, leaving, closing, over}
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            # The generators end here, before the request does.
            await asyncio.wait(tasks)
        if leaving in ended:
            return
        if writing in ended:
            writing.result()
        elif over in ended:
            await _send_chunk(send, refusal_events(UnauthenticatedError(over.result())))
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _write(self, send: Send) -> None:
        async with contextlib.aclosing(self._chunks):
            async for chunk in self._chunks:
                await _send_chunk(send, chunk)


async def _send_chunk(send: Send, chunk: str) -> None:
    await send({"type": "http.response.body", "body": chunk.encode(), "more_body": True})


async def _disconnect(receive: Receive) -> None:
    """Returns when the client has left; what it still sends is discarded."""
    while (await receive())["type"] != "http.disconnect":
        pass
