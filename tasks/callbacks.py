"""Callbacks to the addresses that callers named."""

from services.worker.kinds import Work
from tasks.actors import Run, work_actor


@work_actor(Work.DELIVER)
async def deliver(run: Run) -> None:
    """Sends due deliveries of the outbox, signed, and writes down what came of each try."""
    await run.worker.callbacks.run(run.hand_over)
