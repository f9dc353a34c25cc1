"""Attempts as callers see them: by job and by account, with the routes that led to them. Batched."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from models.database import execute
from models.generation import Attempt
from services.platform.owned import owned, places


async def attempts_by_job_id(owner: str, job_ids: Sequence[int]) -> list[tuple[Attempt, ...]]:
    """For each job its attempts, oldest first; one statement."""
    found: dict[int, list[Attempt]] = defaultdict(list)
    for attempt in await owned(Attempt, owner).filter(job_id__in=list(job_ids)).order_by("job_id", "number"):
        found[attempt.job_id].append(attempt)
    return [tuple(found[job_id]) for job_id in job_ids]


@dataclass(frozen=True)
class RouteEntry:
    """An account that stood in question; reason None where it could have taken the job."""

    account_id: int
    reason: str | None
    until_ms: int | None


async def routes_by_id(owner: str, route_ids: Sequence[int]) -> list[tuple[RouteEntry, ...]]:
    """For each route its candidates, in order of preference. A route is reached through an attempt of the owner's."""
    rows = await execute(
        "SELECT route.id, route.candidates FROM route WHERE EXISTS (SELECT 1 FROM attempt WHERE attempt.owner = ?"
        f" AND attempt.route_id = route.id) AND route.id IN ({places(route_ids)})",
        owner,
        *route_ids,
    )
    found = {row["id"]: tuple(_entry(item) for item in _list(row["candidates"])) for row in rows}
    return [found.get(route_id, ()) for route_id in route_ids]


def _list(value: Any) -> list[Mapping[str, Any]]:
    """JSON as the two databases' drivers give it: text, or parsed already."""
    return list(orjson.loads(value)) if isinstance(value, str | bytes) else list(value)


def _entry(item: Mapping[str, Any]) -> RouteEntry:
    return RouteEntry(int(item["accountId"]), item.get("reason"), item.get("untilMs"))
