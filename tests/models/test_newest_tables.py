"""The script of the newest tables: what it makes is what the migrations make."""

import contextlib
import sqlite3
from pathlib import Path

import pytest
from tortoise.backends.base.executor import EXECUTOR_CACHE
from tortoise.exceptions import OperationalError
from tortoise.migrations.executor import MigrationExecutor

from models.database import connection, database_config, open_database
from models.newest_tables import newest_script
from services.platform.migrations import migrate, missing_migrations
from settings import Settings


def contents(folder: Path) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]]:
    """Everything in the schema, and the migrations that count as applied."""
    with contextlib.closing(sqlite3.connect(folder / "ekonte.sqlite3")) as database:
        schema = database.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name").fetchall()
        applied = database.execute("SELECT app, name FROM tortoise_migrations ORDER BY id").fetchall()
    return schema, applied


async def test_a_new_file_is_what_all_migrations_would_have_made(tmp_path: Path) -> None:
    by_migrations, by_script = tmp_path / "migrations", tmp_path / "script"
    by_migrations.mkdir()
    EXECUTOR_CACHE.clear()
    async with open_database(None, by_migrations):
        apps = database_config(None, by_migrations)["apps"]
        await MigrationExecutor(connection(), apps).migrate(direction="forward")
    await migrate(Settings(_env_file=None, data_dir=by_script))
    assert contents(by_script) == contents(by_migrations)


async def test_a_script_of_another_version_is_not_used() -> None:
    assert newest_script("9999_of_tomorrow") is None


async def test_a_script_that_fails_leaves_no_table_and_the_next_start_makes_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(_env_file=None, data_dir=tmp_path)
    whole = "services.platform.migrations.newest_script"
    with monkeypatch.context() as patch:
        patch.setattr(whole, lambda _: "BEGIN; CREATE TABLE job (id INTEGER); INSERT INTO nowhere VALUES (1); COMMIT;")
        with pytest.raises(OperationalError):
            await migrate(settings)
    with contextlib.closing(sqlite3.connect(tmp_path / "ekonte.sqlite3")) as database:
        assert database.execute("SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'").fetchall() == []
    assert await migrate(settings)
    EXECUTOR_CACHE.clear()
    async with open_database(None, tmp_path):
        assert await missing_migrations(settings) == []
