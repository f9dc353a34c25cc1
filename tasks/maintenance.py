"""Actors of housekeeping. Each may run in any process at any time, but only once at a time in a process."""

from services.worker.kinds import Work
from tasks.actors import Run, work_actor

PASS_SECONDS = 1800.0
"Longer than one retention pass takes."


@work_actor(Work.SWEEP)
async def sweep(run: Run) -> None:
    """Resumes jobs that no worker holds after an internal fault."""
    await run.worker.sweeps.run(run.hand_over)


@work_actor(Work.ROLL_UP_STATISTICS)
async def roll_up_statistics(run: Run) -> None:
    """Adds ended jobs to the aggregates that statistics are read from."""
    await run.worker.rollups.run(run.hand_over)


@work_actor(Work.CHECK_ALERTS)
async def check_alerts(run: Run) -> None:
    """Raises alerts for causes that no single row change reveals, and closes alerts whose cause has passed."""
    await run.worker.alert_checks.run(run.hand_over)


@work_actor(Work.APPLY_RETENTION, step_seconds=PASS_SECONDS)
async def apply_retention(run: Run) -> None:
    """Removes old results, deleted rows, unreferenced files and expired keys."""
    await run.worker.retention.run(run.hand_over)
