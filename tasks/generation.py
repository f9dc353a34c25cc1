"""Generations on the accounts of a pool: a chain of short steps, each an actor, with the state between them stored."""

from services.worker.kinds import Work
from tasks.actors import Run, work_actor


@work_actor(Work.SCHEDULE)
async def schedule(run: Run) -> None:
    """Gives waiting jobs to accounts that can take them: rotation, limits, budgets and failover are decided here."""
    await run.worker.schedulers[run.queue].run(run.hand_over)


@work_actor(Work.SUBMIT)
async def submit(run: Run) -> None:
    """Sends the drafts of attempts that were placed on an account; a refusal puts their job back for the next one."""
    await run.worker.submits.run(run.hand_over)


@work_actor(Work.POLL)
async def poll(run: Run) -> None:
    """Asks upstream how far its tasks are, with one request for all tasks of an account and kind."""
    await run.worker.polls.run(run.hand_over)


@work_actor(Work.FINISH)
async def finish(run: Run) -> None:
    """Downloads, checks, stores and publishes the results of attempts that upstream has done."""
    await run.worker.finishes.run(run.hand_over)
