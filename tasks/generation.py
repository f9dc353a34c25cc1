"""Actors of generations on pooled accounts: a chain of short steps, with the state between them in the database."""

from services.worker.kinds import Work
from tasks.actors import Run, work_actor


@work_actor(Work.SCHEDULE)
async def schedule(run: Run) -> None:
    """Places waiting jobs on eligible accounts, applying rotation, limits, budgets and failover."""
    await run.worker.schedulers[run.queue].run(run.hand_over)


@work_actor(Work.SUBMIT)
async def submit(run: Run) -> None:
    """Submits the drafts of placed attempts; the job of a refused attempt is scheduled again."""
    await run.worker.submits.run(run.hand_over)


@work_actor(Work.POLL)
async def poll(run: Run) -> None:
    """Polls upstream for the state of its tasks, with one request for all tasks of an account and kind."""
    await run.worker.polls.run(run.hand_over)


@work_actor(Work.FINISH)
async def finish(run: Run) -> None:
    """Downloads, checks, stores and publishes the results of attempts that upstream has completed."""
    await run.worker.finishes.run(run.hand_over)
