"""Canceling builds together with the generations that they wait for."""

from typing import Any

from services.generation.stopping import cancel_generations_of
from services.queue.outcomes import cancel_build_jobs


async def cancel_builds(where: str, *values: Any) -> list[int]:
    """Cancels live builds that match an SQL condition on `job`, and their live generations. In a transaction.

    A running build notices within a heartbeat. Returns the builds' ids; called again it finds none and changes nothing.
    """
    ids = await cancel_build_jobs(where, *values)
    await cancel_generations_of(ids)
    return ids
