"""Uploaded files: recognised by their bytes, stored under the caller's file name, referred to by id."""

from dataclasses import dataclass
from pathlib import Path

from errors import FileTooLargeError, UnsupportedFileError
from media.probe import MediaInfo
from models.files import StoredFile
from models.workflows import Workflow
from services.platform import foreign_files
from services.platform.files import NewFile, store_file
from services.platform.owned import own
from services.platform.quotas import Quota, check_room
from services.platform.rate_budget import charge
from settings import get_settings

MAX_PICTURE_SIDE = 4096


@dataclass(frozen=True)
class IncomingFile:
    """An uploaded file in a temporary place. `name` comes from the sender and is not trusted."""

    name: str
    path: Path
    bytes: int


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


async def recognise(owner: str, upload: IncomingFile) -> NewFile:
    """Returns the file with its type: picture, audio, video or text. Raises UnsupportedFileError and FileTooLargeError,
    with the reason, for other files.
    """
    check_size(upload)
    found = await foreign_files.recognise(owner, upload.path)
    return NewFile(upload.path, found.content_type, upload.name, found.width, found.height, found.duration_seconds)


async def store_upload(owner: str, upload: IncomingFile) -> StoredFile:
    """Stores a file of any supported type. The same content twice is one file."""
    await _admit(owner, upload)
    return await store_file(owner, await recognise(owner, upload), is_upload=True)


async def store_script_upload(owner: str, upload: IncomingFile, workflow_id: int | None) -> StoredFile:
    """Stores a text. Raises UnsupportedFileError if it is not readable as a text, FileTooLargeError if it is too
    large.
    """
    if workflow_id is not None:
        await own(Workflow, owner, workflow_id)
    await _admit(owner, upload)
    document = await foreign_files.document_text(owner, upload.path, get_settings().max_upload_bytes)
    return await store_file(owner, NewFile(upload.path, document.content_type, upload.name), is_upload=True)


async def store_picture(owner: str, upload: IncomingFile, folder: Path) -> StoredFile:
    """Stores a picture upright, as PNG without its metadata (place and camera), at most 4096 pixels a side."""
    await _admit(owner, upload)
    out = folder / "picture.png"
    info = await foreign_files.normalised_picture(owner, upload.path, out, MAX_PICTURE_SIDE)
    return await store_file(
        owner, NewFile(out, info.content_type, upload.name, info.width, info.height), is_upload=True
    )


async def store_media(owner: str, upload: IncomingFile, *, needs_video: bool) -> tuple[StoredFile, MediaInfo]:
    """Stores a video (needs_video), or any file with audio. Raises UnsupportedFileError if it has no such stream."""
    await _admit(owner, upload)
    info = await foreign_files.media_info(owner, upload.path)
    if needs_video and not info.has_video:
        raise UnsupportedFileError("The file has no video.")
    if not needs_video and not info.has_audio:
        raise UnsupportedFileError("The file has no audio.")
    file = NewFile(upload.path, info.content_type, upload.name, info.width, info.height, info.duration_seconds)
    return await store_file(owner, file, is_upload=True), info
