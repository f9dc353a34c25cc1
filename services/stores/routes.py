"""Writes the table route, which explains the choices of scheduling passes; each function in the caller's
transaction.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from models.database import execute
from models.generation import Route
from services.platform.owned import places

VALUES_PER_STATEMENT = 10_000
"SQLite allows at most 32,766 values in one statement."


async def insert(candidates_by_id: Mapping[int, Sequence[Mapping[str, Any]]]) -> None:
    """Inserts routes by id, with their candidates in the form of models.generation.Route."""
    await Route.bulk_create([Route(id=route_id, candidates=rows) for route_id, rows in candidates_by_id.items()])


async def purge_unused(route_ids: Sequence[int | None]) -> None:
    """Removes those of the routes to which no attempt refers."""
    ids = sorted({route_id for route_id in route_ids if route_id is not None})
    for start in range(0, len(ids), VALUES_PER_STATEMENT):
        part = ids[start : start + VALUES_PER_STATEMENT]
        await execute(
            f"DELETE FROM route WHERE id IN ({places(part)})"
            " AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.route_id = route.id) RETURNING id",
            *part,
        )
