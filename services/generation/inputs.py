"""Input pictures and references given as links: fetched, checked and stored before their job waits for an account.

They are not fetched in the request that creates the job, because the remote server may be slow, and not in the submit
step, because the account's slot would be held meanwhile.
"""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import httpx
import structlog

from errors import BadInputError, EkonteError, JobErrorCode, JobFailure
from models.database import transaction
from models.enums import MediaKind, Queue
from models.files import StoredFile
from models.generation_parameters import InputImage, Reference
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from services.generation.catalogue import find_model
from services.generation.outcomes import fail_generation
from services.generation.references import limit_faults
from services.generation.resolving import reference_fault, with_content
from services.platform.files import NewFile, pin_files, store_file
from services.platform.foreign_files import picture_info, recognise
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

    A link that cannot be fetched, or that is not a picture (a reference: nor a film), ends the job as FAILED with
    INVALID_INPUT and a message that names the input, and so do references that the model does not take. Transient
    failures (network unreachable, disk full) are tried three times, with a backoff of 2 and then 4 seconds. Stops
    without an error if the lease is lost; if cancelled, leaves the job as it is. Can be called again after a crash:
    nothing is changed before the last transaction.
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
    for position, material in enumerate(request.materials):
        if material.sha256 is None:
            positions.setdefault(material.given, position)
    found = await _fetch_all(job.owner, request.materials, positions, folder, settings)
    # Stored only when all are fetched, so that a failing job leaves no files.
    stored = {link: await store_file(job.owner, new, job_id=job.id) for link, new in found.items()}
    ready = request.with_materials(
        [
            with_content(material, stored[material.given]) if material.sha256 is None else material
            for material in request.materials
        ]
    )
    if ready.references:
        _check_limits(ready)
    await _move_on(job, lease, request, ready, stored)


def _check_limits(request: GenerationRequest) -> None:
    """Raises JobFailure INVALID_INPUT if the references are more or longer than the model takes."""
    try:
        faults = list(limit_faults(request.references, find_model(request.model, request.kind)))
    except BadInputError as error:
        faults = [error]
    if faults:
        raise JobFailure(JobErrorCode.INVALID_INPUT, faults[0].message, is_retryable=False)


async def _fetch_all(
    owner: str, materials: Sequence[InputImage], positions: dict[str, int], folder: Path, settings: Settings
) -> dict[str, NewFile]:
    """The files by their links. Raises the JobFailure of the first that fails and cancels the others."""
    capacity = asyncio.Semaphore(MAX_FETCHES)

    async def fetch(link: str, position: int) -> NewFile:
        async with capacity:
            return await _fetch(owner, materials[position], position, folder / str(position), settings)

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


async def _fetch(owner: str, material: InputImage, position: int, path: Path, settings: Settings) -> NewFile:
    link = material.given
    try:
        await fetch_link(
            link, max_bytes=settings.max_upload_bytes, allowed_private_hosts=settings.allowed_private_hosts, into=path
        )
        if not isinstance(material, Reference):
            info = await picture_info(owner, path)
            return NewFile(path, info.content_type, width=info.width, height=info.height, source_url=link)
        found = await recognise(owner, path)
        if (why := reference_fault(found.content_type, found.duration_seconds)) is not None:
            raise BadInputError(why)
    except EkonteError as error:
        is_transient = isinstance(error, LinkNotFetchedError) and error.is_transient
        message = f"{material_name(material, position)} cannot be used. {error.message}"
        raise JobFailure(JobErrorCode.INVALID_INPUT, message, is_retryable=is_transient) from error
    except OSError as error:
        log.warning("inputs.write_failed", error=str(error))
        message = "The input pictures could not be written to disk."
        raise JobFailure(JobErrorCode.STORAGE_ERROR, message, is_retryable=True) from error
    return NewFile(
        path,
        found.content_type,
        width=found.width,
        height=found.height,
        duration_seconds=found.duration_seconds,
        source_url=link,
    )


def material_name(material: InputImage, position: int) -> str:
    """As input_name; of a reference its own name in place of the position."""
    said = input_name(material.given, position)
    if isinstance(material, Reference):
        return f"The reference {material.name}{said.removeprefix(f'Input picture {position + 1}')}"
    return said


def input_name(link: str, position: int) -> str:
    """The name of an input in messages: its position, from 1, and the link's host, without the rest of the link, which
    may hold secrets.
    """
    try:
        host = parse_url(link).host[:253]
    except httpx.InvalidURL:
        host = ""
    return f"Input picture {position + 1} (from {host})" if host else f"Input picture {position + 1}"


async def _move_on(
    job: Job, lease: Lease, request: GenerationRequest, ready: GenerationRequest, stored: dict[str, StoredFile]
) -> None:
    """Writes the request with its materials' hashes into the job and its record, and moves the job on."""

    async def body() -> None:
        if not await is_held_by(lease):
            return
        await pin_files({file.id for file in stored.values()})
        for position, material in enumerate(request.materials):
            if material.sha256 is None:
                await replace_input(job.id, position, stored[material.given].id)
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
