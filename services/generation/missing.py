"""Tasks that the provider's answers lack: missing is not running.

Answers are only eventually consistent, so a task is taken to run for a while. After `missing_task_seconds` without it
its slot is free, and an alert says so; it is still looked for slowly, and a late result is stored. Only answers count:
a query that fails says nothing about a task.
"""

import structlog

from models.database import now_ms, transaction
from models.enums import AttemptOutcome, AttemptState
from models.generation import Attempt
from models.jobs import Job
from services.accounts.pool.timing import MISSING_MS, missing_poll_ms
from services.generation.attempts import end_attempt
from services.generation.detaching import detach
from services.generation.outcomes import update_progress
from services.notifications.alerts.missing_tasks import record_missing_task
from services.stores.attempts import UNSEEN_MS, move
from settings import get_settings

log = structlog.get_logger(__name__)

ABANDON_AFTER_MS = 24 * 3600 * 1000
"""A task that no job waits for is given up when the provider has not finished it, or not reported it, for this long."""


async def record_missing(attempt: Attempt, roll: float) -> int:
    """Records that a query succeeded and its answer lacks the attempt's task; returns how many slots became free.

    The time-out of the job goes on. A task that was canceled is given up after UNSEEN_MS, since nobody waits for it; a
    retry of its job asks for it again.

    roll: a random number from 0 to 1, for the delay until the next poll.
    """
    moment_ms = await now_ms()
    if not attempt.is_detached and await detach(attempt, roll=roll):
        return 0
    since_ms = attempt.missing_since_ms or moment_ms
    missing_ms = moment_ms - since_ms
    bound_ms = UNSEEN_MS if attempt.is_draining else int(get_settings().missing_task_seconds * 1000)
    is_given_up = missing_ms >= (UNSEEN_MS if attempt.is_draining else ABANDON_AFTER_MS)
    if is_given_up and await abandon_attempt(attempt):
        return 0 if attempt.released_at_ms else 1
    is_released = attempt.released_at_ms is None and missing_ms >= bound_ms
    wait_ms: int | None
    if is_unpolled(attempt):
        wait_ms = slot_release_wait_ms(attempt, moment_ms)
    else:
        wait_ms = missing_poll_ms(missing_ms=missing_ms, is_detached=attempt.is_detached, roll=roll)
        if missing_ms < bound_ms:
            wait_ms = min(wait_ms, max(bound_ms - missing_ms, 1_000))

    async def body() -> bool:
        moved = await move(
            attempt,
            AttemptState.ACCEPTED,
            due_in_ms=wait_ms,
            polls=attempt.polls + 1,
            last_poll_at_ms=moment_ms,
            missing_since_ms=since_ms,
            **({"released_at_ms": moment_ms} if is_released else {}),
        )
        if not moved or attempt.is_draining:
            return moved
        if is_released:
            job = await Job.get(id=attempt.job_id)
            await record_missing_task(attempt, job.global_id, lasting(missing_ms))
        if not attempt.is_detached and (is_released or missing_ms > MISSING_MS):
            message = f"The provider's answers have lacked the task for {lasting(missing_ms)}. It is still looked for."
            await update_progress(attempt.job_id, None, done=None, message=message)
        return moved

    if not await transaction(body) or not is_released:
        return 0
    log.info("attempt.missing_released", attempt=attempt.global_id, missing_ms=missing_ms)
    return 1


def lasting(duration_ms: int) -> str:
    """A duration in words: seconds, or minutes from 90 seconds on."""
    return f"{duration_ms / 60_000:.0f} minutes" if duration_ms >= 90_000 else f"{duration_ms / 1000:.0f} seconds"


async def abandon_attempt(attempt: Attempt) -> bool:
    """Ends a detached or draining attempt, so that its slot is not kept for ever; returns whether it did."""
    if not (attempt.is_detached or attempt.is_draining):
        return False
    return await end_attempt(attempt, AttemptOutcome.CANCELED if attempt.is_draining else AttemptOutcome.FAILED)


def is_unpolled(attempt: Attempt) -> bool:
    """Whether the attempt is not polled: a manual one, until it is canceled and drains."""
    return attempt.is_manual and not attempt.is_draining


def slot_release_wait_ms(attempt: Attempt, moment_ms: int) -> int | None:
    """Milliseconds until the slot of a manual attempt is freed, which is its due time and which a query does not
    change; None if the slot is free already.
    """
    return None if attempt.due_at_ms is None else max(0, attempt.due_at_ms - moment_ms)
