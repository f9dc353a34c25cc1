"""Writes the table similarity_key, the index of prompts. Each function belongs in the caller's transaction."""

from collections.abc import Sequence

from models.database import execute, execute_many

KeyOfRecord = tuple[int, int]
"A key, and the id of a record that has it."


async def insert(pairs: Sequence[KeyOfRecord]) -> None:
    """Inserts the missing pairs. One statement, so at most 16,000 pairs: SQLite allows 32,766 values."""
    if pairs:
        await execute(
            f"INSERT INTO similarity_key (key, record_id) VALUES {', '.join('(?, ?)' for _ in pairs)}"
            " ON CONFLICT DO NOTHING",
            *(value for pair in sorted(pairs) for value in pair),
        )


async def remove(pairs: Sequence[KeyOfRecord]) -> None:
    await execute_many("DELETE FROM similarity_key WHERE key = ? AND record_id = ?", sorted(pairs))
