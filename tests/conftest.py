"""Databases for tests: an SQLite file for each test, and one PostgreSQL database for each session."""

import asyncio
import contextlib
import os
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest
from pydantic import SecretStr
from tortoise.backends.base.executor import EXECUTOR_CACHE

from models.database import execute, open_database
from models.ids import use_process_number
from services.platform.metrics.recording import record_database_error
from services.platform.migrations import migrate
from services.platform.runtime import Runtime, open_runtime
from settings import Settings, overridden_settings, use_settings
from tests.changed_settings import change_settings

ROOT = Path(__file__).resolve().parent.parent
UNTRACKED = pytest.StashKey[frozenset[str]]()
CACHES = ("__pycache__/", ".pytest_cache/", ".mypy_cache/", ".ruff_cache/", ".hypothesis/")
POSTGRES_URL = os.environ.get("EKONTE_TEST_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")


def untracked_files() -> frozenset[str]:
    """Files and folders of the checkout that git does not track, ignored ones too, caches of tools excepted."""
    command = ["git", "status", "--porcelain", "--ignored"]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    paths = (line[3:] for line in answer.stdout.splitlines() if line.startswith(("??", "!!")))
    return frozenset(path for path in paths if not path.endswith(CACHES))


def pytest_sessionstart(session: pytest.Session) -> None:
    if not hasattr(session.config, "workerinput"):
        session.config.stash[UNTRACKED] = untracked_files()


def pytest_sessionfinish(session: pytest.Session) -> None:
    """In CI, tests that leave something in the checkout fail; elsewhere it may be a person who works there."""
    before = session.config.stash.get(UNTRACKED, None)
    if before is not None and os.environ.get("CI") and (left := sorted(untracked_files() - before)):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
        print(f"\nThe tests left in the checkout: {', '.join(left)}", file=sys.stderr)


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """What a test gives to use_settings ends with it."""
    with overridden_settings():
        yield


@pytest.fixture(autouse=True)
def own_runtime() -> Iterator[Runtime]:
    """Each test has a runtime of its own: events, metrics, caches and storage begin empty."""
    with open_runtime() as opened:
        yield opened


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """The data folder of the settings that the code under test reads. No slot is kept for URGENT, so that tests of
    pools with two or three slots count all of them.
    """
    use_settings(Settings(_env_file=None, data_dir=tmp_path / "data", urgent_slot_percent=0, second_look_seconds=0.1))
    return tmp_path / "data"


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An empty database with all tables, made once and copied for each test."""
    folder = tmp_path_factory.mktemp("sqlite")
    asyncio.run(migrate(Settings(data_dir=folder)))
    return (folder / "ekonte.sqlite3").read_bytes()


@contextlib.asynccontextmanager
async def _opened(url: str | None, data_dir: Path) -> AsyncIterator[None]:
    """Tortoise keeps statements by the connection's name; those of the test before may be in the other dialect."""
    EXECUTOR_CACHE.clear()
    use_process_number(1)
    async with open_database(url, data_dir, on_error=record_database_error):
        yield


@pytest.fixture
async def sqlite_database(data_dir: Path, migrated_sqlite: bytes) -> AsyncIterator[None]:
    data_dir.mkdir()
    (data_dir / "ekonte.sqlite3").write_bytes(migrated_sqlite)
    async with _opened(None, data_dir):
        yield


async def _postgres_statement(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES_URL, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()


@contextlib.contextmanager
def _new_postgres_database() -> Iterator[str]:
    """The URL of a new database without tables, gone at the end."""
    name = f"ekonte_test_{uuid.uuid4().hex[:12]}"
    try:
        asyncio.run(_postgres_statement(f'CREATE DATABASE "{name}"'))
    except (OSError, TimeoutError, asyncpg.PostgresError) as error:
        reason = f"no PostgreSQL server for tests ({type(error).__name__}); set EKONTE_TEST_POSTGRES_URL"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    try:
        yield urlunsplit(urlsplit(POSTGRES_URL)._replace(path=f"/{name}"))
    finally:
        asyncio.run(_postgres_statement(f'DROP DATABASE "{name}" WITH (FORCE)'))


@pytest.fixture
def empty_postgres_url() -> Iterator[str]:
    with _new_postgres_database() as url:
        yield url


@pytest.fixture(scope="session")
def postgres_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a database of this session's own, with all tables."""
    with _new_postgres_database() as url:
        asyncio.run(migrate(Settings(data_dir=tmp_path_factory.mktemp("postgres"), database_url=url)))
        yield url


@pytest.fixture
async def postgres_database(data_dir: Path, postgres_url: str) -> AsyncIterator[None]:
    """The session's database, empty. Opened on the test's own event loop."""
    change_settings(database_url=SecretStr(postgres_url))
    async with _opened(postgres_url, data_dir):
        # Few rows of few tables are there: deleting them takes milliseconds, truncating all tables a second.
        await execute(f"DO $$ BEGIN {' '.join(f'DELETE FROM {table};' for table in _tables())} END $$")
        yield


def _tables() -> list[str]:
    from tortoise.context import require_context

    models = require_context().apps["ekonte"].values()
    return sorted(model._meta.db_table for model in models)


@pytest.fixture
async def database(sqlite_database: None) -> None:
    """The database that most tests use."""


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def either_database(request: pytest.FixtureRequest) -> str:
    """For tests of SQL: the test runs once on each database."""
    request.getfixturevalue(f"{request.param}_database")
    return str(request.param)
