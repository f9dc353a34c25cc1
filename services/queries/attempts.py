"""Batched queries for attempts of jobs and for the routes that led to them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.database import execute
from models.generation import Attempt
from services.platform.owned import owned, places


async def attempts_by_job_id(owner: str, job_ids: Sequence[int]) -> list[tuple[Attempt, ...]]:
    """Returns for each job its attempts, oldest first; one statement."""
    found: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in await owned(Attempt, owner).filter(job_id__in=list(job_ids)).order_by("job_id", "number"):
        found[attempt.job_id].append(attempt)
    return [tuple(found[job_id]) for job_id in job_ids]


@dataclass(frozen=True)
class RouteEntry:
    """A candidate account of a route. reason: why it was not eligible; None if it was."""

    account_id: int
    reason: str | None
    until_ms: int | None


async def routes_by_id(owner: str, route_ids: Sequence[int]) -> list[tuple[RouteEntry, ...]]:
    """Returns for each route its candidates, in order of preference; none unless the owner has an attempt of it."""
    rows = await execute(
        "SELECT route.id, route.candidates FROM route WHERE EXISTS (SELECT 1 FROM attempt WHERE attempt.owner = ?"
        f" AND attempt.route_id = route.id) AND route.id IN ({places(route_ids)})",
        owner,
        *route_ids,
    )
    found = {row["id"]: tuple(_entry(item) for item in _list(row["candidates"])) for row in rows}
    return [found.get(route_id, ()) for route_id in route_ids]


def _list(value: Any) -> list[Mapping[str, Any]]:
    """Parses a JSON column: depending on the database, the driver returns text or a parsed value."""
    return list(orjson.loads(value)) if isinstance(value, str | bytes) else list(value)


def _entry(item: Mapping[str, Any]) -> RouteEntry:
    return RouteEntry(int(item["accountId"]), item.get("reason"), item.get("untilMs"))
