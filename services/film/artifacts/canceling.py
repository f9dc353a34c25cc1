"""Cancels builds together with the generations that they wait for."""

from services.generation.stopping import cancel_generations_of
from services.queue.outcomes import cancel_build_jobs
from services.stores.jobs.which import Jobs


async def cancel_builds(builds: Jobs) -> list[int]:
    """Cancels the live builds among `builds` and their live generations. Runs in the caller's transaction.

    A running build stops at its next heartbeat. Returns the ids of the canceled builds; a second call returns none and
    changes nothing.
    """
    ids = await cancel_build_jobs(builds)
    await cancel_generations_of(ids)
    return ids
