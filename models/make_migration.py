"""Writes the migration that the models need and that nobody has written yet: `python -m models.make_migration`.

Tortoise puts class docstrings into the tables as comments and splits its SQL at semicolons: models' docstrings hold
none.
"""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from tortoise.context import require_context
from tortoise.migrations.autodetector import MigrationAutodetector

from models.database import database_config, open_database


async def make_migration() -> list[str]:
    """The paths of the files that were written; none where the migrations say all that the models do."""
    with TemporaryDirectory() as folder:
        config = database_config(None, Path(folder))
        async with open_database(None, Path(folder)):
            paths = await MigrationAutodetector(require_context().apps, config["apps"]).write()  # type: ignore[arg-type]
    for path in map(Path, paths):
        # Tortoise leaves out generated=False, and reads a key without it as one that the database makes.
        text = path.read_text("utf-8").replace("(primary_key=True, ", "(primary_key=True, generated=False, ")
        path.write_text(text.replace("generated=False, generated=False", "generated=False"), "utf-8")
    return paths


if __name__ == "__main__":
    print("\n".join(asyncio.run(make_migration())) or "nothing to write")
