"""The submit step: uploads the materials, marks the attempt as sent, sends the request, and stores the outcome.

Only a response with a readable error, or with an HTTP status that means "not accepted", counts as a refusal. Any other
failure leaves the outcome unknown: the poll step looks the task up by its submit id, so that it is not paid twice.
"""

import asyncio
import random
from collections.abc import Sequence
from dataclasses import fields
from datetime import UTC, datetime

import structlog

from errors import JobErrorCode, JobFailure
from models.accounts import Account
from models.database import after_commit, execute, now_ms_sql, transaction
from models.enums import AccountStatus, AttemptOutcome, AttemptState, JobStatus, MediaKind
from models.generation import Attempt
from models.generation_parameters import PARAMETERS
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from providers.pooled import (
    Accepted,
    FaultKind,
    GenerationOrder,
    OrderedReference,
    PooledProvider,
    SubmitUnknownError,
    UploadedFile,
    UpstreamFaultError,
)
from services.accounts.pool.account_updates import count_unknown_submit, is_probed_by_another, record_accepted
from services.accounts.pool.quota import quota_day
from services.accounts.pool.site_troubles import held_reason
from services.accounts.pool.timing import first_poll_ms, usual_ms
from services.accounts.sessions import credential_of
from services.accounts.settling import note_balance
from services.generation.attempts import StepLease, end_attempt, mark_sent
from services.generation.batches.pausing import is_paused_by_hand
from services.generation.faults import handle_provider_error
from services.generation.mentions import Words, normalised_name, parts_of
from services.generation.outcomes import error_of, fail_generation, requeue, update_progress
from services.generation.timings import durations
from services.generation.uploading import uploaded_materials
from services.notifications.statistics.events import record_credits
from services.platform.metrics.recording import record_credits_spent
from services.platform.providers import pooled_provider
from services.stores.attempts import move, settling
from services.stores.clock import NULL, now_sql
from settings import get_settings

log = structlog.get_logger(__name__)

LEASE_MARGIN_SECONDS = 15.0
"The submit call times out half of this before its lease expires."
LOOKUP_DELAY_MS = 2_000
MAX_LOOKUP_DELAY_MS = 60_000
RETRY_DELAY_MS = 10_000
PROBE_WAIT_MS = 1_000
UPLOAD_SECONDS = 240.0
"For up to ten input pictures, or twelve references."


async def submit_step(step: StepLease) -> None:
    """Runs the submit step of one attempt. Of two concurrent calls the one without the lease stops before it sends."""
    attempt = step.attempt
    job = await Job.get(id=attempt.job_id)
    if job.status is not JobStatus.RUNNING:
        await end_attempt(attempt, AttemptOutcome.CANCELED)
        return
    account = await Account.get(id=attempt.account_id)
    if not await _can_send(attempt, job, account):
        return
    provider = pooled_provider(attempt.provider)
    request = GenerationRequest.from_json(job.params)
    try:
        credential = credential_of(account)
        async with asyncio.timeout(UPLOAD_SECONDS):
            uploads = await uploaded_materials(provider, credential, request, job.owner)
        order = order_of(request, uploads)
    except UpstreamFaultError as fault:
        await handle_provider_error(attempt, fault, was_accepted=False, session_hash=account.session_hash)
        return
    except TimeoutError:
        message = "Uploading the input pictures timed out."
        timeout = UpstreamFaultError(FaultKind.UPSTREAM_FAULT, JobErrorCode.NETWORK_ERROR, message)
        await handle_provider_error(attempt, timeout, was_accepted=False)
        return
    except JobFailure as failure:
        if failure.is_retryable:
            await _reschedule(attempt, job, failure.message)
        else:
            await _fail(attempt, job, failure)
        return
    except OSError:
        await _reschedule(attempt, job, "The input pictures cannot be read from the storage.")
        return
    await note_balance(attempt, provider, credential)
    if not await mark_sent(attempt, provider.call_timeout_seconds + LEASE_MARGIN_SECONDS):
        return
    await _send(attempt, job, provider, account, order)


