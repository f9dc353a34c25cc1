"""Uploaded files: recognised by their bytes, stored under the caller's file name, referred to by id."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread

from errors import FileTooLargeError, UnsupportedFileError
from media.documents import read_document
from media.pictures import normalise_picture, recognise_picture
from media.probe import MediaInfo, probe
from media.processes import run_in_worker
from models.files import StoredFile
from models.workflows import Workflow
from services.platform.files import NewFile, store_file
from services.platform.owned import own
from services.platform.quotas import Quota, check_room
from services.platform.rate_budget import charge
from settings import get_settings

MAX_PICTURE_SIDE = 4096
PROBE_SECONDS = 60


@dataclass(frozen=True)
class IncomingFile:
    """An uploaded file in a temporary place. `name` comes from the sender and is not trusted."""

    name: str
    path: Path
    bytes: int


async def in_worker(function: Any, *arguments: Any, timeout_seconds: float = PROBE_SECONDS) -> Any:
    """Runs the function in a separate process with a time limit, because files from users are not trusted."""
    return await run_in_worker(
        function, *arguments, limit=get_settings().render_concurrency, timeout_seconds=timeout_seconds
    )


async def _admit(owner: str, upload: IncomingFile) -> None:
    """Refuses an upload before it is read. Raises RateLimitedError, QuotaExceededError, and as check_size."""
    check_size(upload)
    most = get_settings().max_owner_uploads_per_minute
    await charge("uploads", owner, 1, per_minute=most, what="uploaded files")
    await check_room(Quota.STORED_BYTES, owner)


def check_size(upload: IncomingFile) -> None:
    limit = get_settings().max_upload_bytes
    if upload.bytes > limit:
        raise FileTooLargeError(f"The file has {upload.bytes} bytes; at most {limit} are allowed.")
    if upload.bytes == 0:
        raise UnsupportedFileError("The file is empty.")


def _recognise_picture(path: Path) -> Any:
    return recognise_picture(path.read_bytes())


async def recognise(upload: IncomingFile) -> NewFile:
    """Returns the file with its type: picture, audio, video or text. Raises UnsupportedFileError, with the reason, for
    other files.
    """
    check_size(upload)
    try:
        picture = await in_worker(_recognise_picture, upload.path)
        return NewFile(upload.path, picture.content_type, upload.name, picture.width, picture.height)
    except UnsupportedFileError as not_a_picture:
        try:
            info: MediaInfo = await in_worker(probe, upload.path)
            return _media_file(upload, info)
        except UnsupportedFileError:
            try:
                document = await in_worker(_read, upload.path)
            except UnsupportedFileError:
                raise UnsupportedFileError(
                    "The file is not a supported picture, audio, video or text file"
                    " (PNG, JPEG, WebP; WAV, MP3, M4A, OGG, FLAC; MP4, MOV, WebM; text, Markdown, DOCX, PDF, EPUB)."
                ) from not_a_picture
            return NewFile(upload.path, document.content_type, upload.name)


def _read(path: Path) -> Any:
    return read_document(path, max_bytes=get_settings().max_upload_bytes)


def _media_file(upload: IncomingFile, info: MediaInfo) -> NewFile:
    return NewFile(upload.path, info.content_type, upload.name, info.width, info.height, info.duration_seconds)


async def store_upload(owner: str, upload: IncomingFile) -> StoredFile:
    """Stores a file of any supported type. The same content twice is one file."""
    await _admit(owner, upload)
    return await store_file(owner, await recognise(upload), is_upload=True)


async def store_script_upload(owner: str, upload: IncomingFile, workflow_id: int | None) -> StoredFile:
    """Stores a text. Raises UnsupportedFileError if it is not readable as a text, FileTooLargeError if it is too
    large.
    """
    if workflow_id is not None:
        await own(Workflow, owner, workflow_id)
    await _admit(owner, upload)
    document = await in_worker(_read, upload.path, timeout_seconds=300)
    return await store_file(owner, NewFile(upload.path, document.content_type, upload.name), is_upload=True)


async def store_picture(owner: str, upload: IncomingFile, folder: Path) -> StoredFile:
    """Stores a picture upright, as PNG without its metadata (place and camera), at most 4096 pixels a side."""
    await _admit(owner, upload)
    await in_worker(_recognise_picture, upload.path)
    out = folder / "picture.png"
    await in_worker(normalise_picture, upload.path, out, MAX_PICTURE_SIDE)
    info = await anyio.to_thread.run_sync(_recognise_picture, out)
    return await store_file(
        owner, NewFile(out, info.content_type, upload.name, info.width, info.height), is_upload=True
    )


async def store_media(owner: str, upload: IncomingFile, *, needs_video: bool) -> tuple[StoredFile, MediaInfo]:
    """Stores a video (needs_video), or any file with audio. Raises UnsupportedFileError if it has no such stream."""
    await _admit(owner, upload)
    info: MediaInfo = await in_worker(probe, upload.path)
    if needs_video and not info.has_video:
        raise UnsupportedFileError("The file has no video.")
    if not needs_video and not info.has_audio:
        raise UnsupportedFileError("The file has no audio.")
    return await store_file(owner, _media_file(upload, info), is_upload=True), info
