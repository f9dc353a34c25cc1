"""The finish step: fetches the result from the provider, checks that it opens, stores it, and publishes it.

It never starts a new generation, since the result is paid for. A failure is retried for 24 hours, each time with fresh
links from the provider; then the job fails, and retryJob resumes at this step. A task that is finished without a link
to any result is given up earlier.
"""

import asyncio
import shutil
from collections.abc import Awaitable, Sequence
from pathlib import Path

import anyio.to_thread
import structlog

from errors import EkonteError, FileTooLargeError, JobErrorCode, JobFailure, UnsupportedFileError
from media.checking import ResultInfo
from media.slots import working_for
from models.accounts import Account
from models.database import now_ms, transaction
from models.enums import AttemptOutcome, AttemptState, JobStatus, MediaKind
from models.files import StoredFile
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.job_errors import FINISH, JobError
from models.jobs import Job
from providers.pooled import TaskPhase, UpstreamFaultError, UpstreamTask
from services.accounts.sessions import credential_of
from services.generation.attempts import StepLease, end_attempt
from services.generation.clips import postprocess_clip
from services.generation.on_ended import on_ended
from services.generation.outcomes import fail_generation, succeed_generation, update_progress
from services.generation.records.publishing import publish_result
from services.generation.results import new_result_file
from services.generation.states import upstream_of
from services.platform.backoff import Backoff
from services.platform.file_removal import remove_leftovers_of_job
from services.platform.files import pin_files, store_file
from services.platform.foreign_files import result_infos
from services.platform.links import LinkNotFetchedError, fetch_link
from services.platform.providers import pooled_provider
from services.stores.attempts import drain_others, move, set_outcome
from services.stores.jobs.files import add_candidates
from services.stores.jobs.inserts import answered_generation, insert_jobs
from settings import Settings, get_settings

log = structlog.get_logger(__name__)

FINISH_SECONDS = 840.0
MAX_RETRY_MS = 24 * 3600 * 1000
STORING_BACKOFF_MS = Backoff(base=2_000, cap=300_000)
MAX_POSTPROCESS_FAILURES = 2
POSTPROCESS_SECONDS = 600.0
FAILURES_BEFORE_DROP = 2
"Failures after which a result is dropped whose link is dead or whose file is broken, while others are usable."
MAX_RESULT_BYTES = 1024 * 1024 * 1024


class _NoLinkError(JobFailure):
    """The provider has finished the task, and gives no link to any result of it."""

    def __init__(self) -> None:
        super().__init__(
            JobErrorCode.API_ERROR,
            "The provider reports the task as finished, but gives no link to a result of it. retryJob asks for one"
            " again; regenerate makes another.",
            is_retryable=True,
        )


async def finish_step(step: StepLease, settings: Settings) -> None:
    """Runs the finish step of one attempt. Of two concurrent calls only the holder of the lease publishes."""
    attempt = step.attempt
    job = await Job.get(id=attempt.job_id)
    if attempt.is_draining or job.status is JobStatus.CANCELED:
        await end_attempt(attempt, AttemptOutcome.CANCELED)
        return
    folder = settings.data_dir / "scratch" / f"{job.id}-fetch-{attempt.lease_epoch}"
    await anyio.to_thread.run_sync(lambda: folder.mkdir(parents=True, exist_ok=True))
    try:
        with working_for(job.owner):
            async with asyncio.timeout(FINISH_SECONDS):
                files, remark = await _fetch_and_store(attempt, job, folder, settings)
        await publish_attempt(attempt, job, files, remark)
    except (JobFailure, EkonteError, UpstreamFaultError, TimeoutError, OSError) as error:
        await _reschedule(attempt, job, error)
    finally:
        await anyio.to_thread.run_sync(lambda: shutil.rmtree(folder, ignore_errors=True))
    await remove_leftovers_of_job(job.id)


