"""Recovery of orphans: generations without a live attempt, and builds whose generation has ended."""

from services.queue.notify import notify
from services.stores.jobs.waits import requeue_orphaned_generations, wake_orphaned_builds


async def resume_orphans() -> int:
    """Requeues running generations without a live attempt, and wakes builds whose generation has ended. Returns the
    number of both.

    Every step stores the state that names the next step, so a count above 0 points to a fault in this program.
    """
    count = len(await requeue_orphaned_generations()) + await wake_orphaned_builds()
    if count:
        notify()
    return count
