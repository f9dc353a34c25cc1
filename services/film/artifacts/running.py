"""Doing one build: making, storing, publishing; and what happens when any of it goes wrong."""

import asyncio
from functools import partial
from pathlib import Path

from errors import JobErrorCode, JobFailure
from models.artifacts import Artifact
from models.database import transaction
from models.enums import ArtifactKind
from models.jobs import Job
from services.film.artifacts.context import BuildContext, Result
from services.film.artifacts.generations import WaitingForGenerationError, generated, sleep_until_generated
from services.film.artifacts.publishing import FileEntry, put_artifact, put_job_files
from services.film.stages.registry import MAKERS
from services.platform.files import pin_files, store_file
from services.platform.leases import Lease
from services.queue.heartbeat import Report
from services.queue.outcomes import fail_build, succeed_build
from services.queue.run_leased import run_leased
from services.stores.jobs.claims import is_held_by
from settings import Settings


async def run_build(job: Job, lease: Lease, settings: Settings) -> None:
    """Makes the job's artifact and publishes it, or ends or reschedules the job with the reason (see run_leased).

    A build that waits for a pool's generation sleeps until that has ended.
    """
    waiting: list[int] = []

    async def work(folder: Path, report: Report) -> None:
        bench = BuildContext(job.owner, folder, settings, report, partial(generated, job))
        try:
            await _make_and_publish(job, lease, bench, settings)
        except WaitingForGenerationError as error:
            waiting.append(error.job_id)

    await run_leased(job, lease, work, partial(_fail, job, lease), settings)
    for generation_id in waiting:  # only now: the lease is not extended any more
        await sleep_until_generated(job, lease, generation_id)


async def _fail(job: Job, lease: Lease, failure: JobFailure) -> None:
    await fail_build(
        job, lease, failure.code, failure.message, retry=failure.is_retryable, upstream_code=failure.upstream_code
    )


async def _make_and_publish(job: Job, lease: Lease, bench: BuildContext, settings: Settings) -> None:
    subject_id = job.artifact_subject_id
    make = None if job.artifact_kind is None else MAKERS.get(ArtifactKind(job.artifact_kind))
    if subject_id is None or make is None:
        raise JobFailure(JobErrorCode.INTERNAL, "This version of the server cannot make this.", is_retryable=False)
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
        if not await is_held_by(lease):
            return
        await pin_files({file.id for _, _, file in entries})
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
