"""Links for documents, and walks that begin at the front."""

import pytest

from services.platform import table_scan as walking
from tests.resolvers.conftest import links as links


@pytest.fixture(autouse=True)
def at_the_front(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "_reached", {})
