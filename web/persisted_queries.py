"""Automatic persisted queries: a client sends the SHA-256 of a document, and the document only where it is unknown.

The protocol is Apollo's, which urql and others speak too: `extensions.persistedQuery` has `version` 1 and `sha256Hash`.
A hash alone that is unknown is answered with PERSISTED_QUERY_NOT_FOUND; the client then sends both, and they are kept.
"""

import hashlib
import re
from collections import OrderedDict
from typing import Any

from errors import BadInputError, PersistedQueryNotFoundError

MAX_BYTES = 8 * 1024**2
# No document is longer: it would take the place of many.
MAX_DOCUMENT_BYTES = 256 * 1024

_HASH = re.compile(r"[0-9a-f]{64}")


class PersistedQueries:
    """The documents of this process, at most `max_bytes` of them; those unused for the longest time make room. A client
    whose document has gone, or that reaches another process, sends it once more.
    """

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._documents: OrderedDict[str, str] = OrderedDict()

    def find(self, query: object, extensions: object) -> str | None:
        """The document that a request with `extensions.persistedQuery` means; None if the request has no such field.

        Raises PersistedQueryNotFoundError if only an unknown hash is given, BadInputError if the field is malformed or
        its hash is not that of the given document. Keeps nothing: see `keep`.
        """
        digest = given_hash(extensions)
        if digest is None:
            return None
        if query is None or query == "":
            if digest not in self._documents:
                raise PersistedQueryNotFoundError
            self._documents.move_to_end(digest)
            return self._documents[digest]
        if not isinstance(query, str):
            raise BadInputError("`query` must be a string.")
        if hash_of(query) != digest:
            raise BadInputError("extensions.persistedQuery.sha256Hash is not the SHA-256 of `query`, in hexadecimal.")
        return query

    def keep(self, query: str, extensions: object) -> None:
        """Keeps a document for its hash. To be called after `find`, once the document is admitted; twice: no change."""
        digest = given_hash(extensions)
        size = len(query.encode("utf-8", "surrogatepass"))
        if digest is None or digest in self._documents or size > min(MAX_DOCUMENT_BYTES, self._max_bytes):
            return
        self._documents[digest] = query
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, oldest = self._documents.popitem(last=False)
            self._bytes -= len(oldest.encode("utf-8", "surrogatepass"))


def hash_of(query: str) -> str:
    # A lone surrogate cannot be sent as JSON by any client that hashes UTF-8, but must not be an internal error.
    return hashlib.sha256(query.encode("utf-8", "surrogatepass")).hexdigest()


def given_hash(extensions: Any) -> str | None:
    """The hash in a request's extensions; None if there is none. Raises BadInputError if the field is malformed."""
    if not isinstance(extensions, dict) or extensions.get("persistedQuery") is None:
        return None
    field = extensions["persistedQuery"]
    if not isinstance(field, dict):
        raise BadInputError("extensions.persistedQuery must be an object with `version` and `sha256Hash`.")
    if field.get("version") != 1:
        raise BadInputError("extensions.persistedQuery.version must be 1.")
    digest = field.get("sha256Hash")
    if not isinstance(digest, str) or not _HASH.fullmatch(digest.lower()):
        raise BadInputError("extensions.persistedQuery.sha256Hash must have 64 hexadecimal digits.")
    return digest.lower()
