"""Limits against hostile documents: bytes, entries, characters, seconds."""

import time

from errors import UnsupportedFileError

MAX_ENTRIES = 10_000  # in one zip archive
MAX_ENTRY_BYTES = 64 * 1024 * 1024  # of one entry, inflated
MAX_INFLATED_BYTES = 256 * 1024 * 1024  # of all entries together
MAX_RATIO = 250  # inflated to packed bytes, looked at from RATIO_FLOOR_BYTES on
RATIO_FLOOR_BYTES = 4 * 1024 * 1024
MAX_XML_BYTES = 32 * 1024 * 1024  # of one part that is parsed as a tree
MAX_CHARACTERS = 20_000_000  # of the text that is read
MAX_PDF_PAGES = 10_000
MAX_PDF_STREAM_BYTES = 16 * 1024 * 1024  # of one stream, decoded
READ_SECONDS = 120.0


def bomb_error(what: str) -> UnsupportedFileError:
    return UnsupportedFileError(f"This file unpacks to far more than it should ({what}), so it is not read.")


class Deadline:
    """Raises UnsupportedFileError from `check` once READ_SECONDS have passed since it was made."""

    def __init__(self, seconds: float = READ_SECONDS) -> None:
        self._end = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._end:
            raise UnsupportedFileError("This file takes too long to read; save it as plain text and send that.")
