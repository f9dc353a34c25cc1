"""A net below the steps: generations and builds that nobody is at work on any more are taken up again."""

from models.database import execute, now_ms_sql
from services.queue.notify import notify


async def take_up_forgotten() -> int:
    """Lets generations without a live attempt wait for an account again, and builds look whose generation has ended.

    Every step ends in a state that names the next one, so this finds something only after a fault of our own. Returns
    how many there were.
    """
    jobs = await execute(
        f"UPDATE job SET status = 'PENDING', due_at_ms = {now_ms_sql()}, version = version + 1"
        " WHERE role = 'GENERATE' AND status = 'RUNNING' AND queue IN ('pool-images', 'pool-videos')"
        " AND NOT EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = job.id AND attempt.state <> 'ENDED'"
        " AND attempt.run = job.retry_count) RETURNING id"
    )
    builds = await execute(
        f"UPDATE job SET due_at_ms = {now_ms_sql()}, wakes = wakes + 1 WHERE role = 'BUILD' AND status = 'RUNNING'"
        " AND worker IS NULL AND due_at_ms IS NULL"
        " AND EXISTS (SELECT 1 FROM job AS child WHERE child.parent_id = job.id AND child.role = 'GENERATE')"
        " AND NOT EXISTS (SELECT 1 FROM job AS child WHERE child.parent_id = job.id AND child.role = 'GENERATE'"
        " AND child.status IN ('PENDING', 'RUNNING')) RETURNING id"
    )
    if jobs or builds:
        notify()
    return len(jobs) + len(builds)
