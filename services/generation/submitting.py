"""The submit step: uploads input pictures, marks the attempt as sent, sends the request, and stores the outcome.

Only a response with a readable error counts as a refusal. Any other failure leaves the outcome unknown: the poll step
looks the task up by its submit id, so that the request is sent only once.
"""

import asyncio
import random
from dataclasses import fields
from datetime import UTC, datetime

import structlog

from errors import JobErrorCode, JobFailure
from models.accounts import Account
from models.database import after_commit, execute, is_sqlite, now_ms_sql, transaction
from models.enums import AccountStatus, AttemptOutcome, AttemptState, JobStatus
from models.generation import Attempt
from models.generation_parameters import PARAMETERS
from models.generation_requests import GenerationRequest
from models.jobs import Job
from providers.pooled import (
    Accepted,
    Credential,
    FaultKind,
    GenerationOrder,
    PooledProvider,
    SubmitUnknownError,
    UpstreamFaultError,
)
from services.accounts.pool.account_updates import is_probed_by_another, record_accepted
from services.accounts.pool.quota import quota_day
from services.accounts.pool.site_troubles import held_reason
from services.accounts.pool.timing import first_poll_ms, usual_ms
from services.accounts.sessions import credential_of
from services.generation.attempts import StepLease, end_attempt, mark_sent
from services.generation.batches.pausing import is_paused_by_hand
from services.generation.faults import handle_provider_error
from services.generation.outcomes import error_of, fail_generation, requeue, update_progress
from services.generation.timings import durations
from services.notifications.statistics.events import record_credits
from services.platform.files import local_copies
from services.platform.metrics.recording import record_credits_spent
from services.platform.owned import places
from services.platform.providers import pooled_provider
from services.stores import account_usage
from services.stores.attempts import move
from services.stores.clock import now_sql
from settings import get_settings

log = structlog.get_logger(__name__)

LEASE_MARGIN_SECONDS = 15.0
"The submit call times out half of this before its lease expires."
LOOKUP_DELAY_MS = 2_000
RETRY_DELAY_MS = 10_000
PROBE_WAIT_MS = 1_000
UPLOAD_SECONDS = 240.0
"For up to ten input pictures."
URI_DAYS = 7


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
            uris = await _upload_inputs(provider, credential, request, job.owner)
        order = order_of(request, uris)
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
    if not await mark_sent(attempt, provider.call_timeout_seconds + LEASE_MARGIN_SECONDS):
        return
    await _send(attempt, job, provider, account, order)


async def _can_send(attempt: Attempt, job: Job, account: Account) -> bool:
    """Whether the attempt may still be sent; if not, it ends and the job waits for another account.

    A cooldown that another job caused since the placement counts, so that a refused request is not repeated. A probe
    may be sent, and so may an attempt that has waited for its account's cooldown. An unconfirmed submit that is to be
    sent again stays on its account and waits for the end of the cooldown.
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
        f"SELECT reason, until_ms - {now_ms_sql()} AS wait_ms FROM account_cooldown WHERE account_id = ?"
        f" AND until_ms > {now_ms_sql()} AND kind IN ('', ?) AND model IN ('', ?){condition}"
        " ORDER BY until_ms DESC",
        account.id,
        attempt.kind.value,
        attempt.model,
    )
    if not rows:
        return True
    if attempt.sends and attempt.error is None:
        await move(attempt, AttemptState.PLACED, due_in_ms=max(1_000, int(rows[0]["wait_ms"])))
    else:
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
        log.warning("attempt.submit_unknown", attempt=attempt.global_id, error=str(error))
        message = "The provider did not respond; checking whether it has the task."
        await _move_with_message(attempt, job, AttemptState.SENT, LOOKUP_DELAY_MS, message)
    else:
        await record_acceptance(attempt, job, accepted)


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
            credits_spent=attempt.credits_expected,
            error=None,
            upstream={"status": 20, "taskType": attempt.kind.value, "itemCount": 0, "results": []},
        )
        if not moved:
            return False
        await record_accepted(attempt, day)
        await record_credits(job, attempt.credits_expected or 0)
        spent = attempt.credits_expected or 0
        after_commit(lambda: record_credits_spent(attempt.provider, attempt.model, spent))
        await update_progress(job.id, None, done=0.02, message="Accepted by the provider.")
        return True

    return await transaction(body)


def order_of(request: GenerationRequest, uris: tuple[str, ...]) -> GenerationOrder:
    """The request in the form that providers take. uris: the provider's names of the input pictures, in order."""
    values = {field.name: getattr(request, field.name) for field in fields(GenerationOrder) if field.name in PARAMETERS}
    values |= {"negative_prompt": request.negative_prompt or "", "inputs": uris}
    return GenerationOrder(kind=request.kind.value, model=request.model, **values)


async def _upload_inputs(
    provider: PooledProvider, credential: Credential, request: GenerationRequest, owner: str
) -> tuple[str, ...]:
    """Uploads the input pictures and returns the provider's names for them, in order. A content that was uploaded to
    the account in the last URI_DAYS is not uploaded again.
    """
    digests = [image.sha256 for image in request.inputs if image.sha256 is not None]
    if not digests:
        return ()
    is_recent = f"created_at > {_days_ago_sql(URI_DAYS)}"
    rows = await execute(
        f"SELECT sha256, uri FROM uploaded_input WHERE account_id = ? AND {is_recent}"
        f" AND sha256 IN ({places(digests)})",
        credential.account_id,
        *digests,
    )
    known = {row["sha256"]: row["uri"] for row in rows}
    missing = {digest for digest in digests if digest not in known}
    paths = await local_copies(owner, missing) if missing else {}

    async def upload(digest: str) -> None:
        uri = await provider.upload(credential, paths[digest])
        known[digest] = uri
        await account_usage.write_upload(credential.account_id, digest, uri)

    outcomes = await asyncio.gather(*(upload(digest) for digest in missing), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome
    return tuple(known[digest] for digest in digests)


def _days_ago_sql(days: int) -> str:
    if is_sqlite():
        return f"strftime('%Y-%m-%d %H:%M:%f+00:00', 'now', '-{days} days')"
    return f"clock_timestamp() - interval '{days} days'"


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
