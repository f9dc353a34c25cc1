"""Submits without a readable answer: looked up by submit id, and given up once the provider certainly has no such task.

The job then goes to another account, or to the same one again after a cooldown where there is no other.
"""

import structlog

from errors import JobErrorCode
from models.database import now_ms
from models.enums import AttemptState
from models.generation import Attempt
from models.job_errors import JobError
from models.jobs import Job
from providers.pooled import Accepted, FaultKind, UpstreamFaultError, UpstreamTask
from services.accounts.pool.timing import UNCONFIRMED_INTERVAL_MS, jittered_ms
from services.generation.detaching import detach
from services.generation.faults import handle_provider_error
from services.generation.submitting import record_acceptance
from services.platform.providers import pooled_provider
from services.stores.attempts import move
from settings import get_settings

log = structlog.get_logger(__name__)


async def resolve_unconfirmed(attempt: Attempt, task: UpstreamTask | None, *, roll: float) -> None:
    """Resolves a submit without a readable answer. A task that was found is recorded as accepted. The attempt ends when
    the request must have arrived by now and the provider has reported no such task for the whole window.

    To be called only after a query that succeeded: a lookup that fails is no empty answer. task: as found by submit id.
    roll: a random number from 0 to 1, for the delay until the next lookup.
    """
    moment_ms = await now_ms()
    job = await Job.get(id=attempt.job_id)
    if task is not None:
        log.info("attempt.submit_confirmed", attempt=attempt.global_id)
        await record_acceptance(attempt, job, Accepted(task.history_id, task.raw))
        return
    if not attempt.is_detached and await detach(attempt, roll=roll):
        return
    arrived_by_ms = int(pooled_provider(attempt.provider).call_timeout_seconds * 1000)
    since_ms = attempt.missing_since_ms or moment_ms
    is_certain = (
        moment_ms - (attempt.last_sent_at_ms or attempt.sent_at_ms or moment_ms) >= arrived_by_ms
        and moment_ms - since_ms >= get_settings().unknown_submit_seconds * 1000
    )
    if not is_certain:
        await move(
            attempt,
            AttemptState.SENT,
            due_in_ms=jittered_ms(UNCONFIRMED_INTERVAL_MS, roll),
            polls=attempt.polls + 1,
            missing_since_ms=since_ms,
        )
    else:
        log.info("attempt.submit_lost", attempt=attempt.global_id, sends=attempt.sends)
        await handle_provider_error(attempt, _lost(attempt), was_accepted=False, missing_since_ms=None)


def _lost(attempt: Attempt) -> UpstreamFaultError:
    """What the attempt ends with: the reason why its submit was unknown, which it keeps as its error until then."""
    told = JobError.from_json(attempt.error) or JobError(
        JobErrorCode.NETWORK_ERROR, "The provider did not answer.", is_retryable=True
    )
    return UpstreamFaultError(
        FaultKind.SUBMIT_LOST,
        told.code,
        f"{told.message} The provider does not have the task.",
        upstream_code=told.upstream_code,
        log_id=told.log_id,
    )
