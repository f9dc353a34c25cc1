"""Links of tests are signed with a key of their own."""

import pytest

from resolvers import context
from services.platform.file_links import FileLinks


@pytest.fixture(autouse=True)
def links(monkeypatch: pytest.MonkeyPatch) -> FileLinks:
    links = FileLinks(key=b"k" * 32, seconds=3600, now=lambda: 1_800_000_000.0)
    monkeypatch.setattr(context, "_links", links)
    return links
