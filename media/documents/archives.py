"""Reads zip archives within limits: sizes are counted while inflating, not taken from the archive's directory."""

import zipfile
import zlib
from pathlib import Path

from errors import UnsupportedFileError
from media.documents import limits

_CHUNK = 256 * 1024


class SafeArchive:
    """A zip archive whose entries are read within the limits. Raises UnsupportedFileError for any error."""

    def __init__(self, path: Path, deadline: limits.Deadline) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise UnsupportedFileError("This file is damaged: its archive cannot be opened.") from error
        self._deadline = deadline
        self._inflated = 0
        entries = self._zip.infolist()
        if len(entries) > limits.MAX_ENTRIES:
            self._zip.close()
            raise limits.bomb_error(f"{len(entries)} entries")
        self.names = {entry.filename for entry in entries}
        self.is_encrypted = any(entry.flag_bits & 0x1 for entry in entries)

    def __enter__(self) -> "SafeArchive":
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def read(self, name: str) -> bytes:
        """An entry's bytes. Raises UnsupportedFileError where it is missing, damaged or too large."""
        pieces: list[bytes] = []
        try:
            entry = self._zip.getinfo(name)
        except KeyError:
            raise UnsupportedFileError(f"This file is damaged: its part {name} is missing.") from None
        self._inflate(entry, pieces)
        return b"".join(pieces)

    def check_all(self) -> None:
        """Inflates every entry once, keeping nothing, so that a library may open the archive afterwards."""
        for entry in self._zip.infolist():
            self._inflate(entry, None)

    def _inflate(self, entry: zipfile.ZipInfo, pieces: list[bytes] | None) -> None:
        size = 0
        packed = max(entry.compress_size, 1)
        try:
            with self._zip.open(entry) as stream:
                while chunk := stream.read(_CHUNK):
                    size += len(chunk)
                    self._inflated += len(chunk)
                    if size > limits.MAX_ENTRY_BYTES or self._inflated > limits.MAX_INFLATED_BYTES:
                        raise limits.bomb_error(f"more than {size >> 20} MB in {entry.filename[:80]}")
                    if size > limits.RATIO_FLOOR_BYTES and size / packed > limits.MAX_RATIO:
                        raise limits.bomb_error(f"{size // packed} times its packed size")
                    if pieces is not None:
                        pieces.append(chunk)
                    self._deadline.check()
        except (zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, NotImplementedError) as error:
            raise UnsupportedFileError("This file is damaged: a part of its archive cannot be read.") from error
