"""Storing the task states that the provider reports: running, done, failed, or missing from the response."""

from collections.abc import Mapping, Sequence

from errors import JobErrorCode
from models.database import now_ms, transaction
from models.enums import AttemptState
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import FaultKind, TaskPhase, UpstreamFaultError, UpstreamTask
from services.accounts.pool.timing import DETACHED_INTERVAL_MS, jittered_ms, next_poll_ms
from services.generation.detaching import detach
from services.generation.faults import handle_provider_error
from services.generation.missing import (
    ABANDON_AFTER_MS,
    abandon_attempt,
    is_unpolled,
    record_missing,
    slot_release_wait_ms,
)
from services.generation.outcomes import update_progress
from services.generation.telemetry import record_task_done
from services.generation.timings import durations, record_times
from services.notifications.alerts.missing_tasks import record_found
from services.stores.attempts import move


async def record_states(attempts: Sequence[Attempt], tasks: Mapping[str, UpstreamTask], *, roll: float) -> int:
    """Stores the reported state of each attempt's task; returns how many slots became free. tasks: by history id.
    roll: a random number from 0 to 1, for the delay until the next poll.
    """
    freed = 0
    for attempt in attempts:
        task = tasks.get(str(attempt.history_id))
        if task is None:
            freed += await record_missing(attempt, roll)
        elif task.phase is TaskPhase.DONE:
            freed += await record_done(attempt, task)
        elif task.phase is TaskPhase.FAILED:
            fault = task.fault or UpstreamFaultError(
                FaultKind.GENERATION_FAILED, JobErrorCode.SERVER_ERROR, "The provider failed to generate it."
            )
            await handle_provider_error(
                attempt,
                fault,
                was_accepted=True,
                upstream={**upstream_of(task), "raw": dict(task.raw)},
                polls=attempt.polls + 1,
            )
            freed += 1
        else:
            await _record_running(attempt, task, roll)
    return freed


async def _record_running(attempt: Attempt, task: UpstreamTask, roll: float) -> None:
    moment_ms = await now_ms()
    queued_ms = attempt.queued_ms
    if task.queue_position:
        queued_ms += max(0, moment_ms - (attempt.last_poll_at_ms or moment_ms))
    attempt.queued_ms = queued_ms
    if not attempt.is_detached and await detach(attempt, roll=roll, queued_ms=queued_ms):
        return
    age_ms = moment_ms - (attempt.accepted_at_ms or moment_ms)
    if age_ms - queued_ms > ABANDON_AFTER_MS and await abandon_attempt(attempt):
        return
    samples = await durations(attempt.provider, attempt.model, attempt.kind)
    # A slot that was freed because the task was missing is taken again: upstream works on it after all.
    is_back = attempt.missing_since_ms is not None and not is_unpolled(attempt)
    retaken: dict[str, None] = {"released_at_ms": None} if is_back else {}
    wait_ms: int | None
    if is_unpolled(attempt):
        wait_ms = slot_release_wait_ms(attempt, moment_ms)
    elif attempt.is_detached:
        wait_ms = jittered_ms(DETACHED_INTERVAL_MS, roll)
    else:
        wait_ms = next_poll_ms(attempt.kind, samples, age_ms=age_ms, queue_position=task.queue_position, roll=roll)

    async def body() -> None:
        moved = await move(
            attempt,
            AttemptState.ACCEPTED,
            due_in_ms=wait_ms,
            polls=attempt.polls + 1,
            queued_ms=queued_ms,
            last_poll_at_ms=moment_ms,
            missing_since_ms=None,
            upstream=upstream_of(task),
            **retaken,
        )
        if moved and attempt.missing_since_ms is not None:
            await record_found(attempt)
        if moved and not attempt.is_detached and not attempt.is_draining:
            job = await Job.get(id=attempt.job_id)
            await update_progress(job.id, job.parent_id, done=_progress(task), message=_message(task))

    await transaction(body)


async def record_done(attempt: Attempt, task: UpstreamTask) -> int:
    """The provider is done: frees the slot and schedules the fetch of the result. Returns 1, or 0 if
    the lease is lost.
    """
    moment_ms = await now_ms()
    duration_ms = task_duration_ms(attempt, task, moment_ms)

    async def body() -> bool:
        moved = await move(
            attempt,
            AttemptState.FETCHING,
            due_in_ms=0,
            polls=attempt.polls + 1,
            last_poll_at_ms=moment_ms,
            done_at_ms=moment_ms,
            fetch_since_ms=moment_ms,
            released_at_ms=attempt.released_at_ms or moment_ms,
            failures=0,
            missing_since_ms=None,
            upstream={**upstream_of(task), "raw": dict(task.raw)},
        )
        if moved and not attempt.is_draining:
            await update_progress(attempt.job_id, None, done=0.9, message="Storing the result.")
        if moved and attempt.missing_since_ms is not None:
            await record_found(attempt)
        return moved

    if not await transaction(body):
        return 0
    await record_task_done(attempt, moment_ms)
    if duration_ms is not None:
        held_ms = slot_held_ms(attempt, moment_ms)
        await record_times(attempt.provider, attempt.model, attempt.kind, duration_ms=duration_ms, held_ms=held_ms)
    return 1


def slot_held_ms(attempt: Attempt, moment_ms: int) -> int | None:
    """Milliseconds for which the attempt has held its slot; None if a retry resumed it, or if its slot
    is free already.
    """
    if attempt.run > 0 or attempt.released_at_ms is not None or not attempt.placed_at_ms:
        return None
    return moment_ms - int(attempt.placed_at_ms)


def task_duration_ms(attempt: Attempt, task: UpstreamTask, moment_ms: int) -> int | None:
    """Milliseconds that the provider worked on the task: from the provider's own times if it reports them (in whole
    seconds, so one second is added), at most the time observed here. None if the attempt was not polled regularly.
    """
    if attempt.is_manual or attempt.is_detached or attempt.accepted_at_ms is None:
        return None
    observed_ms: int = moment_ms - int(attempt.accepted_at_ms) - attempt.queued_ms
    if task.created_at is not None and task.finished_at is not None and task.finished_at >= task.created_at:
        rounding_ms = 0 if task.finished_at % 1 else 1000
        reported_ms = int((task.finished_at - task.created_at) * 1000) + rounding_ms - attempt.queued_ms
        return int(max(0, min(observed_ms, reported_ms)))
    return observed_ms


def upstream_of(task: UpstreamTask) -> dict[str, object]:
    """A task's state as stored in Attempt.upstream."""
    return {
        "status": task.status,
        "taskType": task.kind,
        "failCode": task.fail_code,
        "itemCount": task.item_count,
        "expectedCount": task.expected_count,
        "finishedCount": task.finished_count,
        "results": list(task.links),
        "queuePosition": task.queue_position,
    }


def _progress(task: UpstreamTask) -> float | None:
    return None if task.progress is None else 0.02 + 0.85 * min(1.0, max(0.0, task.progress))


def _message(task: UpstreamTask) -> str:
    if task.queue_position:
        return f"Queued at the provider, {task.queue_position} ahead."
    return "The provider is generating it."
