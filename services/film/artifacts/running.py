"""Runs one build: calls the builder, stores its files, publishes the artifact, and handles failures."""

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
from services.film.stages.registry import BUILDERS
from services.platform.files import pin_files, store_file
from services.platform.leases import Lease
from services.queue.heartbeat import Report
from services.queue.outcomes import fail_build, succeed_build
from services.queue.run_leased import run_leased
from services.stores.jobs.claims import is_held_by
from settings import Settings


async def run_build(job: Job, lease: Lease, settings: Settings) -> None:
    """Builds and publishes the job's artifact; on an error ends or reschedules the job (see run_leased).

    A build that needs a pooled generation sleeps until the generation has ended.
    """
    waiting: list[int] = []

    async def work(folder: Path, report: Report) -> None:
        context = BuildContext(job.owner, folder, settings, report, partial(generated, job))
        try:
            await _build_and_publish(job, lease, context, settings)
        except WaitingForGenerationError as error:
            waiting.append(error.job_id)

    await run_leased(job, lease, work, partial(_fail, job, lease), settings)
    for generation_id in waiting:  # only here: the heartbeat no longer extends the lease
        await sleep_until_generated(job, lease, generation_id)


async def _fail(job: Job, lease: Lease, failure: JobFailure) -> None:
    await fail_build(
        job, lease, failure.code, failure.message, retry=failure.is_retryable, upstream_code=failure.upstream_code
    )


async def _build_and_publish(job: Job, lease: Lease, context: BuildContext, settings: Settings) -> None:
    subject_id = job.artifact_subject_id
    build = None if job.artifact_kind is None else BUILDERS.get(ArtifactKind(job.artifact_kind))
    if subject_id is None or build is None:
        message = "This version of the server cannot build this artifact."
        raise JobFailure(JobErrorCode.INTERNAL, message, is_retryable=False)
    try:
        async with asyncio.timeout(settings.render_timeout_seconds):
            result = await build(job.params["inputs"], subject_id, context)
    except TimeoutError as error:
        message = f"The build timed out after {settings.render_timeout_seconds:g} seconds."
        raise JobFailure(JobErrorCode.TIMEOUT, message, is_retryable=True) from error
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
            # A user pinned an artifact after this build was planned. The build's files stay in the job's result.
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
