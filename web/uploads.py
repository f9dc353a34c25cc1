"""Reads request bodies within limits: JSON into memory, multipart as a stream into temporary files."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator

from cross_web import FormData, HTTPException, StarletteRequestAdapter
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request
from starlette.types import Message, Receive

from errors import BadInputError, FileTooLargeError

PREFLIGHT_HEADERS = ("graphql-require-preflight", "apollo-require-preflight", "x-requested-with")
MAX_FILES = 100
MAX_FIELDS = 10
DRAIN_SECONDS = 5.0


class BodyLimits:
    """Size limits in bytes: of one file, of a JSON body, of a whole multipart request."""

    def __init__(self, *, file_bytes: int, json_bytes: int, request_bytes: int) -> None:
        self.file_bytes = file_bytes
        self.json_bytes = json_bytes
        self.request_bytes = request_bytes


class LimitedMultiPartParser(MultiPartParser):
    """Starlette's parser with a size limit per file; raises FileTooLargeError as soon as it is exceeded."""

    def __init__(self, request: Request, stream: AsyncGenerator[bytes, None], limits: BodyLimits) -> None:
        super().__init__(
            request.headers, stream, max_files=MAX_FILES, max_fields=MAX_FIELDS, max_part_size=limits.json_bytes
        )
        self._file_bytes = limits.file_bytes
        self._read_bytes = 0

    def on_part_begin(self) -> None:
        super().on_part_begin()
        self._read_bytes = 0

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        if self._current_part.file is not None:
            self._read_bytes += end - start
            if self._read_bytes > self._file_bytes:
                raise FileTooLargeError(f"A file may have at most {self._file_bytes:,} bytes.")
        super().on_part_data(data, start, end)


class LimitedRequestAdapter(StarletteRequestAdapter):
    """Strawberry's request adapter with size limits."""

    limits: BodyLimits

    def __init__(self, request: Request) -> None:
        super().__init__(request)
        self.limits = request.scope["ekonte.body_limits"]

    async def get_body(self) -> bytes:
        body = bytearray()
        async for chunk in _counted(self._request, self.limits.json_bytes, "A JSON body"):
            body += chunk
        return bytes(body)

    async def get_form_data(self) -> FormData:
        """The fields and files of a multipart body. `close_uploads` removes the temporary files after the response."""
        if not any(self.headers.get(name) for name in PREFLIGHT_HEADERS):
            raise HTTPException(
                400, f"A multipart request needs one of the headers {', '.join(PREFLIGHT_HEADERS)}, with any value."
            )
        stream = _counted(self._request, self.limits.request_bytes, "A multipart request")
        try:
            form = await LimitedMultiPartParser(self._request, stream, self.limits).parse()
        except MultiPartException as error:
            raise BadInputError(f"The multipart body cannot be read: {error.message}") from None
        self._request.scope["ekonte.form"] = form
        return FormData(files=form, form=form)


async def _counted(request: Request, limit: int, what: str) -> AsyncGenerator[bytes, None]:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit:
        raise FileTooLargeError(f"{what} may have at most {limit:,} bytes.")
    taken = 0
    async for chunk in request.stream():
        taken += len(chunk)
        if taken > limit:
            raise FileTooLargeError(f"{what} may have at most {limit:,} bytes.")
        yield chunk


async def close_uploads(request: Request) -> None:
    form = request.scope.get("ekonte.form")
    if form is not None:
        await form.close()


class TrackedReceive:
    """An ASGI receive that tracks whether the body has been read to its end."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._is_complete = False

    async def __call__(self) -> Message:
        message = await self._receive()
        if message["type"] != "http.request" or not message.get("more_body", False):
            self._is_complete = True
        return message

    async def drain(self, limit: int) -> None:
        """Reads and discards the rest of a refused request's body, at most `limit` bytes, for at most DRAIN_SECONDS.

        Otherwise a client that reads only after writing would see a broken connection instead of the response.
        """
        taken = 0
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while not self._is_complete and taken <= limit:
                    taken += len((await self()).get("body", b""))
