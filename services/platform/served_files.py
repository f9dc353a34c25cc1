"""Stored files in the form in which the file route serves them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from models.enums import FileState
from models.files import StoredFile
from models.ids import parse_global_id
from services.platform.file_links import file_name
from services.platform.files import storage, storage_key


@dataclass(frozen=True)
class ServedFile:
    """sha256: in hexadecimal. path: the local path of the content; None if it is in object storage."""

    content_type: str
    bytes: int
    sha256: str
    name: str
    path: Path | None
    _key: str

    def stream(self, start: int, end: int) -> "AsyncIterator[bytes_]":
        """Streams the bytes from `start` to `end`, excluding `end`."""
        return storage().read(self._key, start, end)


# The field `bytes` shadows the type inside the class.
bytes_ = bytes


async def open_file(file_id: str) -> ServedFile | None:
    """Returns the file with this global id; None if there is none. Access was checked when its link was signed."""
    parsed = parse_global_id(file_id)
    if parsed is None or parsed[0] != "StoredFile":
        return None
    row = await StoredFile.get_or_none(id=parsed[1], state=FileState.READY, released_at__isnull=True)
    if row is None:
        return None
    key = storage_key(row.owner, row.sha256, row.content_type)
    return ServedFile(row.content_type, row.bytes, row.sha256, file_name(row), storage().local_path(key), key)
