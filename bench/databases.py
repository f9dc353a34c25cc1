"""Temporary SQLite and PostgreSQL databases for benchmarks."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
from tortoise.backends.base.executor import EXECUTOR_CACHE

from models.database import open_database
from models.ids import use_process_number
from services.platform.migrations import migrate
from services.platform.runtime import open_runtime
from settings import Settings, use_settings

POSTGRES_URL = os.environ.get("EKONTE_TEST_POSTGRES_URL", "postgres://root@127.0.0.1:5432/postgres")
NAMES = ("sqlite", "postgresql")


@contextlib.asynccontextmanager
async def opened(name: str, **settings: object) -> AsyncIterator[Settings]:
    """Opens an empty database with all tables on the running loop, and yields settings for it."""
    with tempfile.TemporaryDirectory(prefix="ekonte-bench-") as folder:
        async with contextlib.AsyncExitStack() as stack:
            url = None if name == "sqlite" else await stack.enter_async_context(_postgres())
            chosen = Settings(_env_file=None, data_dir=Path(folder), database_url=url, **settings)  # type: ignore[call-arg]
            use_settings(chosen)
            await migrate(chosen)
            EXECUTOR_CACHE.clear()
            use_process_number(1)
            await stack.enter_async_context(open_database(url, Path(folder)))
            stack.enter_context(open_runtime())
            yield chosen


@contextlib.asynccontextmanager
async def _postgres() -> AsyncIterator[str]:
    name = f"ekonte_bench_{uuid.uuid4().hex[:12]}"
    await _run(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(urlsplit(POSTGRES_URL)._replace(path=f"/{name}"))
    finally:
        await _run(f'DROP DATABASE "{name}" WITH (FORCE)')


async def _run(statement: str) -> None:
    connection = await asyncpg.connect(POSTGRES_URL, timeout=5)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
