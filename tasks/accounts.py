"""Actors of account maintenance."""

from services.worker.kinds import Work
from tasks.actors import Run, work_actor


@work_actor(Work.CHECK_ACCOUNTS)
async def check(run: Run) -> None:
    """Checks sessions and balances of accounts whose health check is due."""
    await run.worker.checks.run(run.hand_over)


@work_actor(Work.LOOK_AT_ACCOUNTS)
async def look(run: Run) -> None:
    """Asks upstream again about accounts after refusals that have to be confirmed, and about deactivated ones."""
    await run.worker.looks.run(run.hand_over)


@work_actor(Work.RECEIVE_CREDITS)
async def receive_credits(run: Run) -> None:
    """Collects the daily free credits of accounts that need them to take waiting jobs."""
    await run.worker.credits.run(run.hand_over)


@work_actor(Work.SETTLE_CHARGES)
async def settle_charges(run: Run) -> None:
    """Measures what upstream charged for the tasks of accounts."""
    await run.worker.settlements.run(run.hand_over)
