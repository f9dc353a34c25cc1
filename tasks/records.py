"""Actors of records: generation with providers that need no account, and input images of all records."""

from services.worker.kinds import Work
from settings import get_settings
from tasks.actors import STEP_SECONDS, Run, work_actor


@work_actor(Work.GENERATE, step_seconds=get_settings().render_timeout_seconds + STEP_SECONDS)
async def generate(run: Run) -> None:
    """Generates images and clips with providers that need no account."""
    await run.worker.generations[run.queue].run(run.hand_over)


@work_actor(Work.FETCH_INPUTS)
async def fetch_inputs(run: Run) -> None:
    """Downloads, checks and stores input images that are links, and moves their jobs to the queue that generates."""
    await run.worker.inputs.run(run.hand_over)