async def _can_send(attempt: Attempt, job: Job, account: Account) -> bool:
    """Whether the attempt may still be sent; if not, it ends and the job waits for another account.

    A cooldown that another job caused since the placement counts, so that a refused request is not repeated. A probe
    may be sent, and so may an attempt that has waited for its account's cooldown.
    """
    if account.deleted_at is not None:
        await _release_account(attempt, job, "The account was deleted.")
        return False
    if account.status is not AccountStatus.ACTIVE:
        await _release_account(attempt, job, "The account is not active.")
        return False
    if job.batch_id is not None and not attempt.sends and await is_paused_by_hand(job.batch_id):
        await _release_account(attempt, job, "The batch is paused.")
        return False
    if (held := await held_reason(account, attempt.id, attempt.kind, attempt.model)) is not None:
        reason, wait_ms = held
        if attempt.sends and attempt.error is None:
            await move(attempt, AttemptState.PLACED, due_in_ms=wait_ms)
        else:
            await _release_account(attempt, job, reason)
        return False
    if attempt.error is not None and await is_probed_by_another(attempt):
        await move(attempt, AttemptState.PLACED, due_in_ms=PROBE_WAIT_MS)
        return False
    # A retry that the decision table ordered after a refusal is stopped only by a cooldown of the model or of the
    # whole account (risk control).
    condition = "" if attempt.error is None else " AND (model <> '' OR kind = '')"
    rows = await execute(
        "SELECT reason FROM account_cooldown WHERE account_id = ?"
        f" AND until_ms > {now_ms_sql()} AND kind IN ('', ?) AND model IN ('', ?){condition}"
        " ORDER BY until_ms DESC",
        account.id,
        attempt.kind.value,
        attempt.model,
    )
    if not rows:
        return True
    await _release_account(attempt, job, f"The account is in cooldown: {rows[0]['reason']}")
    return False


async def _reschedule(attempt: Attempt, job: Job, reason: str) -> None:
    """Schedules a retry on the same account after a failure on this server, without a limit on the retries."""
    message = f"Retrying: {reason}"
    await _move_with_message(attempt, job, AttemptState.PLACED, RETRY_DELAY_MS, message)


async def _move_with_message(attempt: Attempt, job: Job, to: AttemptState, due_in_ms: int, message: str) -> None:
    async def body() -> None:
        if await move(attempt, to, due_in_ms=due_in_ms):
            await update_progress(job.id, None, done=None, message=message)

    await transaction(body)


async def _send(attempt: Attempt, job: Job, provider: PooledProvider, account: Account, order: GenerationOrder) -> None:
    try:
        async with asyncio.timeout(provider.call_timeout_seconds + LEASE_MARGIN_SECONDS / 2):
            accepted = await provider.submit(credential_of(account), order, attempt.submit_id)
    except UpstreamFaultError as fault:
        if attempt.sends > 1:
            # The first request may have been accepted all the same; the refusal of the second does not tell.
            log.info("attempt.resend_refused", attempt=attempt.global_id, kind=fault.kind.value)
        await handle_provider_error(attempt, fault, was_accepted=False, session_hash=account.session_hash)
    except (SubmitUnknownError, TimeoutError) as error:
        await _record_unknown(attempt, job, error)
    else:
        await record_acceptance(attempt, job, accepted)


async def _record_unknown(attempt: Attempt, job: Job, error: Exception) -> None:
    """Schedules the first lookup by submit id, and counts the failure on the account at once. A wait that the response
    asked for holds for further submits; a lookup, which may find a paid task, comes after MAX_LOOKUP_DELAY_MS at most.
    """
    reason = str(error) or "The provider did not answer in time."
    fault = error.fault if isinstance(error, SubmitUnknownError) else None
    log.warning("attempt.submit_unknown", attempt=attempt.global_id, error=reason)
    asked_ms = int((fault.retry_after_seconds or 0.0) * 1000) if fault is not None else 0
    wait_ms = min(max(LOOKUP_DELAY_MS, asked_ms), MAX_LOOKUP_DELAY_MS)
    told = fault or UpstreamFaultError(FaultKind.SUBMIT_LOST, JobErrorCode.NETWORK_ERROR, reason)
    unknown = JobError(told.code, reason, True, told.upstream_code, FaultKind.SUBMIT_LOST.value, told.log_id)

    async def body() -> None:
        if await move(attempt, AttemptState.SENT, due_in_ms=wait_ms, error=unknown):
            message = f"{reason} Checking whether the provider has the task."
            await update_progress(job.id, None, done=None, message=message)
            await count_unknown_submit(attempt, fault, reason, random=random.random())

    await transaction(body)


