"""GET and HEAD /files/{file_id}/{name}: serves stored files by signed link, with byte ranges."""

import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import quote

import anyio
import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from errors import EkonteError, ForbiddenError, NotFoundError
from services.platform import file_links
from services.platform.file_links import LinkState
from web.graphql_errors import error_body

CHUNK_BYTES = 256 * 1024
MAX_CACHE_SECONDS = 86_400
# No type that a browser could run as a document (such as SVG) is shown inline.
INLINE_IMAGES = frozenset(
    {"image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/bmp", "image/tiff", "image/heic"}
)
CONTENT_SECURITY_POLICY = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; sandbox"

_CONTENT_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*(?:; ?charset=[a-z0-9-]+)?")
_RANGE = re.compile(r"bytes=[ \t]*(\d{0,18})-(\d{0,18})[ \t]*")


Chunk = bytes  # within the class below, `bytes` is the file's size


class StoredFileView(Protocol):
    """A stored file to serve: by its local path if it has one, else as a stream of byte ranges."""

    @property
    def content_type(self) -> str: ...
    @property
    def bytes(self) -> int: ...
    @property
    def sha256(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def path(self) -> Path | None: ...

    def stream(self, start: int, end: int) -> AsyncIterator[Chunk]:
        """Bytes `start` up to but not including `end`; used if `path` is None."""
        ...


OpenFile = Callable[[str], Awaitable[StoredFileView | None]]


@dataclass(frozen=True)
class ByteRange:
    """Bytes `start` up to but not including `end`."""

    start: int
    end: int


class UnsatisfiableRangeError(Exception):
    """The range begins after the end of the file."""


def parse_range(header: str | None, size: int) -> ByteRange | None:
    """The single range of a Range header (RFC 9110, 14.1.2); None: send the whole file.

    Multiple ranges, other units and malformed headers are ignored, as the RFC allows. Raises UnsatisfiableRangeError.
    """
    match = _RANGE.fullmatch(header or "")
    if match is None:
        return None
    first, last = match.groups()
    if not first:
        if not last:
            return None
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < start:
            return None
    if start >= size:
        raise UnsatisfiableRangeError
    return ByteRange(start, end)


def is_inline(content_type: str) -> bool:
    essence = content_type.split(";")[0].strip().lower()
    return essence in INLINE_IMAGES or essence.startswith(("audio/", "video/"))


def content_disposition(name: str, *, inline: bool) -> str:
    """The header of RFC 6266: an ASCII name for old clients, plus the UTF-8 name if that differs."""
    kind = "inline" if inline else "attachment"
    fallback = "".join(c if c.isascii() and c.isprintable() and c not in '"\\/%;' else "_" for c in name) or "file"
    extended = "" if fallback == name else f"; filename*=UTF-8''{quote(name.encode('utf-8', 'replace'), safe='')}"
    return f'{kind}; filename="{fallback}"{extended}'


class FileRoute:
    """The endpoint. `open_file` finds a file by its id; a valid signature is the only authorization."""

    def __init__(self, open_file: OpenFile, key: bytes, *, clock: Callable[[], float] = time.time) -> None:
        self._open_file = open_file
        self._key = key
        self._clock = clock

    async def answer(self, request: Request) -> Response:
        file_id: str = request.path_params["file_id"]
        expires = request.query_params.get("expires", "")
        state = file_links.check(
            file_id, expires, request.query_params.get("signature", ""), self._key, now=self._clock()
        )
        if state is LinkState.EXPIRED:
            return _refusal(ForbiddenError("This link has expired. Ask the API for the file to get a new one."), 403)
        if state is LinkState.FORGED:
            return _refusal(ForbiddenError("This link was not created by this server, or it was changed."), 403)
        file = await self._open_file(file_id)
        if file is None:
            return _refusal(NotFoundError("This file does not exist any more."), 404)
        return _serve(request, file, seconds_left=int(expires) - int(self._clock()))


def _serve(request: Request, file: StoredFileView, *, seconds_left: int) -> Response:
    etag = f'"{file.sha256}"'
    content_type = file.content_type if _CONTENT_TYPE.fullmatch(file.content_type) else "application/octet-stream"
    headers = {
        "content-type": content_type,
        "content-disposition": content_disposition(file.name, inline=is_inline(content_type)),
        "accept-ranges": "bytes",
        "etag": etag,
        "cache-control": f"private, max-age={max(0, min(seconds_left, MAX_CACHE_SECONDS))}",
        "content-security-policy": CONTENT_SECURITY_POLICY,
        "x-content-type-options": "nosniff",
        "referrer-policy": "no-referrer",
    }
    if _names_etag(request.headers.get("if-none-match"), etag):
        return Response(status_code=304, headers=headers)
    wanted = request.headers.get("range")
    # If-Range: a range only of the same content, else the whole file (RFC 9110, 13.1.5). Dates are not supported.
    if request.headers.get("if-range", etag) != etag:
        wanted = None
    try:
        span = parse_range(wanted, file.bytes)
    except UnsatisfiableRangeError:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{file.bytes}"})
    status = 200 if span is None else 206
    if span is None:
        span = ByteRange(0, file.bytes)
    else:
        headers["content-range"] = f"bytes {span.start}-{span.end - 1}/{file.bytes}"
    headers["content-length"] = str(span.end - span.start)
    if request.method == "HEAD":
        return Response(status_code=status, headers=headers)
    chunks = read_range(file.path, span) if file.path is not None else file.stream(span.start, span.end)
    return StreamingResponse(chunks, status_code=status, headers=headers)


def _names_etag(header: str | None, etag: str) -> bool:
    tags = [tag.strip().removeprefix("W/") for tag in (header or "").split(",")]
    return etag in tags or tags == ["*"]


async def read_range(path: Path, span: ByteRange) -> AsyncIterator[bytes]:
    async with await anyio.open_file(path, "rb") as file:
        await file.seek(span.start)
        left = span.end - span.start
        while left > 0 and (chunk := await file.read(min(CHUNK_BYTES, left))):
            left -= len(chunk)
            yield chunk


def _refusal(error: EkonteError, status: int) -> Response:
    headers = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
    return Response(orjson.dumps(error_body(error)), status_code=status, media_type="application/json", headers=headers)
