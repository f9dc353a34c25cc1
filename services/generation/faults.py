"""Handling of provider errors: updates the account, the attempt and the job in one transaction."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import structlog

from models.database import execute, now_ms, transaction
from models.enums import AttemptOutcome, AttemptState
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from providers.pooled import FaultKind, UpstreamFaultError
from services.accounts.pool.account_updates import apply_effect
from services.accounts.pool.decisions import AccountEffect, Decision, FaultContext, JobMove, decide
from services.accounts.pool.waiting import counts_as_try
from services.generation.attempts import end_attempt
from services.generation.detaching import timeout_seconds
from services.generation.outcomes import error_of, fail_generation, requeue
from services.generation.telemetry import record_task_failed
from services.stores.attempts import move
from settings import get_settings

log = structlog.get_logger(__name__)


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
        if attempt.is_draining or attempt.is_detached:
            outcome = AttemptOutcome.CANCELED if attempt.is_draining else AttemptOutcome.FAILED
            if await end_attempt(attempt, outcome, error_of(fault, is_retryable=False), **values):
                effect = decide(fault.kind, FaultContext(was_accepted=was_accepted)).account
                await _apply(effect, attempt, fault, session_hash)
            return None
        decision = decide(fault.kind, await _context(attempt, job, fault, was_accepted))
        if decision.job is JobMove.SAME or decision.job is JobMove.WAIT:
            await _apply(decision.account, attempt, fault, session_hash)
            wait_ms = int(decision.delay_seconds * 1000)
            if decision.job is JobMove.WAIT:
                wait_ms = await _cooldown_ms(attempt)
            error = error_of(fault, is_retryable=True)
            failures = attempt.failures + 1
            if not await move(
                attempt, AttemptState.PLACED, due_in_ms=wait_ms, failures=failures, error=error, **values
            ):
                return None
            return decision
        outcome = AttemptOutcome.SWITCHED if decision.job is JobMove.NEXT else AttemptOutcome.FAILED
        if not await end_attempt(
            attempt, outcome, error_of(fault, is_retryable=decision.job is JobMove.NEXT), **values
        ):
            return None
        await _apply(decision.account, attempt, fault, session_hash)
        if decision.job is JobMove.NEXT:
            await requeue(job, f"Switching to another account: {fault.message}")
        else:
            final = fault.kind in (FaultKind.CONTENT_REJECTED, FaultKind.INVALID_INPUT)
            await fail_generation(job, error_of(fault, is_retryable=not final))
        return decision

    return await transaction(body)


async def _apply(effect: AccountEffect, attempt: Attempt, fault: UpstreamFaultError, session_hash: str | None) -> None:
    now = datetime.now(UTC)
    await apply_effect(effect, attempt, fault, random=random.random(), now=now, session_hash=session_hash)


async def _context(attempt: Attempt, job: Job, fault: UpstreamFaultError, was_accepted: bool) -> FaultContext:
    strategy = GenerationRequest.from_json(job.params).strategy
    others = Attempt.filter(job_id=job.id, run=job.retry_count).exclude(id=attempt.id)
    # An attempt that was moved to another account before anything was sent is not counted.
    columns = ("error", "sends", "sent_at_ms", "history_id")
    rows = [row for row in await others.values(*columns) if counts_as_try(row["sends"], row["error"])]
    errors = [JobError.from_json(row["error"]) for row in rows]
    kinds = [None if error is None else error.kind for error in errors]
    limits = (FaultKind.RATE_LIMIT.value, FaultKind.CONCURRENCY_LIMIT.value)
    return FaultContext(
        was_accepted=was_accepted,
        asks_to_wait=fault.retry_after_seconds is not None,
        is_overdue=await _is_overdue(attempt, [row["sent_at_ms"] for row in rows if row["history_id"] is None]),
        step_failures=attempt.failures + 1,
        attempts=1 + len([name for name in kinds if name not in limits]),
        same_kind=1 + kinds.count(fault.kind.value),
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
