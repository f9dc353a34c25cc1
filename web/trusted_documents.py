"""Trusted documents: a deployment may execute only the documents that its own clients were built with.

They are read from a file or a folder in the forms that clients' build tools write:

- Apollo's persisted query manifest: {"format": "apollo-persisted-query-manifest", "operations": [{"id", "body"}]}
- a JSON map from id to text, as relay-compiler, graphql-codegen's client preset and gql.tada write it
- in a folder, also .graphql and .gql files, each a document

A request names a document by its id or by the SHA-256 of its text, or has the text itself.
"""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from errors import ConfigurationError, ForbiddenError

APOLLO_FORMAT = "apollo-persisted-query-manifest"
TEXT_SUFFIXES = (".graphql", ".gql")
SETTING = "EKONTE_TRUSTED_DOCUMENTS"
MAX_ID_CHARACTERS = 256


class TrustedDocuments:
    """The documents that are executed, by id and by SHA-256 of their text."""

    def __init__(self, documents: Mapping[str, str]) -> None:
        self._texts = dict(documents)
        for text in documents.values():
            self._texts.setdefault(sha256_of(text), text)

    def __len__(self) -> int:
        return len(set(self._texts.values()))

    def text(self, query: object, extensions: object) -> str:
        """The text of the document that a request names, or has. Raises ForbiddenError if it is not among them.

        extensions: of the request, with `documentId` (see `with_document_id`) or Apollo's `persistedQuery`.
        """
        name = document_id(extensions)
        if name is None and isinstance(query, str) and query:
            name = sha256_of(query)
        found = None if name is None else self._texts.get(name.removeprefix("sha256:"))
        if found is None or (isinstance(query, str) and query and query != found):
            raise ForbiddenError(
                "This server executes only the documents that it was given; "
                + ("the request names none." if name is None else "this one is not among them.")
            )
        return found


def sha256_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def document_id(extensions: object) -> str | None:
    """The id in a request's extensions: `documentId`, or Apollo's persistedQuery.sha256Hash."""
    if not isinstance(extensions, dict):
        return None
    persisted = extensions.get("persistedQuery")
    name = extensions.get("documentId")
    if name is None and isinstance(persisted, dict):
        name = persisted.get("sha256Hash")
    return name if isinstance(name, str) and 0 < len(name) <= MAX_ID_CHARACTERS else None


def with_document_id(request: dict[str, Any]) -> dict[str, Any]:
    """The request with the id of its document in `extensions`. Clients send it beside the query: as `documentId`
    (GraphQL over HTTP, gql.tada, graphql-codegen), `doc_id` or `id` (Relay).
    """
    extensions = request.get("extensions")
    for key in ("documentId", "doc_id", "id"):
        name = request.get(key)
        if isinstance(name, str) and (extensions is None or isinstance(extensions, dict)):
            return {**request, "extensions": {**(extensions or {}), "documentId": name}}
    return request


def load_trusted_documents(path: Path) -> TrustedDocuments:
    """Raises ConfigurationError, which names the file, if something cannot be read, or if there is no document."""
    documents: dict[str, str] = {}
    try:
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            if file.suffix in TEXT_SUFFIXES:
                text = file.read_text("utf-8")
                documents[sha256_of(text)] = text
            elif file.suffix == ".json" or not path.is_dir():
                documents.update(_documents_of(orjson.loads(file.read_bytes()), file))
    except OSError as error:
        raise ConfigurationError(f"{SETTING}: {path} cannot be read ({error.strerror}).") from None
    except ValueError:
        raise ConfigurationError(f"{SETTING}: {file} is not JSON.") from None
    if not documents:
        raise ConfigurationError(f"{SETTING}: {path} contains no documents.")
    return TrustedDocuments(documents)


def _documents_of(content: Any, file: Path) -> Iterator[tuple[str, str]]:
    """The ids and texts of a manifest or a map."""
    pairs: list[Any] = [None]
    if isinstance(content, dict) and content.get("format") == APOLLO_FORMAT:
        operations = content.get("operations")
        if isinstance(operations, list):
            pairs = [(entry.get("id"), entry.get("body")) for entry in operations if isinstance(entry, dict)]
    elif isinstance(content, dict):
        pairs = list(content.items())
    for pair in pairs:
        if pair is None or not all(isinstance(part, str) for part in pair):
            raise ConfigurationError(f"{SETTING}: {file} is neither Apollo's manifest nor a map from id to document.")
        name, text = pair
        yield name.removeprefix("sha256:"), text
