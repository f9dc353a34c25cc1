"""The actor that delivers callbacks."""

from services.worker.kinds import Work
from tasks.actors import Run, work_actor


@work_actor(Work.DELIVER)
async def deliver(run: Run) -> None:
    """Sends due deliveries of the outbox, signed, and records the result of each try."""
    await run.worker.callbacks.run(run.hand_over)
