"""Upkeep of accounts, without anybody asking."""

from services.worker.kinds import Work
from tasks.actors import Run, work_actor


@work_actor(Work.CHECK_ACCOUNTS)
async def check(run: Run) -> None:
    """Checks sessions and balances of accounts whose check is due."""
    await run.worker.checks.run(run.hand_over)


@work_actor(Work.RECEIVE_CREDITS)
async def receive_credits(run: Run) -> None:
    """Receives the daily credits of accounts that could take waiting jobs with them."""
    await run.worker.credits.run(run.hand_over)
