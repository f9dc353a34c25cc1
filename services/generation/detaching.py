"""Time-outs: an attempt without a result in time is detached. Its job fails; it is polled slowly and keeps its slot.

A late result is still published. Another account is tried only if the caller's strategy allows it, since both results
may have to be paid for.
"""

from models.database import now_ms, transaction
from models.enums import AttemptState, MediaKind
from models.generation import Attempt
from models.generation_requests import GenerationRequest
from models.job_errors import JobError
from models.jobs import Job
from services.accounts.pool.account_updates import count_failure
from services.accounts.pool.timing import DETACHED_INTERVAL_MS, jittered_ms
from services.generation.outcomes import fail_generation, requeue, timeout_error
from services.stores import attempts as store
from settings import Settings, get_settings


def timeout_seconds(kind: MediaKind, settings: Settings) -> float:
    return settings.image_timeout_seconds if kind is MediaKind.IMAGE else settings.video_timeout_seconds


def _why(attempt: Attempt) -> str:
    """What is known of a task without a result in time, as a sentence; empty if upstream just works on it."""
    if attempt.state is AttemptState.SENT:
        told = JobError.from_json(attempt.error)
        return f"It is not known whether the provider has the task. {told.message if told else ''}".strip()
    return "The provider's answers lack the task." if attempt.missing_since_ms is not None else ""


async def detach(attempt: Attempt, *, roll: float, queued_ms: int | None = None) -> bool:
    """Detaches a sent attempt that has timed out; returns whether it did. The time counts from its first send.

    Time in the provider's queue (queued_ms) does not count. Draining attempts have no time-out, and of manual ones only
    those whose submit is unknown.
    roll: a random number from 0 to 1, for the delay until the next poll.
    """
    since_ms = min((at for at in (attempt.sent_at_ms, attempt.accepted_at_ms) if at is not None), default=None)
    is_untimed = attempt.is_manual and attempt.state is not AttemptState.SENT
    if attempt.is_draining or is_untimed or attempt.is_detached or since_ms is None:
        return False
    seconds = timeout_seconds(attempt.kind, get_settings())
    waited_ms = await now_ms() - since_ms - (attempt.queued_ms if queued_ms is None else queued_ms)
    if waited_ms < seconds * 1000:
        return False
    job = await Job.get(id=attempt.job_id)
    strategy = GenerationRequest.from_json(job.params).strategy
    error = timeout_error(seconds, why=_why(attempt))

    is_switching = strategy.switch_on_timeout and attempt.number < strategy.max_attempts

    async def body() -> bool:
        lease = store.lease_of(attempt)
        later_ms = jittered_ms(DETACHED_INTERVAL_MS, roll)
        if not await store.detach(lease, error, later_ms=later_ms, is_switching=is_switching):
            return False
        await count_failure(attempt.account_id, attempt.kind, error.message, random=roll)
        if is_switching:
            await requeue(job, "Switching to another account: there was no result in time.")
        else:
            await fail_generation(job, error)
        return True

    return await transaction(body)
