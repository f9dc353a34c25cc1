"""Going through large tables by id, a part at a time: no statement reads more than a part, and no scan takes too long.

A scan goes on where the last one of this process stopped. A process that starts begins at the front, which costs time
and nothing else: looking at a row twice changes nothing.
"""

from collections.abc import Awaitable, Callable

from models.database import execute
from services.platform.runtime import runtime

PART = 2_000
MAX_PARTS = 200
"Parts of one scan; the rest is the next one's."

ROW_BATCH_SIZE = 1_000
MAX_ROUNDS = 20
"Rounds of one clearing away; the rest is the next one's."


async def scan_table(
    table: str,
    purpose: str,
    look: Callable[[int, int], Awaitable[int]],
    *,
    before_id: int | None = None,
    most_parts: int = MAX_PARTS,
) -> int:
    """Calls `look(after, last)` for the ids of the table in (after, last], part by part, up to `before_id`; the sum of
    what it returns. At the end the next scan of that purpose begins at the front.
    """
    reached, place, total = runtime().scan_positions, (table, purpose), 0
    after = reached.get(place, 0)
    for _ in range(most_parts):
        last = await _last_of_part(table, after, before_id)
        if last is None:
            reached.pop(place, None)
            return total
        total += await look(after, last)
        after = reached[place] = last
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
    """Deletes the rows of which an SQL condition holds, a statement for each part; how many went."""
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
