"""The newest tables of an SQLite database, as one script: a new database is made by it instead of by all migrations,
each of which Tortoise prepares with copies of all models (ten seconds together).

`python -m models.make_migration` writes the script from a database that the migrations made; a test holds that both
ways give the same database.
"""

import sqlite3
from importlib.resources import files
from pathlib import Path

SCRIPT = "newest_tables.sql"
RECORDER = "tortoise_migrations"
_HEAD = "-- Written by python -m models.make_migration. The tables of an SQLite file after "


def newest_script(newest_migration: str) -> str | None:
    """The script; None if it was written for another migration than the newest one."""
    text = files(__package__).joinpath(SCRIPT).read_text("utf-8")
    return text if text.startswith(f"{_HEAD}{newest_migration}.\n") else None


def write_script(database: Path) -> Path:
    """Writes the script from a database that has no rows but those of the migrations' table, and returns its path."""
    connection = sqlite3.connect(database)
    try:
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'")
        statements = [f"{sql};" for (sql,) in made]
        applied = connection.execute(f"SELECT app, name FROM {RECORDER} ORDER BY id").fetchall()
    finally:
        connection.close()
    statements += [
        f"INSERT INTO {RECORDER} (app, name, applied_at) VALUES"
        f" ('{app}', '{name}', strftime('%Y-%m-%d %H:%M:%f+00:00', 'now'));"
        for app, name in applied
    ]
    path = Path(__file__).with_name(SCRIPT)
    # One transaction: a process that is killed leaves a file without tables, which the next start fills.
    body = "\n".join(["BEGIN;", *statements, "COMMIT;"])
    path.write_text(f"{_HEAD}{applied[-1][1]}.\n{body}\n", "utf-8")
    return path
