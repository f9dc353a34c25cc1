"""The application in this process (`client`) and as processes (`open_server`, `token_server`)."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.platform.identity import make_token
from services.platform.keys import load_keys
from settings import Settings
from tests.web.processes import RunningServer, running_server
from tests.web.tiny import tiny_app

SECRET = "correct horse battery staple, twice over"

MakeSettings = Callable[..., Settings]


@pytest.fixture
def make_settings(tmp_path: Path) -> MakeSettings:
    def make(**values: Any) -> Settings:
        return Settings(_env_file=None, **{"data_dir": tmp_path / "data", **values})

    return make


def client_of(settings: Settings, *, base_url: str = "http://localhost:8000", **app: Any) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(tiny_app(settings, **app)), base_url=base_url)


@pytest.fixture
async def client(make_settings: MakeSettings) -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_settings()) as opened:
        yield opened


@pytest.fixture(scope="session")
def open_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server without token keys, whose only user is `local`."""
    with running_server(tmp_path_factory.mktemp("open")) as server:
        yield server


@pytest.fixture(scope="session")
def token_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """A server that requires tokens signed with SECRET."""
    with running_server(tmp_path_factory.mktemp("token"), EKONTE_SECRET=SECRET) as server:
        yield server


def token_for(user: str, *, seconds: float = 3600, scopes: tuple[str, ...] = ()) -> str:
    settings = Settings(_env_file=None, secret=SECRET)
    key = load_keys(settings).tokens
    assert key is not None
    return make_token(user, key=key, now=datetime.now(UTC), days=seconds / 86_400, scopes=scopes, settings=settings)
