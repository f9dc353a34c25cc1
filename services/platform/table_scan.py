"""Scans large tables by id in parts, so that no statement reads more than one part and no scan takes too long.

A scan continues where the last one of this process stopped. A new process starts at the first row; that only costs
time, because visiting a row twice changes nothing.
"""

from collections.abc import Awaitable, Callable

from models.database import execute
from services.platform.runtime import runtime

PART = 2_000
MAX_PARTS = 200
"Parts of one scan; the next scan continues from there."

ROW_BATCH_SIZE = 1_000
MAX_ROUNDS = 20
"Rounds of one deletion; the next one deletes the rest."


async def scan_table(
    table: str,
    purpose: str,
    visit: Callable[[int, int], Awaitable[int]],
    *,
    before_id: int | None = None,
    max_parts: int = MAX_PARTS,
) -> int:
    """Calls `visit(after, last)` for the table's ids in (after, last], part by part, up to `before_id`; returns the
    sum of its results. After the end, the next scan of the same purpose starts at the first row.
    """
    reached, key, total = runtime().scan_positions, (table, purpose), 0
    after = reached.get(key, 0)
    for _ in range(max_parts):
        last = await _last_of_part(table, after, before_id)
        if last is None:
            reached.pop(key, None)
            return total
        total += await visit(after, last)
        after = reached[key] = last
    return total


async def _last_of_part(table: str, after: int, before_id: int | None) -> int | None:
    bound, values = ("", []) if before_id is None else (" AND id < ?", [before_id])
    rows = await execute(
        f"SELECT MAX(id) AS last FROM (SELECT id FROM {table} WHERE id > ?{bound} ORDER BY id LIMIT {PART}) AS part",
        after,
        *values,
    )
    return rows[0]["last"] if rows else None


async def delete_in_parts(table: str, where: str) -> int:
    """Deletes the rows that meet an SQL condition, one statement per part; returns how many. One call deletes at most
    MAX_ROUNDS parts.
    """
    total = 0
    for _ in range(MAX_ROUNDS):
        rows = await execute(
            f"DELETE FROM {table} WHERE id IN (SELECT id FROM {table} WHERE {where} LIMIT {ROW_BATCH_SIZE})"
            " RETURNING id"
        )
        total += len(rows)
        if len(rows) < ROW_BATCH_SIZE:
            break
    return total
