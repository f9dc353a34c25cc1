"""Links of tests are signed with a key of their own."""

import pytest

from services.platform.file_links import FileLinks
from services.platform.runtime import Runtime


@pytest.fixture(autouse=True)
def links(own_runtime: Runtime) -> FileLinks:
    own_runtime.file_links = links = FileLinks(key=b"k" * 32, seconds=3600, now=lambda: 1_800_000_000.0)
    return links
