"""Effects of the end of a generation, whatever its status: statistics, callbacks, and the state of its batch.

They run in the transaction that ended the job, so that a crash leaves all of them or none. Rows are locked in one order
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
    """To be called once for each GENERATE job that this transaction has ended, after the files of succeeded jobs were
    added and published.
    """
    if not job_ids:
        return
    jobs = await Job.filter(id__in=list(job_ids)).order_by("id")
    after_commit(lambda: record_jobs_ended(jobs))
    await record_ended(jobs)
    await write_record_callbacks(jobs)
    await end_complete_batches({job.batch_id for job in jobs if job.batch_id is not None})


async def on_reopening(jobs: Sequence[Job], *, is_rerun: bool = True) -> None:
    """To be called for ended GENERATE jobs before this transaction changes their status again.

    is_rerun False: the jobs only become SUCCEEDED by a late result. Their batch is then not reopened; `on_ended`
    updates its end state.
    """
    await record_reopened(jobs)
    if is_rerun:
        await reopen_batches({job.batch_id for job in jobs if job.batch_id is not None})
