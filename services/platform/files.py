"""Stored files, one per content and owner: first the row in the database, then the bytes in the storage.

The row is inserted before the bytes are written (WRITING) and marked READY afterwards, so that a crash leaves no
content without a row. Content is named by owner and hash, so writing it again changes nothing.
"""

import hashlib
import mimetypes
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anyio.to_thread
import structlog
from tortoise.exceptions import IntegrityError

from errors import JobErrorCode, JobFailure
from models.database import execute, transaction
from models.enums import FileState
from models.files import StoredFile
from providers.storage import Storage, open_storage
from services.platform.owned import owned
from services.platform.quotas import Quota, reserve
from services.platform.runtime import runtime

log = structlog.get_logger(__name__)

REMOVAL_SECONDS = 30.0
"A removal that takes longer was interrupted."
MAX_VALUES = 10_000
"SQLite allows at most 32,766 values in one statement."

_EXTENSIONS = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "video/mp4": ".mp4",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "application/x-subrip": ".srt",
    "text/vtt": ".vtt",
    "text/plain": ".txt",
}


@dataclass(frozen=True)
class NewFile:
    """A file to store. width, height in pixels, duration in seconds, if known; source_url: the external link that the
    content was fetched from.
    """

    path: Path
    content_type: str
    name: str = ""
    width: int | None = None
    height: int | None = None
    duration_seconds: float | None = None
    source_url: str | None = None


def use_storage(url: str | None, data_dir: Path) -> Storage:
    """Opens this process's storage; `data_dir/cache` holds copies of objects from object storage."""
    opened = runtime().storage = open_storage(url, data_dir)
    runtime().cache_dir = data_dir / "cache"
    return opened


def storage() -> Storage:
    """Returns this process's storage. Raises RuntimeError if none is open."""
    opened = runtime().storage
    if opened is None:
        raise RuntimeError("no storage is open")
    return opened


def storage_key(owner: str, sha256: str, content_type: str) -> str:
    """Returns the storage key of an owner's content. The owner is hashed, because its name may contain any
    character.
    """
    owner_part = hashlib.sha256(owner.encode()).hexdigest()[:16]
    extension = _EXTENSIONS.get(content_type) or mimetypes.guess_extension(content_type) or ".bin"
    return f"{owner_part}/{sha256[:2]}/{sha256}{extension}"


