"""Doing one build: making, storing, publishing; and what happens when any of it goes wrong."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

import anyio.to_thread
import structlog

from errors import EkonteError, JobErrorCode, JobFailure
from models.artifacts import Artifact
from models.database import is_away, transaction
from models.enums import ArtifactKind
from models.jobs import Job
from services.film.artifacts.context import Maker, Result, Workbench
from services.film.artifacts.generations import WaitingForGenerationError, generated, sleep_until_generated
from services.film.artifacts.publishing import FileEntry, put_artifact, put_job_files
from services.platform.files import remove_leftovers_of_job, store_file, take_up
from services.platform.leases import Lease
from services.platform.scratch import make_try_folder
from services.queue.heartbeat import LeaseLostError, Report, under_lease
from services.queue.leases import is_killing_workers
from services.queue.outcomes import fail_build, succeed_build
from services.stores.jobs.claims import holds
from settings import Settings

log = structlog.get_logger(__name__)


async def run_build(job: Job, lease: Lease, make: Maker, settings: Settings) -> None:
    """Makes the job's artifact and publishes it, or ends or postpones the job with the reason.

    Stops quietly where the lease is lost (cancelled, or taken over after a silence). Cancelled from outside (the
    worker stops), it leaves the job as it is: whoever cancels hands it back.
    """
    if is_killing_workers(job):
        message = "Its worker ended every time while doing this; it may need more memory than there is."
        await fail_build(job, lease, JobErrorCode.INTERNAL, message, retry=False)
        return
    folder = settings.data_dir / "scratch" / f"{job.id}-{lease.epoch}"
    await anyio.to_thread.run_sync(make_try_folder, folder, job.id, lease.epoch)
    try:
        await under_lease(lease, settings.lease_seconds, partial(_work, job, lease, make, folder, settings))
    except LeaseLostError:
        log.info("build.lease_lost", job=job.global_id)
    except WaitingForGenerationError as waiting:
        await sleep_until_generated(job, lease, waiting.job_id)
        return
    except JobFailure as failure:
        await fail_build(
            job, lease, failure.code, failure.message, retry=failure.is_retryable, upstream_code=failure.upstream_code
        )
    except EkonteError as error:  # a refusal inside a job: its input cannot be used
        await fail_build(job, lease, JobErrorCode.INVALID_INPUT, error.message, retry=False)
    except Exception as error:
        if is_away(error):
            raise  # the build was well: whoever holds its lease next makes it
        log.exception("build.broke", job=job.global_id, kind=job.artifact_kind)
        message = "Something went wrong inside the server. The log has the details."
        await fail_build(job, lease, JobErrorCode.INTERNAL, message, retry=True)
    finally:
        await anyio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
    await remove_leftovers_of_job(job.id)


async def _work(job: Job, lease: Lease, make: Maker, folder: Path, settings: Settings, report: Report) -> None:
    bench = Workbench(job.owner, folder, settings, report, partial(generated, job))
    await _make_and_publish(job, lease, make, bench, settings)


async def _make_and_publish(job: Job, lease: Lease, make: Maker, bench: Workbench, settings: Settings) -> None:
    subject_id = job.artifact_subject_id
    if subject_id is None or job.artifact_kind is None:
        raise JobFailure(JobErrorCode.INTERNAL, "The job does not say what it makes.", is_retryable=False)
    try:
        async with asyncio.timeout(settings.render_timeout_seconds):
            result = await make(job.params["inputs"], subject_id, bench)
    except TimeoutError as error:
        raise JobFailure(
            JobErrorCode.TIMEOUT, f"Not done after {settings.render_timeout_seconds:g} seconds.", is_retryable=True
        ) from error
    entries: list[FileEntry] = []
    for made in result.files:
        entries.append((made.role, made.position, await store_file(job.owner, made.file, job_id=job.id)))
    await _publish(job, lease, subject_id, result, entries)


async def _publish(job: Job, lease: Lease, subject_id: int, result: Result, entries: list[FileEntry]) -> None:
    async def body() -> None:
        if not await holds(lease):
            return
        await take_up({file.id for _, _, file in entries})
        kind, slot = ArtifactKind(job.artifact_kind or ""), job.artifact_slot or 0
        if await Artifact.exists(kind=kind, subject_id=subject_id, slot=slot, is_pinned=True):
            # A person put something there after this was planned. What was made stays in the job's answer.
            await put_job_files(job.id, entries)
            await succeed_build(job, lease)
            return
        await put_artifact(
            job.owner,
            kind,
            subject_id,
            slot,
            fingerprint=job.params["fingerprint"],
            files=entries,
            data=result.data,
            job_id=job.id,
        )
        await put_job_files(job.id, entries)
        if result.publish is not None:
            await result.publish()
        await succeed_build(job, lease)

    await transaction(body)
