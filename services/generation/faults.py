"""Handling of provider errors: updates the account, the attempt and the job in one transaction."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import structlog

from models.accounts import Account
from models.database import execute, now_ms, transaction
from models.enums import AttemptOutcome, AttemptState
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.job_errors import SITE_TROUBLE, JobError
from models.jobs import Job
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.account_updates import apply_effect, clear_blame, share_blame
from services.accounts.pool.contradictions import contradicted_attempts
from services.accounts.pool.decisions import (
    FINAL,
    LIMITS,
    MAX_RISK_REFUSALS,
    RISKS,
    AccountEffect,
    Decision,
    FaultContext,
    JobMove,
    decide,
    family_of,
    is_about_the_job,
    is_in_doubt,
    may_be_paid,
)
from services.accounts.pool.site_troubles import is_of_site
from services.accounts.pool.waiting import counts_as_try
from services.generation.attempts import end_attempt
from services.generation.detaching import timeout_seconds
from services.generation.outcomes import error_of, fail_generation, requeue
from services.generation.telemetry import record_task_failed
from services.stores.attempts import move
from settings import get_settings

log = structlog.get_logger(__name__)

PROBE_MARGIN_MS = 1_000
"So much longer than the cooldown a job waits that has started it, so that another one becomes the probe."


async def handle_provider_error(
    attempt: Attempt,
    fault: UpstreamFaultError,
    *,
    was_accepted: bool,
    session_hash: str | None = None,
    **values: Any,
) -> Decision | None:
    """Applies the decision table to an error of an attempt; returns the decision, or None if the lease is lost or the
    attempt is draining or detached. Such an attempt only ends, since its job no longer depends on it.

    was_accepted: the provider had accepted the task. session_hash: of the session that was used, if known. values:
    further columns of the attempt to write.
    """
    log.info(
        "attempt.provider_error",
        attempt=attempt.global_id,
        kind=fault.kind.value,
        code=fault.upstream_code,
        log_id=fault.log_id,
        was_accepted=was_accepted,
    )

    if was_accepted:
        await record_task_failed(attempt, fault)

    async def body() -> Decision | None:
        job = await Job.get(id=attempt.job_id)
        context = await _context(attempt, job, fault, was_accepted)
        if await _is_of_site(attempt, fault, context):
            context = replace(context, is_site_trouble=True)
        decision = decide(fault.kind, context)
        if attempt.is_draining or attempt.is_detached:
            outcome = AttemptOutcome.CANCELED if attempt.is_draining else AttemptOutcome.FAILED
            if await end_attempt(attempt, outcome, error_of(fault, is_retryable=False), **values):
                await _apply(decision.account, attempt, fault, session_hash)
            return None
        if decision.job is JobMove.SAME or decision.job is JobMove.WAIT:
            await _apply(decision.account, attempt, fault, session_hash)
            wait_ms = int(decision.delay_seconds * 1000)
            if decision.job is JobMove.WAIT:
                wait_ms = max(wait_ms, await _cooldown_ms(attempt) + PROBE_MARGIN_MS)
            error = error_of(fault, is_retryable=True)
            failures = attempt.failures + 1
            if not await move(
                attempt, AttemptState.PLACED, due_in_ms=wait_ms, failures=failures, error=error, **values
            ):
                return None
            return decision
        outcome = AttemptOutcome.SWITCHED if decision.job is JobMove.NEXT else AttemptOutcome.FAILED
        error = error_of(fault, is_retryable=decision.job is JobMove.NEXT)
        if context.is_site_trouble and not may_be_paid(fault.kind, context):
            error = replace(error, kind=SITE_TROUBLE)
        if not await end_attempt(attempt, outcome, error, **values):
            return None
        await _apply(decision.account, attempt, fault, session_hash)
        if is_about_the_job(fault.kind, context):
            await clear_blame(job.id, attempt.kind, fault.kind, await _refused_by(job))
        elif decision.job is JobMove.FAIL and is_in_doubt(fault.kind, context):
            await share_blame(job.id)
        if decision.job is JobMove.NEXT:
            await requeue(job, _message(fault, decision, context), due_in_ms=int(decision.delay_seconds * 1000))
        else:
            final = error_of(fault, is_retryable=fault.kind not in FINAL)
            await fail_generation(job, replace(final, message=_reason(fault, context)))
        return decision

    return await transaction(body)


def _message(fault: UpstreamFaultError, decision: Decision, context: FaultContext) -> str:
    """What a job says that goes on."""
    if context.is_site_trouble:
        return f"Waiting: most accounts of the site meet the same fault. {fault.message}"
    if is_about_the_job(fault.kind, context) and decision.delay_seconds:
        return (
            f"Upstream refuses this job on accounts that take others, so it waits by itself and is sent again in"
            f" {decision.delay_seconds:.0f} s. {fault.message}"
        )
    return f"Switching to another account: {fault.message}"


def _reason(fault: UpstreamFaultError, context: FaultContext) -> str:
    """Why a job has failed."""
    if is_about_the_job(fault.kind, context):
        return (
            f"{fault.message} Accounts that take other jobs have refused this one, so the refusal is about this"
            " request: change it, or try again later with retryJob."
        )
    if fault.kind in RISKS and context.same_kind >= MAX_RISK_REFUSALS:
        return f"{fault.message} {context.same_kind} accounts have refused this job so; no further ones were asked."
    return fault.message


async def _is_of_site(attempt: Attempt, fault: UpstreamFaultError, context: FaultContext) -> bool:
    """Whether the fault is the whole site's. A job that accounts refuse which take others tells nothing about sites."""
    if is_about_the_job(fault.kind, context):
        return False
    account = await Account.get(id=attempt.account_id)
    return await is_of_site(account, fault, attempt.kind, attempt.model, job_id=attempt.job_id, attempt_id=attempt.id)


