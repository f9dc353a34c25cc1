"""Generations of providers without accounts: run in one step while a worker holds the job's lease."""

import uuid
from functools import partial
from pathlib import Path

from errors import JobErrorCode, JobFailure
from models.database import transaction
from models.enums import AttemptOutcome, AttemptState, MediaKind
from models.files import StoredFile
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from providers.direct import DirectGenerator
from services.generation.attempts import end_attempt
from services.generation.batches.lifecycle import begin_batches
from services.generation.clips import postprocess_clip
from services.generation.on_ended import on_ended
from services.generation.outcomes import fail_generation, succeed_generation
from services.generation.records.publishing import publish_result
from services.generation.results import new_result_file
from services.generation.submitting import order_of
from services.platform.files import local_copies, pin_files, store_file
from services.platform.foreign_files import result_infos
from services.platform.leases import Lease
from services.platform.providers import registry
from services.queue.heartbeat import Report
from services.queue.outcomes import MAX_FAILURES, backoff_ms
from services.queue.run_leased import run_leased
from services.stores.attempts import insert_attempts
from services.stores.jobs.claims import is_held_by
from services.stores.jobs.files import add_candidates
from services.stores.jobs.moves import schedule_retry
from settings import Settings


async def run_direct(job: Job, lease: Lease, settings: Settings) -> None:
    """Generates, stores and publishes the job's result; on failure ends or reschedules the job (see run_leased)."""
    attempt = await _begin(job)
    await run_leased(
        job, lease, partial(_make, job, lease, attempt, settings), partial(_fail, job, lease, attempt), settings
    )


async def _begin(job: Job) -> Attempt:
    """Returns the attempt of this run; one that a previous worker started is resumed."""
    request = GenerationRequest.from_json(job.params)

    async def body() -> Attempt:
        if job.batch_id is not None:
            await begin_batches([job.batch_id])
        known = await Attempt.filter(job_id=job.id).order_by("-number").first()
        if known is not None and known.state is not AttemptState.ENDED and known.run == job.retry_count:
            return known
        attempt = Attempt(
            owner=job.owner,
            job_id=job.id,
            run=job.retry_count,
            number=known.number + 1 if known is not None else 1,
            provider=request.provider,
            kind=request.kind,
            model=request.model,
            submit_id=str(uuid.uuid4()),
        )
        await insert_attempts([attempt], is_due=False)
        return attempt

    return await transaction(body)


async def _make(job: Job, lease: Lease, attempt: Attempt, settings: Settings, folder: Path, report: Report) -> None:
    request = GenerationRequest.from_json(job.params)
    provider = registry().get(request.provider)
    if not isinstance(provider, DirectGenerator):
        message = f"The provider {request.provider!r} is no longer configured."
        raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=False)
    digests = [image.sha256 for image in request.inputs if image.sha256 is not None]
    copies = await local_copies(job.owner, set(digests))
    inputs = [copies[digest] for digest in digests]
    order = order_of(request, ())
    if request.kind is MediaKind.IMAGE:
        paths = await provider.generate_image(order, inputs, folder, lambda done: report(0.9 * done))
    else:
        paths = [await provider.generate_clip(order, inputs, folder, lambda done: report(0.8 * done))]
    infos = await result_infos(job.owner, paths, request.kind.value)
    stored = []
    for number, (path, info) in enumerate(zip(paths, infos, strict=True)):
        final_path, final_info = path, info
        if request.kind is MediaKind.VIDEO:
            out = folder / "postprocessed.mp4"
            final_path, final_info = await postprocess_clip(job.owner, path, info, request, out, settings)
        file = new_result_file(final_path, final_info, request, number)
        stored.append(await store_file(job.owner, file, job_id=job.id))
    await _publish(job, lease, attempt, stored)


async def _publish(job: Job, lease: Lease, attempt: Attempt, files: list[StoredFile]) -> None:
    async def body() -> None:
        if not await is_held_by(lease) or not await succeed_generation(job):
            return
        await end_attempt(attempt, AttemptOutcome.SUCCEEDED)
        await pin_files({file.id for file in files})
        await add_candidates(job.id, [file.id for file in files])
        await publish_result(await Job.get(id=job.id), [file.id for file in files])
        await on_ended([job.id])

    await transaction(body)


async def _fail(job: Job, lease: Lease, attempt: Attempt, failure: JobFailure) -> None:
    """Schedules a retry with a backoff, at most twice, if the failure is retryable; else ends the job as FAILED."""
    error = JobError(failure.code, failure.message, failure.is_retryable, failure.upstream_code)

    async def body() -> None:
        if not await is_held_by(lease):
            return
        present = await Job.get(id=job.id)
        failures = present.failures + 1
        if failure.is_retryable and failures < MAX_FAILURES:
            message = f"Retrying: {failure.message}"
            await schedule_retry(lease, wait_ms=backoff_ms(failures), failures=failures, error=error, message=message)
            return
        await end_attempt(attempt, AttemptOutcome.FAILED, error)
        await fail_generation(present, error)

    await transaction(body)
