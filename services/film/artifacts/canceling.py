"""Canceling builds together with the generations that they wait for."""

from services.generation.stopping import cancel_generations_of
from services.queue.outcomes import cancel_build_jobs
from services.stores.jobs.which import Jobs


async def cancel_builds(builds: Jobs) -> list[int]:
    """Cancels those of the builds that are live, and their live generations. In a transaction.

    A running build notices within a heartbeat. Returns the builds' ids; called again it finds none and changes nothing.
    """
    ids = await cancel_build_jobs(builds)
    await cancel_generations_of(ids)
    return ids