async def _refused_by(job: Job) -> list[int]:
    """The accounts of the job's attempts in this run."""
    attempts = Attempt.filter(job_id=job.id, run=job.retry_count)
    return sorted({int(row["account_id"]) for row in await attempts.values("account_id") if row["account_id"]})


async def _apply(effect: AccountEffect, attempt: Attempt, fault: UpstreamFaultError, session_hash: str | None) -> None:
    now = datetime.now(UTC)
    await apply_effect(effect, attempt, fault, random=random.random(), now=now, session_hash=session_hash)


async def _context(attempt: Attempt, job: Job, fault: UpstreamFaultError, was_accepted: bool) -> FaultContext:
    strategy = GenerationRequest.from_json(job.params).strategy
    others = Attempt.filter(job_id=job.id, run=job.retry_count).exclude(id=attempt.id)
    # An attempt that was moved to another account before anything was sent is not counted.
    columns = ("id", "error", "sends", "sent_at_ms")
    rows = [row for row in await others.values(*columns) if counts_as_try(row["sends"], row["error"])]
    errors = {row["id"]: JobError.from_json(row["error"]) for row in rows}
    kinds = {attempt_id: None if error is None else error.kind for attempt_id, error in errors.items()}
    kind = fault.kind
    alike = {attempt_id for attempt_id, name in kinds.items() if name in family_of(kind)}
    contradicted = await contradicted_attempts(attempt, kind)
    lost = FaultKind.SUBMIT_LOST.value
    # An attempt that waits on its account meets a limit several times.
    met = attempt.failures + 1 if kind in LIMITS else 1
    return FaultContext(
        was_accepted=was_accepted,
        asks_to_wait=fault.retry_after_seconds is not None,
        is_overdue=await _is_overdue(attempt, [row["sent_at_ms"] for row in rows if kinds[row["id"]] == lost]),
        step_failures=attempt.failures + 1,
        attempts=1 + len([name for name in kinds.values() if name not in LIMITS]),
        same_kind=1 + list(kinds.values()).count(kind.value),
        limits=met + len([name for name in kinds.values() if name in LIMITS]),
        contradictions=len(alike & contradicted) + (met if attempt.id in contradicted else 0),
        is_contradicted=attempt.id in contradicted,
        max_attempts=strategy.max_attempts,
        auto_switch_on_failure=strategy.auto_switch_on_failure,
        rate_limit_handling=strategy.rate_limit_handling,
    )


async def _is_overdue(attempt: Attempt, sent_before_ms: Sequence[int | None]) -> bool:
    """Whether the time-out has passed since the first of these submits and the attempt's own."""
    sent_ms = [at for at in (attempt.sent_at_ms, *sent_before_ms) if at is not None]
    bound_ms = timeout_seconds(attempt.kind, get_settings()) * 1000
    return bool(sent_ms) and await now_ms() - min(sent_ms) >= bound_ms


async def _cooldown_ms(attempt: Attempt) -> int:
    """Milliseconds until the account's cooldowns for this kind and model end; 1000 if there are none."""
    rows = await execute(
        "SELECT MAX(until_ms) AS until_ms FROM account_cooldown WHERE account_id = ? AND kind IN ('', ?)"
        " AND model IN ('', ?)",
        attempt.account_id,
        attempt.kind.value,
        attempt.model,
    )
    until = rows[0]["until_ms"]
    return 1_000 if until is None else max(1_000, int(until) - await now_ms())