def sha256_of(path: Path) -> tuple[str, int]:
    """Returns (hex digest, size in bytes) of a file. Blocking: call it in a thread."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return digest.hexdigest(), file.tell()


async def store_file(
    owner: str, new: NewFile, *, job_id: int | None = None, is_upload: bool = False, is_limited: bool = False
) -> StoredFile:
    """Stores a copy of a local file. The same content twice gives the same row.

    is_limited: new content must have room in the owner's quota, else it is a QuotaExceededError; always so of uploads,
    and not of results, which are paid for. Raises JobFailure STORAGE_ERROR if the content cannot be written, after it
    has deleted the row.
    """
    sha256, size = await anyio.to_thread.run_sync(sha256_of, new.path)
    changes: dict[str, Any] = {"state": FileState.READY, "released_at": None}
    if is_upload:
        changes["is_upload"] = True
    while True:
        row = await _find_or_insert(owner, new, sha256, size, job_id, is_upload, is_limited or is_upload)
        if row.state is FileState.WRITING:
            await _put(row, new.path)
        # Guarded, so that a file whose removal has started meanwhile is not marked READY.
        if await StoredFile.filter(id=row.id, state__in=[FileState.WRITING, FileState.READY]).update(**changes):
            return row.update_from_dict(changes)


async def _put(row: StoredFile, path: Path) -> None:
    try:
        await storage().put(storage_key(row.owner, row.sha256, row.content_type), path)
    except OSError as error:
        log.warning("file.store_failed", error=str(error), sha256=row.sha256)
        await StoredFile.filter(id=row.id, state=FileState.WRITING).delete()
        raise JobFailure(
            JobErrorCode.STORAGE_ERROR,
            "The result could not be stored: the storage is full or unreachable.",
            is_retryable=True,
        ) from error


async def _find_or_insert(
    owner: str, new: NewFile, sha256: str, size: int, job_id: int | None, is_upload: bool, is_limited: bool
) -> StoredFile:
    """Returns the content's row, inserted if missing. If the row is being removed, it waits for that and inserts a new
    one.
    """

    async def insert() -> StoredFile:
        if is_limited:
            await reserve(Quota.STORED_BYTES, owner, size)
        return await StoredFile.create(
            owner=owner,
            sha256=sha256,
            content_type=new.content_type,
            bytes=size,
            width=new.width,
            height=new.height,
            duration_seconds=new.duration_seconds,
            name=new.name[:255],
            source_url=new.source_url,
            is_upload=is_upload,
            made_by_job_id=job_id,
        )

    deadline = anyio.current_time() + REMOVAL_SECONDS
    while True:
        row = await StoredFile.get_or_none(owner=owner, sha256=sha256)
        if row is None:
            try:
                return await transaction(insert)
            except IntegrityError:  # another caller stored the same content at the same time
                continue
        if row.state is not FileState.REMOVING:
            return row
        if anyio.current_time() > deadline:  # the remover was interrupted: write the content again
            await StoredFile.filter(id=row.id, state=FileState.REMOVING).update(state=FileState.WRITING)
        await anyio.sleep(0.05)


async def local_copy(file: StoredFile) -> Path:
    """Returns a local path with the file's content, for reading only. Raises JobFailure STORAGE_ERROR if the content
    is missing or cannot be fetched.
    """
    try:
        return await storage().fetch(storage_key(file.owner, file.sha256, file.content_type), runtime().cache_dir)
    except FileNotFoundError as error:
        raise JobFailure(
            JobErrorCode.STORAGE_ERROR, "A required file is no longer in the storage.", is_retryable=False
        ) from error
    except OSError as error:
        log.warning("file.fetch_failed", error=str(error), sha256=file.sha256)
        raise JobFailure(
            JobErrorCode.STORAGE_ERROR, "The storage is unreachable, or the disk is full.", is_retryable=True
        ) from error


async def local_copies(owner: str, digests: set[str]) -> dict[str, Path]:
    """Returns local paths by content hash. Raises JobFailure STORAGE_ERROR if one is missing."""
    wanted, rows = list(digests), list[StoredFile]()
    for start in range(0, len(wanted), MAX_VALUES):
        chunk = wanted[start : start + MAX_VALUES]
        rows += await StoredFile.filter(owner=owner, sha256__in=chunk, state=FileState.READY)
    if len(rows) != len(digests):
        raise JobFailure(JobErrorCode.STORAGE_ERROR, "A required file is no longer in the storage.", is_retryable=False)
    return {row.sha256: await local_copy(row) for row in rows}


async def pin_files(file_ids: set[int]) -> None:
    """Protects files from removal until the end of the transaction, in which the caller writes references to them.

    Raises JobFailure STORAGE_ERROR, retryable, if one has been removed since it was stored.
    """
    if await keep_files_ready(file_ids) != file_ids:
        message = "A file was removed before it could be used."
        raise JobFailure(JobErrorCode.STORAGE_ERROR, message, is_retryable=True)


async def keep_files_ready(file_ids: Collection[int]) -> set[int]:
    """Returns those of the files that still exist, protected from removal until the end of the transaction."""
    wanted, kept = list(file_ids), set[int]()
    for start in range(0, len(wanted), MAX_VALUES):
        chunk = wanted[start : start + MAX_VALUES]
        places = ", ".join("?" for _ in chunk)
        rows = await execute(
            f"UPDATE stored_file SET released_at = NULL WHERE state = 'READY' AND id IN ({places}) RETURNING id", *chunk
        )
        kept.update(row["id"] for row in rows)
    return kept


async def ready_files(owner: str, ids: Sequence[int]) -> dict[int, StoredFile]:
    """Returns the owner's READY files among `ids`, by id."""
    if not ids:
        return {}
    return {row.id: row for row in await owned(StoredFile, owner).filter(id__in=list(set(ids)), state=FileState.READY)}
