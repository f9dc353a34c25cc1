"""Deployments in both shapes: one of each for the whole session (`shared`), and more for tests that break theirs."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.acceptance import pool
from tests.acceptance.client import Client
from tests.acceptance.deployment import EMBEDDED, SCALED, Deployment, drop_migrated, why_not_scaled
from tests.acceptance.filming import Filmed, film
from tests.acceptance.pool import Site
from tests.acceptance.stories import CHINESE

pytestmark = pytest.mark.timeout(1200)

Deploy = Callable[..., Deployment]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole films take their time on a busy machine; a limit is only there so that nothing hangs for ever."""
    for item in items:
        if "tests/acceptance/" in item.path.as_posix():
            item.add_marker(pytest.mark.timeout(1200))


def pytest_sessionfinish() -> None:
    drop_migrated()


@pytest.fixture(scope="session")
def _scaled_is_there() -> None:
    reason = why_not_scaled()
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


SHAPES = [
    pytest.param(EMBEDDED, id="embedded"),
    pytest.param(SCALED, id="scaled", marks=[pytest.mark.postgres, pytest.mark.redis]),
]


@pytest.fixture(scope="session", params=SHAPES)
def shape(request: pytest.FixtureRequest) -> str:
    """The test runs once on each shape."""
    if request.param == SCALED:
        request.getfixturevalue("_scaled_is_there")
    return str(request.param)


@pytest.fixture(scope="session")
def shared(shape: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """A running deployment for tests that leave it as usable as they found it."""
    deployment = Deployment(shape, tmp_path_factory.mktemp(shape.split()[0]))
    try:
        deployment.create()
        deployment.start()
        yield deployment
    finally:
        deployment.close()


@pytest.fixture
def deploy(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Deploy]:
    """deploy(shape, NAME=value, …) starts a deployment of the test's own with further EKONTE_ settings."""
    deployments: list[Deployment] = []

    def start(shape: str, *, is_started: bool = True, **settings: str) -> Deployment:
        if shape == SCALED:
            request.getfixturevalue("_scaled_is_there")
        root = tmp_path / str(len(deployments))
        root.mkdir()
        deployment = Deployment(shape, root, {f"EKONTE_{name}": value for name, value in settings.items()})
        deployments.append(deployment)
        deployment.create()
        if is_started:
            deployment.start()
        return deployment

    yield start
    for deployment in deployments:
        deployment.close()
        for name, said in deployment.logs():  # shown by pytest where the test failed
            print(f"--- {name}", *[line for line in said.splitlines() if '"level":"info"' not in line][-60:], sep="\n")


OpenSite = Callable[..., Site]


@pytest.fixture
def open_site(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[OpenSite]:
    """open_site(shape, *arguments, has_users=False, NAME=value, …) starts an emulator with further arguments and a
    deployment that uses it, with further environment variables.
    """
    sites: list[Site] = []

    def start(shape: str, *arguments: str, has_users: bool = False, **settings: str) -> Site:
        if shape == SCALED:
            request.getfixturevalue("_scaled_is_there")
        root = tmp_path / f"site-{len(sites)}"
        sites.append(pool.open_site(shape, root, *arguments, has_users=has_users, **settings))
        return sites[-1]

    yield start
    for site in sites:
        site.close()
        for name, said in site.deployment.logs():  # shown by pytest where the test failed
            print(f"--- {name}", *[line for line in said.splitlines() if '"level":"info"' not in line][-60:], sep="\n")


@pytest.fixture
async def client(shared: Deployment) -> AsyncIterator[Client]:
    """Mira, or `local` where there are no tokens, at the shared deployment."""
    async with shared.client() as opened:
        yield opened


@pytest.fixture(scope="session")
def chinese(shared: Deployment) -> Filmed:
    """A finished film of the Chinese story, and what its followers were told. Tests leave it unchanged."""

    async def make() -> Filmed:
        async with shared.client() as client:
            return await film(client, CHINESE)

    return asyncio.run(make())
