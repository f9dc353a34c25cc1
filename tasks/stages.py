"""Stages of films: planning what a stage lacks, and building it."""

from services.worker.kinds import Work
from settings import get_settings
from tasks.actors import STEP_SECONDS, Run, work_actor


@work_actor(Work.PLAN)
async def plan(run: Run) -> None:
    """Compares what stages have with what they need, starts the builds that are missing, and ends complete stages."""
    await run.worker.plans.run(run.hand_over)


@work_actor(Work.BUILD, step_seconds=get_settings().render_timeout_seconds + STEP_SECONDS)
async def build(run: Run) -> None:
    """Makes artifacts: a script, a design, a picture, speech, a clip, music or a film, as the queue says."""
    await run.worker.builds[run.queue].run(run.hand_over)
