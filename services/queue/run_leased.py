"""Runs a job that a worker does itself: its scratch folder, its lease, and the handling of each kind of failure."""

import shutil
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

import anyio.to_thread
import structlog

from errors import EkonteError, JobErrorCode, JobFailure
from media.slots import working_for
from models.database import is_away
from models.jobs import Job
from services.platform.file_removal import remove_leftovers_of_job
from services.platform.leases import Lease
from services.platform.scratch import make_try_folder
from services.queue.heartbeat import LeaseLostError, Report, under_lease
from services.queue.leases import is_killing_workers
from settings import Settings

log = structlog.get_logger(__name__)

KILLED_WORKERS = "Every worker that ran this job was terminated. The job may need more memory than is available."
UNEXPECTED = "Internal server error. The server log has the details."

Work = Callable[[Path, Report], Awaitable[None]]
Fail = Callable[[JobFailure], Awaitable[object]]


async def run_leased(job: Job, lease: Lease, work: Work, fail: Fail, settings: Settings) -> None:
    """Runs `work(folder, report)` in a scratch folder of its own while it keeps the job's lease.

    Passes an exception of the work to `fail` as a JobFailure: an EkonteError as INVALID_INPUT, an unexpected exception
    as INTERNAL and retryable. Returns without calling `fail` if the lease is lost (the job was cancelled, or another
    worker took it over). Raises an error that means that the database is unreachable: the next holder of the lease
    runs the work again. If it is cancelled, it leaves the job unchanged; the caller releases the job. In every case it
    removes the folder, and files of an ended job that nothing refers to.
    """
    if is_killing_workers(job):
        await fail(JobFailure(JobErrorCode.INTERNAL, KILLED_WORKERS, is_retryable=False))
        return
    folder = settings.data_dir / "scratch" / f"{job.id}-{lease.epoch}"
    await anyio.to_thread.run_sync(make_try_folder, folder, job.id, lease.epoch)
    try:
        with working_for(job.owner):
            await under_lease(lease, settings.lease_seconds, partial(work, folder))
    except LeaseLostError:
        log.info("job.lease_lost", job=job.global_id)
    except JobFailure as failure:
        await fail(failure)
    except EkonteError as error:
        await fail(JobFailure(JobErrorCode.INVALID_INPUT, error.message, is_retryable=False))
    except Exception as error:
        if is_away(error):
            raise
        log.exception("job.failed_unexpectedly", job=job.global_id, role=job.role.value)
        await fail(JobFailure(JobErrorCode.INTERNAL, UNEXPECTED, is_retryable=True))
    finally:
        await anyio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
    await remove_leftovers_of_job(job.id)
