"""The context of one operation, and the links to files that its answers hold."""

import math
import mimetypes
import time
from collections.abc import Callable
from dataclasses import dataclass

from models.files import StoredFile
from resolvers.loaders import build_loaders
from schema.context import Context
from services.file_links import link_path
from services.identity import IDEMPOTENCY_KEY, Viewer
from services.keys import load_keys
from settings import get_settings

STEPS_PER_LIFETIME = 24


@dataclass(frozen=True)
class FileLinks:
    """Makes links that are good for at least `seconds`. `base` stands before their path, e.g. "https://example.org"."""

    key: bytes
    seconds: int
    base: str = ""
    now: Callable[[], float] = time.time

    def url(self, file: StoredFile) -> str:
        """The same link for a while (a 24th of its life), so that a browser need not fetch a file again."""
        step = max(1, self.seconds // STEPS_PER_LIFETIME)
        expires_at = math.ceil((self.now() + self.seconds) / step) * step
        return self.base + link_path(file.global_id, file_name(file), expires_at, self.key)


def file_name(file: StoredFile) -> str:
    """The file's own name, or one from its content and type."""
    return file.name or f"{file.sha256[:12]}{mimetypes.guess_extension(file.content_type) or ''}"


_links: FileLinks | None = None


def use_links(links: FileLinks) -> None:
    """Installs what makes this process's links; else they are made with the settings' key, read at first use."""
    global _links
    _links = links


def file_url(file: StoredFile) -> str:
    global _links
    if _links is None:
        settings = get_settings()
        _links = FileLinks(load_keys(settings).file_links, settings.link_seconds)
    return _links.url(file)


def build_context(viewer: Viewer, request_id: str, idempotency_key: str | None = None) -> Context:
    """A context for one operation. Without a key, the one of the request that is being answered is taken."""
    return Context(
        viewer=viewer,
        request_id=request_id,
        idempotency_key=idempotency_key if idempotency_key is not None else IDEMPOTENCY_KEY.get(),
        new_loaders=lambda: build_loaders(viewer.id),
        file_url=file_url,
    )
