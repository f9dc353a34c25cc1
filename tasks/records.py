"""Records whose pictures and clips are made here rather than by an account, and the input pictures of all of them."""

from services.worker.kinds import Work
from settings import get_settings
from tasks.actors import STEP_SECONDS, Run, work_actor


@work_actor(Work.GENERATE, step_seconds=get_settings().render_timeout_seconds + STEP_SECONDS)
async def generate(run: Run) -> None:
    """Makes pictures and clips with providers that need no account."""
    await run.worker.generations[run.queue].run(run.hand_over)


@work_actor(Work.FETCH_INPUTS)
async def fetch_inputs(run: Run) -> None:
    """Fetches, checks and stores input pictures that are links, and moves their jobs on to where they are generated."""
    await run.worker.inputs.run(run.hand_over)
