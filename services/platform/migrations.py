"""Migrates the database's tables to this version of the code."""

import contextlib
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import asyncpg
import structlog
from tortoise.context import require_context
from tortoise.exceptions import OperationalError
from tortoise.migrations.autodetector import MigrationAutodetector
from tortoise.migrations.executor import MigrationExecutor

from models.database import APP, connection, database_config, execute, is_sqlite, open_database, sqlite_path
from models.newest_tables import newest_script
from settings import Settings

log = structlog.get_logger(__name__)

LOCK_NUMBER = 7_031_605


class MigrationError(Exception):
    """The migration failed; the database is unchanged, or there is a backup of it."""


def database_url(settings: Settings) -> str | None:
    return settings.database_url.get_secret_value() if settings.database_url else None


async def migrate(settings: Settings) -> list[str]:
    """Applies the missing migrations and returns their names; does nothing if the database is up to date. An SQLite
    file without tables gets the newest ones at once.

    First copies an SQLite file that holds data to `….before-<migration>` in the same folder.
    """
    url = database_url(settings)
    path = sqlite_path(url, settings.data_dir)
    if path is not None:
        await anyio.to_thread.run_sync(lambda: path.parent.mkdir(parents=True, exist_ok=True))
    async with _advisory_lock(url), open_database(url, settings.data_dir):
        missing = await missing_migrations(settings)
        if not missing:
            return []
        if path is not None and not await _has_tables():
            # auto_vacuum can only be enabled in a new file; VACUUM applies it although the file already has a header.
            await execute("PRAGMA auto_vacuum = INCREMENTAL")
            await execute("VACUUM")
            if (script := newest_script(missing[-1])) is not None:
                await _run(script)
                log.info("database.created", migrations=missing)
                return missing
        elif path is not None:
            await anyio.to_thread.run_sync(_back_up, path, path.with_name(f"{path.name}.before-{missing[0]}"))
        async with _foreign_keys_off():
            await _executor(settings).migrate(direction="forward")
        await _check_integrity()
        log.info("database.migrated", migrations=missing)
        return missing


async def _run(script: str) -> None:
    """Runs a script that is one transaction; one that fails changes nothing."""
    try:
        await connection().execute_script(script)
    except BaseException:
        with contextlib.suppress(OperationalError):
            await execute("ROLLBACK")  # as a script it would commit first
        raise


async def missing_migrations(settings: Settings) -> list[str]:
    """Returns the names of the migrations that the open database lacks."""
    return [step.migration.name for step in await _executor(settings).plan() if not step.backward]


async def unwritten_changes(settings: Settings) -> list[str]:
    """Returns the names of migrations that the models need but that do not exist; for the check that none is
    forgotten.
    """
    apps = require_context().apps
    config = database_config(database_url(settings), settings.data_dir)["apps"]
    writers = await MigrationAutodetector(apps, config).changes()  # type: ignore[arg-type]
    return [writer.name for writer in writers]


def _executor(settings: Settings) -> MigrationExecutor:
    return MigrationExecutor(connection(), database_config(database_url(settings), settings.data_dir)["apps"])


async def _has_tables() -> bool:
    return bool(await execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"))


def _back_up(path: Path, backup: Path) -> None:
    with contextlib.closing(sqlite3.connect(path)) as source, contextlib.closing(sqlite3.connect(backup)) as target:
        source.backup(target)


@contextlib.asynccontextmanager
async def _advisory_lock(url: str | None) -> AsyncIterator[None]:
    """Makes processes that migrate the same PostgreSQL database take turns.

    Uses a connection of its own: a pooled one releases its locks when it returns to the pool.
    """
    if url is None or url.startswith("sqlite:"):
        yield
        return
    own = await asyncpg.connect(url.partition("?")[0].replace("postgres://", "postgresql://", 1))
    try:
        await own.execute(f"SELECT pg_advisory_lock({LOCK_NUMBER})")
        yield
    finally:
        await own.close()


@contextlib.asynccontextmanager
async def _foreign_keys_off() -> AsyncIterator[None]:
    """Disables foreign keys on SQLite: altering a table rebuilds it, which would otherwise delete the rows that refer
    to it.

    The switch has no effect inside a transaction, so it encloses the transactions.
    """
    if not is_sqlite():
        yield
        return
    await execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        await execute("PRAGMA foreign_keys = ON")


async def _check_integrity() -> None:
    if not is_sqlite():
        return
    broken = await execute("PRAGMA foreign_key_check")
    result = await execute("PRAGMA integrity_check")
    if broken or [list(row.values()) for row in result] != [["ok"]]:
        raise MigrationError(f"the database {APP} is corrupt after its migration; the backup is in the same folder")
