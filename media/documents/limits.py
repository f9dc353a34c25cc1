"""Limits against hostile documents: bytes, entries, cells. Those that deployments set are in media/bounds.py."""

import time

from errors import FileTooLargeError, UnsupportedFileError
from media.bounds import BOUNDS, FileBounds

MAX_ENTRIES = 10_000  # in one zip archive
MAX_ENTRY_BYTES = 64 * 1024 * 1024  # of one entry, inflated
MAX_INFLATED_BYTES = 256 * 1024 * 1024  # of all entries together
MAX_RATIO = 250  # inflated to packed bytes, looked at from RATIO_FLOOR_BYTES on
RATIO_FLOOR_BYTES = 4 * 1024 * 1024
MAX_XML_BYTES = 32 * 1024 * 1024  # of one part that is parsed as a tree
MAX_CELLS = 500_000  # of all tables of a Word document
MAX_PDF_STREAM_BYTES = 16 * 1024 * 1024  # of one stream, decoded


def bomb_error(what: str) -> UnsupportedFileError:
    return UnsupportedFileError(f"This file unpacks to far more than it should ({what}), so it is not read.")


class Deadline:
    """The time of one document, and its bounds. `check` raises FileTooLargeError once the process has computed for
    bounds.document_seconds since this was made.
    """

    def __init__(self, bounds: FileBounds = BOUNDS) -> None:
        self.bounds = bounds
        self._end = time.process_time() + bounds.document_seconds

    def check(self) -> None:
        if time.process_time() > self._end:
            raise FileTooLargeError(
                f"This file takes longer to read than the {self.bounds.document_seconds:g} s that a document may take; "
                "save it as plain text and send that."
            )

    def check_pages(self, count: int) -> None:
        if count > self.bounds.document_pages:
            raise FileTooLargeError(
                f"This document has {count} pages; at most {self.bounds.document_pages} are allowed."
            )

    def check_characters(self, count: int) -> None:
        """Of a text that is not read to its end yet."""
        if count > self.bounds.text_characters:
            raise FileTooLargeError(
                f"The text has more than {count - 1} characters; at most {self.bounds.text_characters} are allowed."
            )
