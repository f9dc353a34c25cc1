"""What hangs on the end of a generation, whichever way it ended: statistics, callbacks, its batch.

All in the transaction that ended it, so that a crash leaves either all of it or nothing. Rows are locked in one order
everywhere: attempts, accounts, jobs, records, batches.
"""

from collections.abc import Sequence

from models.database import after_commit
from models.jobs import Job
from services.generation.batches.lifecycle import end_complete_batches, reopen_batches
from services.notifications.callbacks.outbox import write_record_callbacks
from services.notifications.statistics.events import record_ended, record_reopened
from services.platform.metrics.recording import record_jobs_ended


async def on_ended(job_ids: Sequence[int]) -> None:
    """For GENERATE jobs that this transaction has just ended, each once. Those that succeeded have their files already
    and their records show them.
    """
    if not job_ids:
        return
    jobs = await Job.filter(id__in=list(job_ids)).order_by("id")
    after_commit(lambda: record_jobs_ended(jobs))
    await record_ended(jobs)
    await write_record_callbacks(jobs)
    await end_complete_batches({job.batch_id for job in jobs if job.batch_id is not None})


async def on_reopening(jobs: Sequence[Job], *, goes_on: bool = True) -> None:
    """For GENERATE jobs, as they have ended, that this transaction is about to take up again.

    goes_on False: only to end as SUCCEEDED at once, by a result that came late. Their batch is settled anew then, and
    has not been reopened.
    """
    await record_reopened(jobs)
    if goes_on:
        await reopen_batches({job.batch_id for job in jobs if job.batch_id is not None})
