"""A net below the steps: generations and builds that nobody is at work on any more are taken up again."""

from services.queue.notify import notify
from services.stores.jobs.waits import requeue_forgotten_generations, wake_orphaned_builds


async def resume_orphans() -> int:
    """Lets generations without a live attempt wait for an account again, and builds look whose generation has ended.

    Every step ends in a state that names the next one, so this finds something only after a fault of our own. Returns
    how many there were.
    """
    count = len(await requeue_forgotten_generations()) + await wake_orphaned_builds()
    if count:
        notify()
    return count
