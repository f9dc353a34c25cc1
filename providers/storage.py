"""Storage of file contents: a local folder or S3-compatible object storage behind one interface.

Keys are relative paths with forward slashes. Writing to an existing key replaces it with the same content, since keys
contain content hashes.
"""

import contextlib
import os
import shutil
import uuid
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Protocol
from urllib.parse import parse_qsl, urlsplit

import anyio.to_thread
import obstore
from obstore.exceptions import BaseError
from obstore.exceptions import NotFoundError as ObjectNotFoundError
from obstore.store import S3Store

from errors import ConfigurationError

CHUNK_BYTES = 1 << 20


class Storage(Protocol):
    async def put(self, key: str, source: Path) -> None:
        """Stores a local file's content atomically. Raises OSError if there is no space."""

    async def fetch(self, key: str, cache: Path) -> Path:
        """A local path with the content, read-only. Raises FileNotFoundError for an unknown key, OSError otherwise."""

    def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        """Bytes `start` up to but not including `end`."""

    async def remove(self, key: str) -> None:
        """Removes the content; an unknown key is ignored."""

    async def exists(self, key: str) -> bool: ...

    async def keys(self) -> list[str]:
        """All keys. Slow; for checks and clean-up only."""

    async def free_bytes(self) -> int | None: ...

    def local_path(self, key: str) -> Path | None:
        """The content's path in a local folder; None for object storage."""


class LocalStorage:
    """Files in a folder. A file appears under its key only when it is complete and synced to disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / ".incoming"
        self._incoming.mkdir(parents=True, exist_ok=True)

    def local_path(self, key: str) -> Path | None:
        return self._folder / key

    async def put(self, key: str, source: Path) -> None:
        await anyio.to_thread.run_sync(self._put, self._folder / key, source)

    def _put(self, target: Path, source: Path) -> None:
        staged = self._incoming / uuid.uuid4().hex
        try:
            with source.open("rb") as reader, staged.open("wb") as writer:
                shutil.copyfileobj(reader, writer, CHUNK_BYTES)
                writer.flush()
                os.fsync(writer.fileno())
            target.parent.mkdir(parents=True, exist_ok=True)
            staged.replace(target)
        finally:
            staged.unlink(missing_ok=True)

    async def fetch(self, key: str, cache: Path) -> Path:
        path = self._folder / key
        if not await anyio.to_thread.run_sync(path.is_file):
            raise FileNotFoundError(key)
        return path

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        async with await anyio.open_file(self._folder / key, "rb") as file:
            await file.seek(start)
            while start < end and (chunk := await file.read(min(CHUNK_BYTES, end - start))):
                start += len(chunk)
                yield chunk

    async def remove(self, key: str) -> None:
        path = self._folder / key
        await anyio.to_thread.run_sync(lambda: path.unlink(missing_ok=True))

    async def exists(self, key: str) -> bool:
        return await anyio.to_thread.run_sync((self._folder / key).is_file)

    async def keys(self) -> list[str]:
        def walk() -> list[str]:
            return [
                path.relative_to(self._folder).as_posix()
                for path in self._folder.rglob("*")
                if path.is_file() and self._incoming not in path.parents
            ]

        return await anyio.to_thread.run_sync(walk)

    async def free_bytes(self) -> int | None:
        return (await anyio.to_thread.run_sync(shutil.disk_usage, self._folder)).free

    def clear_incoming(self) -> None:
        """Removes unfinished files of killed processes. Call only while no other process uses the folder."""
        for path in self._incoming.iterdir():
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _as_os_error() -> Iterator[None]:
    """Translates obstore's errors: a missing key into FileNotFoundError, all others into OSError."""
    try:
        yield
    except ObjectNotFoundError as error:
        raise FileNotFoundError("no such object") from error
    except BaseError as error:
        raise OSError("the object storage failed") from error


class ObjectStorage:
    """Objects in an S3-compatible bucket (obstore). Multipart uploads appear only when complete."""

    def __init__(self, store: S3Store) -> None:
        self._store = store

    def local_path(self, key: str) -> Path | None:
        return None

    async def put(self, key: str, source: Path) -> None:
        with _as_os_error():
            await obstore.put_async(self._store, key, source)

    async def fetch(self, key: str, cache: Path) -> Path:
        target = cache / key
        if await anyio.to_thread.run_sync(_touch, target):
            return target
        await anyio.to_thread.run_sync(lambda: target.parent.mkdir(parents=True, exist_ok=True))
        staged = target.with_name(f"{target.name}.{uuid.uuid4().hex}")
        try:
            with _as_os_error():
                result = await obstore.get_async(self._store, key)
                async with await anyio.open_file(staged, "wb") as file:
                    async for chunk in result.stream(min_chunk_size=CHUNK_BYTES):
                        await file.write(bytes(chunk))
            await anyio.to_thread.run_sync(staged.replace, target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                await anyio.to_thread.run_sync(staged.unlink)
        return target

    async def read(self, key: str, start: int, end: int) -> AsyncIterator[bytes]:
        while start < end:
            stop = min(end, start + CHUNK_BYTES)
            yield bytes(await obstore.get_range_async(self._store, key, start=start, end=stop))
            start = stop

    async def remove(self, key: str) -> None:
        with contextlib.suppress(ObjectNotFoundError, FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def exists(self, key: str) -> bool:
        try:
            await obstore.head_async(self._store, key)
        except (ObjectNotFoundError, FileNotFoundError):
            return False
        return True

    async def keys(self) -> list[str]:
        return [item["path"] async for batch in obstore.list(self._store) for item in batch]

    async def free_bytes(self) -> int | None:
        return None


def _touch(path: Path) -> bool:
    """Updates the time of last use of a cached file; False if it does not exist."""
    try:
        os.utime(path)
    except FileNotFoundError:
        return False
    return True


def open_storage(url: str | None, data_dir: Path) -> Storage:
    """Opens the storage of a URL: None (the data folder), file:///folder, or s3://bucket/prefix?endpoint=…&region=….

    Other query parameters are obstore's S3 options (access_key_id, secret_access_key, virtual_hosted_style_request …);
    AWS_* environment variables are used too. Raises ConfigurationError for another scheme.
    """
    if url is None:
        return LocalStorage(data_dir / "files")
    parts = urlsplit(url)
    if parts.scheme == "file":
        return LocalStorage(Path(parts.path))
    if parts.scheme != "s3" or not parts.netloc:
        raise ConfigurationError(
            "EKONTE_STORAGE_URL: expected s3://bucket/prefix?endpoint=…&region=… or file:///folder"
        )
    options = dict(parse_qsl(parts.query))
    endpoint = options.get("endpoint", "")
    client_options = {"allow_http": True} if endpoint.startswith("http://") else {}
    store = S3Store(
        bucket=parts.netloc,
        prefix=parts.path.strip("/") or None,
        config=options,  # type: ignore[arg-type]
        client_options=client_options,  # type: ignore[arg-type]
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
    )
    return ObjectStorage(store)