async def record_acceptance(attempt: Attempt, job: Job, accepted: Accepted) -> bool:
    """Stores the history id, counts the task for the quota day, and schedules the first poll; returns False if the
    lease is lost.
    """
    samples = await durations(attempt.provider, attempt.model, attempt.kind)
    # A manual attempt is not polled: its due time is when its slot is freed, after the usual duration.
    first_ms = first_poll_ms(attempt.kind, samples, roll=random.random())
    if attempt.is_manual:
        first_ms = usual_ms(attempt.kind, samples)
    day = quota_day(datetime.now(UTC), get_settings().timezone)
    # A slot that was freed because the task was missing is taken again: upstream works on it after all.
    retaken: dict[str, None] = {"released_at_ms": None} if attempt.missing_since_ms is not None else {}

    async def body() -> bool:
        moved = await move(
            attempt,
            AttemptState.ACCEPTED,
            due_in_ms=first_ms,
            accepted_at_ms=now_sql(),
            last_poll_at_ms=now_sql(),
            failures=0,
            history_id=accepted.history_id,
            quota_day=day,
            missing_since_ms=None,
            **retaken,
            credits_spent=attempt.credits_expected,
            **settling(is_price_known=attempt.credits_expected is not None),
            error=NULL,
            upstream={"status": 20, "taskType": attempt.kind.value, "itemCount": 0, "results": []},
        )
        if not moved:
            return False
        await record_accepted(attempt, day)
        await record_credits(job, attempt.credits_expected)
        if (spent := attempt.credits_expected) is not None:
            after_commit(lambda: record_credits_spent(attempt.provider, attempt.model, spent))
        await update_progress(job.id, None, done=0.02, message="Accepted by the provider.")
        return True

    return await transaction(body)


def order_of(request: GenerationRequest, uploads: Sequence[UploadedFile]) -> GenerationOrder:
    """The request in the form that providers take. uploads: what the provider has of the request's materials, in their
    order.
    """
    values = {field.name: getattr(request, field.name) for field in fields(GenerationOrder) if field.name in PARAMETERS}
    values |= {
        "negative_prompt": request.negative_prompt or "",
        "inputs": tuple(upload.uri for upload in uploads[: len(request.inputs)]),
        "references": (),
    }
    if request.references and uploads:
        values |= _referring(request, uploads[len(request.inputs) :])
    return GenerationOrder(kind=request.kind.value, model=request.model, **values)


def _referring(request: GenerationRequest, uploads: Sequence[UploadedFile]) -> dict[str, object]:
    places = {normalised_name(reference.name): place for place, reference in enumerate(request.references)}
    return {
        "references": tuple(
            OrderedReference((reference.kind or MediaKind.IMAGE).value, upload)
            for reference, upload in zip(request.references, uploads, strict=True)
        ),
        "prompt_parts": tuple(
            part.text if isinstance(part, Words) else places.get(part.name or "", f"@{part.said}")
            for part in parts_of(request.prompt, places)
        ),
    }


async def _release_account(attempt: Attempt, job: Job, reason: str) -> None:
    async def body() -> None:
        if await end_attempt(attempt, AttemptOutcome.SWITCHED):
            await requeue(job, reason)

    await transaction(body)


async def _fail(attempt: Attempt, job: Job, failure: JobFailure) -> None:
    """Ends the attempt and the job: the fault is not the account's, so another account would not help."""
    fault = UpstreamFaultError(FaultKind.INVALID_INPUT, failure.code, failure.message)
    error = error_of(fault, is_retryable=failure.is_retryable)

    async def body() -> None:
        if await end_attempt(attempt, AttemptOutcome.FAILED, error):
            await fail_generation(job, error)

    await transaction(body)
