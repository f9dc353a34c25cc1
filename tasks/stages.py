"""Actors of workflow stages: planning what a stage needs, and building artifacts."""

from services.worker.kinds import Work
from settings import get_settings
from tasks.actors import STEP_SECONDS, Run, work_actor


@work_actor(Work.PLAN)
async def plan(run: Run) -> None:
    """Compares the artifacts of stages with what they need, starts missing builds, and ends complete stages."""
    await run.worker.plans.run(run.hand_over)


@work_actor(Work.BUILD, step_seconds=get_settings().render_timeout_seconds + STEP_SECONDS)
async def build(run: Run) -> None:
    """Builds artifacts of the queue's kind: a script, a design, an image, speech, a clip, music or a film."""
    await run.worker.builds[run.queue].run(run.hand_over)
