"""Submits without a response: looked up by submit id, and sent again once the provider certainly has no such task."""

import structlog

from errors import JobErrorCode
from models.database import now_ms
from models.enums import AttemptState
from models.generation import Attempt
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
    """Resolves a submit without a response. A task that was found is recorded as accepted. The request is sent again
    when it must have arrived by now and the provider has reported no such task for the whole window.

    task: as found by submit id. roll: a random number from 0 to 1, for the delay until the next lookup.
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
        moment_ms - (attempt.sent_at_ms or moment_ms) >= arrived_by_ms
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
    elif attempt.is_draining or attempt.is_detached:  # its job has ended, or runs on another account
        await handle_provider_error(attempt, _never_arrived(), was_accepted=False)
    else:
        log.info("attempt.resubmitted", attempt=attempt.global_id)
        await move(attempt, AttemptState.PLACED, due_in_ms=0, missing_since_ms=None)


def _never_arrived() -> UpstreamFaultError:
    return UpstreamFaultError(FaultKind.UNKNOWN, JobErrorCode.NETWORK_ERROR, "The provider never received the request.")
