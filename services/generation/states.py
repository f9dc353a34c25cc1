"""What upstream told of tasks, written down: running, done, failed, or not in the answer."""

from collections.abc import Mapping, Sequence

from errors import JobErrorCode
from models.database import now_ms, transaction
from models.enums import AttemptOutcome, AttemptState
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import FaultKind, TaskPhase, UpstreamFaultError, UpstreamTask
from services.accounts.pool.timing import DETACHED_INTERVAL_MS, jittered_ms, missing_poll_ms, next_poll_ms
from services.generation.attempts import end_attempt
from services.generation.detaching import detach
from services.generation.faults import handle_provider_error
from services.generation.outcomes import update_progress
from services.generation.telemetry import record_task_done
from services.generation.timings import durations, record_times
from services.stores.attempts import move

HOPELESS_MS = 24 * 3600 * 1000
"""A task that nobody waits for any more, and that upstream has not told of for so long, will not come."""


async def record_states(attempts: Sequence[Attempt], tasks: Mapping[str, UpstreamTask], *, roll: float) -> int:
    """Writes down what upstream told of tasks by history id; returns how many slots that freed. roll: from 0 to 1, by
    chance, for the waits until they are asked about again.
    """
    freed = 0
    for attempt in attempts:
        task = tasks.get(str(attempt.history_id))
        if task is None:
            await _record_missing(attempt, roll)
        elif task.phase is TaskPhase.DONE:
            freed += await record_done(attempt, task)
        elif task.phase is TaskPhase.FAILED:
            fault = task.fault or UpstreamFaultError(
                FaultKind.GENERATION_FAILED, JobErrorCode.SERVER_ERROR, "Upstream could not make it."
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
    if age_ms - queued_ms > HOPELESS_MS and await abandon_attempt(attempt):
        return
    samples = await durations(attempt.provider, attempt.model, attempt.kind)
    wait_ms: int | None
    if is_left_alone(attempt):
        wait_ms = _until_slot_is_freed(attempt, moment_ms)
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
        )
        if moved and not attempt.is_detached and not attempt.is_draining:
            job = await Job.get(id=attempt.job_id)
            await update_progress(job.id, job.parent_id, done=_progress(task), message=_message(task))

    await transaction(body)


async def record_done(attempt: Attempt, task: UpstreamTask) -> int:
    """Upstream is done: the slot is free, the result is to be fetched. Returns 1 where that held."""
    moment_ms = await now_ms()
    duration_ms = duration_of(attempt, task, moment_ms)

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
            upstream={**upstream_of(task), "raw": dict(task.raw)},
        )
        if moved and not attempt.is_draining:
            await update_progress(attempt.job_id, None, done=0.9, message="Storing the result.")
        return moved

    if not await transaction(body):
        return 0
    await record_task_done(attempt, moment_ms)
    if duration_ms is not None:
        held_ms = held_for(attempt, moment_ms)
        await record_times(attempt.provider, attempt.model, attempt.kind, duration_ms=duration_ms, held_ms=held_ms)
    return 1


def held_for(attempt: Attempt, moment_ms: int) -> int | None:
    """Milliseconds for which it held its slot until now; None where it was waited for again in a later run, or gave
    its slot up before.
    """
    if attempt.run > 0 or attempt.released_at_ms is not None or not attempt.placed_at_ms:
        return None
    return moment_ms - int(attempt.placed_at_ms)


def duration_of(attempt: Attempt, task: UpstreamTask, moment_ms: int) -> int | None:
    """Milliseconds that upstream worked on it: by upstream's own times where it tells them (whole seconds, so one more
    is counted), at most what was seen from here; None where a pause spoils the measure.
    """
    if attempt.is_manual or attempt.is_detached or attempt.accepted_at_ms is None:
        return None
    seen_ms: int = moment_ms - int(attempt.accepted_at_ms) - attempt.queued_ms
    if task.created_at is not None and task.finished_at is not None and task.finished_at >= task.created_at:
        whole = 0 if task.finished_at % 1 else 1000
        told_ms = int((task.finished_at - task.created_at) * 1000) + whole - attempt.queued_ms
        return int(max(0, min(seen_ms, told_ms)))
    return seen_ms


async def abandon_attempt(attempt: Attempt) -> bool:
    """Ends an attempt that nobody waits for any more, so that its slot is not kept for ever; whether it did."""
    if not (attempt.is_detached or attempt.is_draining):
        return False
    return await end_attempt(attempt, AttemptOutcome.CANCELED if attempt.is_draining else AttemptOutcome.FAILED)


async def _record_missing(attempt: Attempt, roll: float) -> None:
    """Not in the answer: answers are only eventually consistent. Its age still counts towards the time-out."""
    moment_ms = await now_ms()
    if not attempt.is_detached and await detach(attempt, roll=roll):
        return
    since_ms = attempt.missing_since_ms or moment_ms
    if moment_ms - since_ms > HOPELESS_MS and await abandon_attempt(attempt):
        return
    wait_ms: int | None
    if is_left_alone(attempt):
        wait_ms = _until_slot_is_freed(attempt, moment_ms)
    else:
        wait_ms = missing_poll_ms(missing_ms=moment_ms - since_ms, is_detached=attempt.is_detached, roll=roll)
    await move(
        attempt,
        AttemptState.ACCEPTED,
        due_in_ms=wait_ms,
        polls=attempt.polls + 1,
        last_poll_at_ms=moment_ms,
        missing_since_ms=since_ms,
    )


def is_left_alone(attempt: Attempt) -> bool:
    """Whether nobody asks about it unasked: a manual one, until it is canceled and drains."""
    return attempt.is_manual and not attempt.is_draining


def _until_slot_is_freed(attempt: Attempt, moment_ms: int) -> int | None:
    """A manual attempt's due time is that of its slot, and asking does not change it; None where it is free already."""
    return None if attempt.due_at_ms is None else max(0, attempt.due_at_ms - moment_ms)


def upstream_of(task: UpstreamTask) -> dict[str, object]:
    """A task's state as attempts keep it."""
    return {
        "status": task.status,
        "taskType": task.kind,
        "failCode": task.fail_code,
        "itemCount": task.item_count,
        "results": list(task.links),
        "queuePosition": task.queue_position,
    }


def _progress(task: UpstreamTask) -> float | None:
    return None if task.progress is None else 0.02 + 0.85 * min(1.0, max(0.0, task.progress))


def _message(task: UpstreamTask) -> str:
    if task.queue_position:
        return f"Queued upstream, {task.queue_position} before this."
    return "Upstream is working on it."
