"""Input pictures that are still links: fetched, looked at and stored, before their job waits for an account.

Not when a job is asked for, because somebody else's server may take its time; and not when it is submitted, because an
account's slot would wait for that server.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import httpx
import structlog

from errors import EkonteError, JobErrorCode, JobFailure
from media.checking import check_result
from media.processes import run_in_worker
from models.database import transaction
from models.enums import MediaKind, Queue
from models.files import StoredFile
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from services.generation.outcomes import fail_generation
from services.platform.files import NewFile, pin_files, store_file
from services.platform.leases import Lease
from services.platform.links import LinkNotFetchedError, fetch_link
from services.platform.providers import is_pooled
from services.queue.heartbeat import Report
from services.queue.notify import notify
from services.queue.outcomes import MAX_FAILURES, backoff_ms
from services.queue.run_leased import run_leased
from services.stores import records
from services.stores.jobs.claims import is_held_by
from services.stores.jobs.files import replace_input
from services.stores.jobs.moves import put_back, put_into_queue
from settings import Settings

log = structlog.get_logger(__name__)

MAX_FETCHES = 4
LOOKING_SECONDS = 60.0


async def prepare_inputs(job: Job, lease: Lease, settings: Settings) -> None:
    """Stores what the job's inputs link to and moves the job on to the queue of its provider.

    A link that cannot be fetched, or that names no picture, ends the job as FAILED, with INVALID_INPUT and a sentence
    that says which; what may pass by itself (a network that is away, a storage without room) is tried three times, with
    2 and then 4 seconds between. Stops quietly where the lease is lost; cancelled from outside, it leaves the job as it
    is. Called again after any end of its process, it does the same again: nothing was changed before the end.
    """
    await run_leased(job, lease, partial(_prepare, job, lease, settings), partial(_fail, job, lease), settings)


def queue_of(request: GenerationRequest) -> Queue:
    """Where a job waits whose inputs are there: for an account, or for a worker."""
    if request.kind is MediaKind.IMAGE:
        return Queue.POOL_IMAGES if is_pooled(request.provider) else Queue.IMAGES
    return Queue.POOL_VIDEOS if is_pooled(request.provider) else Queue.VIDEOS


async def _prepare(job: Job, lease: Lease, settings: Settings, folder: Path, report: Report) -> None:
    request = GenerationRequest.from_json(job.params)
    places: dict[str, int] = {}  # of each link the first place; one that is given twice is fetched once
    for position, image in enumerate(request.inputs):
        if image.sha256 is None:
            places.setdefault(image.given, position)
    found = await _fetch_all(places, folder, settings)
    # Stored only when all are there: a job that fails leaves nothing behind.
    stored = {link: await store_file(job.owner, new, job_id=job.id) for link, new in found.items()}
    await _move_on(job, lease, request, stored)


async def _fetch_all(places: dict[str, int], folder: Path, settings: Settings) -> dict[str, NewFile]:
    """The pictures by their links. Raises the JobFailure of the first that fails; the others are not waited for."""
    room = asyncio.Semaphore(MAX_FETCHES)

    async def fetch(link: str, position: int) -> NewFile:
        async with room:
            return await _fetch(link, position, folder / str(position), settings)

    tasks = {link: asyncio.create_task(fetch(link, position)) for link, position in places.items()}
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
        raise _worst(failures)
    return {link: task.result() for link, task in tasks.items()}


def _worst(failures: Sequence[BaseException]) -> BaseException:
    """What no further try cures comes before what may pass."""
    lasting = [error for error in failures if isinstance(error, JobFailure) and not error.is_retryable]
    return [*lasting, *failures][0]


async def _fetch(link: str, position: int, path: Path, settings: Settings) -> NewFile:
    try:
        await fetch_link(
            link, max_bytes=settings.max_upload_bytes, allowed_private_hosts=settings.allowed_private_hosts, into=path
        )
        info = await run_in_worker(
            check_result, path, "IMAGE", limit=settings.render_concurrency, timeout_seconds=LOOKING_SECONDS
        )
    except EkonteError as error:
        is_passing = isinstance(error, LinkNotFetchedError) and error.is_passing
        message = f"{input_name(link, position)} cannot be used. {error.message}"
        raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=is_passing) from error
    except OSError as error:
        log.warning("inputs.not_written", error=str(error))
        message = "The input pictures could not be fetched: there is no room to put them."
        raise JobFailure(JobErrorCode.STORAGE_ERROR, message, is_retryable=True) from error
    return NewFile(path, info.content_type, width=info.width, height=info.height, source_url=link)


def input_name(link: str, position: int) -> str:
    """How people are told of an input: its place, from 1, and the link's host, but nothing secret that a link holds."""
    try:
        host = httpx.URL(link).host[:253]
    except httpx.InvalidURL:
        host = ""
    return f"Input picture {position + 1} (from {host})" if host else f"Input picture {position + 1}"


async def _move_on(job: Job, lease: Lease, request: GenerationRequest, stored: dict[str, StoredFile]) -> None:
    """Writes the contents into the job and its record, and puts the job into its next queue."""
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
        await put_into_queue(lease, ready, queue_of(ready))
        notify()

    await transaction(body)


async def _fail(job: Job, lease: Lease, failure: JobFailure) -> None:
    """Puts the job back for its next try, or ends it with the reason."""
    error = JobError(failure.code, failure.message, failure.is_retryable)

    async def body() -> None:
        if not await is_held_by(lease):
            return
        failures = (await Job.get(id=job.id)).failures + 1
        if not failure.is_retryable or failures >= MAX_FAILURES:
            await fail_generation(job, error, failures=failures)
            return
        message = f"Trying again: {failure.message}"
        await put_back(lease, wait_ms=backoff_ms(failures), failures=failures, error=error, message=message)
        notify()

    await transaction(body)