async def _fetch_and_store(
    attempt: Attempt, job: Job, folder: Path, settings: Settings
) -> tuple[list[StoredFile], str | None]:
    """Returns the stored files, best first, and a remark for the job's message, if any."""
    links = await _links(attempt)
    told = attempt.upstream or {}
    made = max(int(told.get("finishedCount") or 0), int(told.get("itemCount") or 0))
    if len(links) < made and not _can_drop_some(attempt):  # answers are only eventually consistent
        message = f"The provider has made {made} results, and gives links to {len(links)} so far."
        raise JobFailure(JobErrorCode.API_ERROR, message, is_retryable=True)
    paths = [folder / f"result-{number}" for number in range(len(links))]
    # One dead link of several drops only that picture. A link that fails for a passing reason is retried.
    outcomes = await asyncio.gather(
        *(_fetch(link, path, settings) for link, path in zip(links, paths, strict=True)), return_exceptions=True
    )
    failed = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
    if failed:
        for outcome in failed:
            if not isinstance(outcome, EkonteError):
                raise outcome
        transient = [outcome for outcome in failed if isinstance(outcome, LinkNotFetchedError) and outcome.is_transient]
        if transient or not _can_drop_some(attempt) or len(failed) == len(links):
            raise (transient or failed)[0]
    fetched = [(link, path) for link, path, outcome in zip(links, paths, outcomes, strict=True) if outcome is None]
    valid = await _check_files(attempt, job.owner, fetched)
    request = GenerationRequest.from_json(job.params)
    stored: list[StoredFile] = []
    remark = None
    for number, (link, path, info) in enumerate(valid):
        final, shown = path, info
        if attempt.kind is MediaKind.VIDEO:
            try:
                async with asyncio.timeout(POSTPROCESS_SECONDS):
                    final, shown = await postprocess_clip(
                        job.owner, path, info, request, folder / f"clip-{number}.mp4", settings
                    )
            except TimeoutError:
                if attempt.failures < MAX_POSTPROCESS_FAILURES:
                    raise
                remark = "The clip is stored without its transition and sound: adding them timed out."
            except JobFailure as failure:  # the clip is paid for, so it is stored unprocessed
                if failure.is_retryable and attempt.failures < MAX_POSTPROCESS_FAILURES:
                    raise
                remark = f"The clip is stored without its transition and sound. {failure.message}"
        stored.append(await store_file(job.owner, new_result_file(final, shown, request, number, link), job_id=job.id))
    return stored, remark or _remark_on_missing(attempt, len(stored))


def _remark_on_missing(attempt: Attempt, stored: int) -> str | None:
    """What to say of results that were to be made and are not there; None if all are."""
    expected = int((attempt.upstream or {}).get("expectedCount") or 0)
    if stored >= expected:
        return None
    return f"{stored} of {expected} results are stored: the provider has no more of this task."


def _can_drop_some(attempt: Attempt) -> bool:
    return attempt.failures >= FAILURES_BEFORE_DROP


async def _check_files(
    attempt: Attempt, owner: str, fetched: Sequence[tuple[str, Path]]
) -> list[tuple[str, Path, ResultInfo]]:
    """The files that open, with their properties. Raises UnsupportedFileError for a file that does not open; after
    FAILURES_BEFORE_DROP failures such a file is left out while others open.
    """

    async def check(paths: list[Path]) -> list[ResultInfo]:
        return await result_infos(owner, paths, attempt.kind.value)

    try:
        infos = await check([path for _, path in fetched])
    except (UnsupportedFileError, FileTooLargeError):
        if not _can_drop_some(attempt) or len(fetched) == 1:
            raise
    else:
        return [(link, path, info) for (link, path), info in zip(fetched, infos, strict=True)]
    valid = []
    broken: list[EkonteError] = []
    for link, path in fetched:
        try:
            valid.append((link, path, (await check([path]))[0]))
        except (UnsupportedFileError, FileTooLargeError) as error:
            broken.append(error)
    if not valid:
        raise broken[0]
    return valid


async def _links(attempt: Attempt) -> list[str]:
    """The links that the provider reported last. After a failure, for every clip, and for results without a link, they
    are queried again, with the links of the best quality. Raises JobFailure if the provider gives none.
    """
    known = attempt.upstream or {}
    links = [str(link) for link in known.get("results", ())]
    are_all = len(links) >= int(known.get("itemCount") or 0)
    if links and are_all and not attempt.failures and attempt.kind is MediaKind.IMAGE:
        return links
    account = await Account.get(id=attempt.account_id)
    provider, credential = pooled_provider(attempt.provider), credential_of(account)
    try:
        tasks = await provider.query(credential, attempt.kind.value, history_ids=[str(attempt.history_id)], fresh=True)
        task = tasks.get(str(attempt.history_id))
        if task is not None and task.phase is TaskPhase.DONE:
            attempt.upstream = {**upstream_of(task), "raw": dict(task.raw)}
            links = list(await _best(provider.best_links(credential, task), task))
            if not links:
                raise _NoLinkError()
    except UpstreamFaultError as fault:
        log.info("finish.no_fresh_links", attempt=attempt.global_id, kind=fault.kind.value)
        if not links:
            message = f"The provider could not be asked for a link to the result. {fault.message}"
            raise JobFailure(JobErrorCode.API_ERROR, message, is_retryable=True) from fault
    if not links:
        raise JobFailure(JobErrorCode.API_ERROR, "The provider returned no link to the result.", is_retryable=True)
    return links


