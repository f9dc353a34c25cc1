"""The context of one operation, and the links to files that its answers hold."""

from datetime import UTC, datetime

from models.files import StoredFile
from resolvers.loaders import build_loaders
from schema.context import Context
from services.accounts.pool.quota import next_reset
from services.platform.file_links import FileLinks, links_of
from services.platform.identity import IDEMPOTENCY_KEY, Viewer
from settings import get_settings

_links: FileLinks | None = None


def use_links(links: FileLinks) -> None:
    """Installs what makes this process's links; else they are made with the settings' key, read at first use."""
    global _links
    _links = links


def file_url(file: StoredFile) -> str:
    global _links
    if _links is None:
        _links = links_of(get_settings())
    return _links.url(file)


def build_context(viewer: Viewer, request_id: str, idempotency_key: str | None = None) -> Context:
    """A context for one operation. Without a key, the one of the request that is being answered is taken."""
    return Context(
        viewer=viewer,
        request_id=request_id,
        idempotency_key=idempotency_key if idempotency_key is not None else IDEMPOTENCY_KEY.get(),
        new_loaders=lambda: build_loaders(viewer.id),
        file_url=file_url,
        quota_reset_at=lambda: next_reset(datetime.now(UTC), get_settings().timezone),
    )
