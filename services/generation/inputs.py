"""Input pictures given as links: fetched, checked and stored before their job waits for an account.

They are not fetched in the request that creates the job, because the remote server may be slow, and not in the submit
step, because the account's slot would be held meanwhile.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import structlog

from errors import EkonteError, JobErrorCode, JobFailure
from models.database import transaction
from models.enums import MediaKind, Queue
from models.files import StoredFile
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from services.generation.outcomes import fail_generation
from services.platform.files import NewFile, pin_files, store_file
from services.platform.foreign_files import picture_info
from services.platform.leases import Lease
from services.platform.links import LinkNotFetchedError, fetch_link, parse_url
from services.platform.providers import is_pooled
from services.queue.heartbeat import Report
from services.queue.notify import notify
from services.queue.outcomes import MAX_FAILURES, backoff_ms
from services.queue.run_leased import run_leased
from services.stores import records
from services.stores.jobs.claims import is_held_by
from services.stores.jobs.files import replace_input
from services.stores.jobs.moves import move_to_queue, schedule_retry
from settings import Settings

log = structlog.get_logger(__name__)

MAX_FETCHES = 4


async def prepare_inputs(job: Job, lease: Lease, settings: Settings) -> None:
    """Stores what the job's inputs link to and moves the job on to the queue of its provider.

    A link that cannot be fetched, or that is not a picture, ends the job as FAILED with INVALID_INPUT and a message
    that names the input. Transient failures (network unreachable, disk full) are tried three times, with a backoff of 2
    and then 4 seconds. Stops without an error if the lease is lost; if cancelled, leaves the job as it is. Can be
    called again after a crash: nothing is changed before the last transaction.
    """
    await run_leased(job, lease, partial(_prepare, job, lease, settings), partial(_fail, job, lease), settings)


def queue_of(request: GenerationRequest) -> Queue:
    """The queue of a job whose inputs are stored: that of its pool, or that of the workers."""
    if request.kind is MediaKind.IMAGE:
        return Queue.POOL_IMAGES if is_pooled(request.provider) else Queue.IMAGES
    return Queue.POOL_VIDEOS if is_pooled(request.provider) else Queue.VIDEOS


async def _prepare(job: Job, lease: Lease, settings: Settings, folder: Path, report: Report) -> None:
    request = GenerationRequest.from_json(job.params)
    positions: dict[str, int] = {}  # link -> its first position; a link that is given twice is fetched once
    for position, image in enumerate(request.inputs):
        if image.sha256 is None:
            positions.setdefault(image.given, position)
    found = await _fetch_all(job.owner, positions, folder, settings)
    # Stored only when all are fetched, so that a failing job leaves no files.
    stored = {link: await store_file(job.owner, new, job_id=job.id) for link, new in found.items()}
    await _move_on(job, lease, request, stored)


async def _fetch_all(owner: str, positions: dict[str, int], folder: Path, settings: Settings) -> dict[str, NewFile]:
    """The pictures by their links. Raises the JobFailure of the first that fails and cancels the others."""
    capacity = asyncio.Semaphore(MAX_FETCHES)

    async def fetch(link: str, position: int) -> NewFile:
        async with capacity:
            return await _fetch(owner, link, position, folder / str(position), settings)

    tasks = {link: asyncio.create_task(fetch(link, position)) for link, position in positions.items()}
    if not tasks:
        return {}
    try:
        await asyncio.wait(tasks.values(), return_when=asyncio.FIRST_EXCEPTION)
    finally:
        for task in tasks.values():
            task.cancel()
        await asyncio.wait(tasks.values())
    failures = [error for task in tasks.values() if not task.cancelled() and (error := task.exception())]
    if failures:
        raise _most_severe(failures)
    return {link: task.result() for link, task in tasks.items()}


def _most_severe(failures: Sequence[BaseException]) -> BaseException:
    """The failure to report: one that a retry cannot cure comes first."""
    permanent = [error for error in failures if isinstance(error, JobFailure) and not error.is_retryable]
    return [*permanent, *failures][0]


async def _fetch(owner: str, link: str, position: int, path: Path, settings: Settings) -> NewFile:
    try:
        await fetch_link(
            link, max_bytes=settings.max_upload_bytes, allowed_private_hosts=settings.allowed_private_hosts, into=path
        )
        info = await picture_info(owner, path)
    except EkonteError as error:
        is_transient = isinstance(error, LinkNotFetchedError) and error.is_transient
        message = f"{input_name(link, position)} cannot be used. {error.message}"
        raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=is_transient) from error
    except OSError as error:
        log.warning("inputs.write_failed", error=str(error))
        message = "The input pictures could not be written to disk."
        raise JobFailure(JobErrorCode.STORAGE_ERROR, message, is_retryable=True) from error
    return NewFile(path, info.content_type, width=info.width, height=info.height, source_url=link)


def input_name(link: str, position: int) -> str:
    """The name of an input in messages: its position, from 1, and the link's host, without the rest of the link, which
    may hold secrets.
    """
    try:
        host = parse_url(link).host[:253]
    except httpx.InvalidURL:
        host = ""
    return f"Input picture {position + 1} (from {host})" if host else f"Input picture {position + 1}"


async def _move_on(job: Job, lease: Lease, request: GenerationRequest, stored: dict[str, StoredFile]) -> None:
    """Writes the inputs' hashes into the job and its record, and moves the job to its next queue."""
    inputs = tuple(
        replace(image, sha256=stored[image.given].sha256) if image.sha256 is None else image for image in request.inputs
    )
    ready = replace(request, inputs=inputs)

    async def body() -> None:
        if not await is_held_by(lease):
            return
        await pin_files({file.id for file in stored.values()})
        for position, image in enumerate(request.inputs):
            if image.sha256 is None:
                await replace_input(job.id, position, stored[image.given].id)
        await records.write_inputs(job.target_id, ready, current_job_id=job.id)
        await move_to_queue(lease, ready, queue_of(ready))
        notify()

    await transaction(body)


async def _fail(job: Job, lease: Lease, failure: JobFailure) -> None:
    """Schedules a retry of the job, or ends it as FAILED."""
    error = JobError(failure.code, failure.message, failure.is_retryable)

    async def body() -> None:
        if not await is_held_by(lease):
            return
        failures = (await Job.get(id=job.id)).failures + 1
        if not failure.is_retryable or failures >= MAX_FAILURES:
            await fail_generation(job, error, failures=failures)
            return
        message = f"Retrying: {failure.message}"
        await schedule_retry(lease, wait_ms=backoff_ms(failures), failures=failures, error=error, message=message)
        notify()

    await transaction(body)
