"""Builds the context of one operation, and the signed file links in its response."""

from datetime import UTC, datetime

from models.files import StoredFile
from resolvers.loaders import build_loaders
from schema.context import Context
from services.accounts.pool.quota import next_reset
from services.platform.identity import IDEMPOTENCY_KEY, Viewer
from services.platform.runtime import runtime
from settings import get_settings


def file_url(file: StoredFile) -> str:
    """A signed link to the file."""
    return runtime().file_links.url(file)


def build_context(viewer: Viewer, request_id: str, idempotency_key: str | None = None) -> Context:
    """Builds the context of one operation. idempotency_key: None takes the current request's header."""
    return Context(
        viewer=viewer,
        request_id=request_id,
        idempotency_key=idempotency_key if idempotency_key is not None else IDEMPOTENCY_KEY.get(),
        new_loaders=lambda: build_loaders(viewer.id),
        file_url=file_url,
        quota_reset_at=lambda: next_reset(datetime.now(UTC), get_settings().timezone),
    )