async def _best(better_links: Awaitable[Sequence[str]], task: UpstreamTask) -> Sequence[str]:
    """The links of the best quality; the task's own if that query fails or returns none. Raises UpstreamFaultError if
    it fails and the task has no link of its own: a query that fails is no answer that there are none.
    """
    try:
        return tuple(await better_links) or task.links
    except UpstreamFaultError:
        if not task.links:
            raise
        return task.links


async def _fetch(link: str, path: Path, settings: Settings) -> None:
    await fetch_link(link, max_bytes=MAX_RESULT_BYTES, into=path, allowed_private_hosts=settings.allowed_private_hosts)


async def publish_attempt(attempt: Attempt, job: Job, files: Sequence[StoredFile], remark: str | None) -> None:
    """Ends the attempt and its job and publishes the result, in one transaction."""

    async def body() -> None:
        if not await end_attempt(attempt, AttemptOutcome.SUCCEEDED):
            return
        present = await Job.get(id=job.id)
        is_adopted = await succeed_generation(present, is_late=attempt.is_detached, message=remark)
        if not is_adopted and present.status is not JobStatus.SUCCEEDED:
            # The job was canceled meanwhile: the result is discarded.
            await set_outcome(attempt.id, AttemptOutcome.CANCELED)
            return
        await pin_files({file.id for file in files})
        # Files of a job never change: if two attempts finish at once, the result of the second gets a job of its own.
        holder = present if is_adopted else await _job_of_second_result(present)
        unique = list({file.id: file for file in files}.values())
        await add_candidates(holder.id, [file.id for file in unique])
        await publish_result(holder, [file.id for file in unique])
        await drain_others(attempt)
        if is_adopted:
            await on_ended([job.id])

    await transaction(body)


async def _job_of_second_result(job: Job) -> Job:
    """A succeeded job for a further, paid result of a job that already has one: the record keeps it as a version.
    It was not requested, so no statistics count it.
    """
    assert job.record_id is not None
    second = answered_generation(
        job.owner,
        job.record_id,
        GenerationRequest.from_json(job.params),
        job.queue,
        message=f"A second result of {job.global_id}: an attempt that had timed out finished as well.",
        priority_rank=job.priority_rank,
    )
    await insert_jobs([second])
    return second


async def _reschedule(attempt: Attempt, job: Job, error: Exception) -> None:
    """Schedules a retry with exponential backoff; after MAX_RETRY_MS the attempt and its job fail, and retryJob resumes
    at this step. The job of a detached attempt is not changed.
    """
    message = _reason(error)
    code = error.code if isinstance(error, JobFailure) else JobErrorCode.STORAGE_ERROR
    log.warning("finish.rescheduled", attempt=attempt.global_id, reason=message, failures=attempt.failures + 1)
    waited_ms = await now_ms() - (attempt.fetch_since_ms or 0)
    bound_ms, ends_as = MAX_RETRY_MS, JobErrorCode.STORAGE_ERROR
    if isinstance(error, _NoLinkError):
        bound_ms, ends_as = int(get_settings().missing_result_seconds * 1000), error.code
    fault = JobError(code, message, is_retryable=True, kind=FINISH)
    upstream = attempt.upstream

    async def body() -> None:
        if waited_ms >= bound_ms:
            if await end_attempt(attempt, AttemptOutcome.FAILED, fault, upstream=upstream) and not attempt.is_detached:
                await fail_generation(job, JobError(ends_as, message, is_retryable=True))
            return
        wait_ms = min(int(STORING_BACKOFF_MS.wait(attempt.failures + 1)), max(1_000, bound_ms - waited_ms))
        if isinstance(error, LinkNotFetchedError):
            wait_ms = max(wait_ms, int((error.retry_after_seconds or 0.0) * 1000))
        if await move(
            attempt,
            AttemptState.FETCHING,
            due_in_ms=wait_ms,
            failures=attempt.failures + 1,
            error=fault,
            upstream=upstream,
        ):
            if attempt.is_detached:
                return
            await update_progress(job.id, None, done=None, message=f"Retrying to store the result: {message}")

    await transaction(body)


def _reason(error: Exception) -> str:
    if isinstance(error, UnsupportedFileError | FileTooLargeError):
        return f"The file from the provider cannot be opened. {error.message}"
    if isinstance(error, JobFailure | EkonteError | UpstreamFaultError):
        return error.message
    if isinstance(error, TimeoutError):
        return "Fetching the result timed out."
    return "The result could not be written to the scratch folder."
