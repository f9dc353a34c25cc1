"""The poll step: asks upstream, for one account at a time and for all of its tasks in one request, how far they are.

Attempts whose submit had no answer are looked up by their submit ids in the same step. Only when upstream has kept
saying for a while that it does not have one is it sent again: under the same submit id, on the same account.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from errors import JobErrorCode
from models.accounts import Account
from models.database import execute, now_ms, now_ms_sql, transaction
from models.enums import AccountStatus, AttemptOutcome, AttemptState, MediaKind
from models.generation import Attempt
from models.jobs import Job
from providers.pooled import (
    Accepted,
    Credential,
    FaultKind,
    PooledProvider,
    TaskPhase,
    UpstreamFaultError,
    UpstreamTask,
)
from services.generation.attempts import move
from services.generation.detaching import detach
from services.generation.faults import settle_fault
from services.generation.outcomes import tell
from services.generation.submitting import note_acceptance
from services.generation.timings import durations, note_duration
from services.pool.effects import count_failure, take_out
from services.pool.timing import DETACHED_INTERVAL_MS, next_poll_ms
from services.providers import pooled_provider
from services.queue.sql import skip_locked_sql
from services.sessions import credential_of
from settings import get_settings

log = structlog.get_logger(__name__)

POLL_LEASE_SECONDS = 200.0
"Three requests with their retries end well before it."
LOOK_UP_INTERVAL_MS = 5_000
MISSING_MS = 60_000
"For so long a task may be missing from upstream's answers: it becomes visible late."
FAILED_POLL_MS = 5_000


@dataclass(frozen=True)
class PollClaim:
    """The right to ask upstream about an account's tasks."""

    account_id: int
    epoch: int


async def claim_accounts(most: int) -> list[PollClaim]:
    """Accounts that have an attempt to ask about now, and that nobody else is asking about."""
    if most < 1:
        return []
    rows = await execute(
        f"UPDATE account SET poll_epoch = poll_epoch + 1, poll_lease_until_ms = {now_ms_sql()} + ?"
        f" WHERE poll_lease_until_ms < {now_ms_sql()} AND id IN (SELECT id FROM account AS due"
        f" WHERE due.poll_lease_until_ms < {now_ms_sql()} AND due.id IN (SELECT account_id FROM attempt"
        f" WHERE state IN ('SENT', 'ACCEPTED') AND due_at_ms <= {now_ms_sql()}) ORDER BY due.poll_lease_until_ms"
        f" LIMIT ?{skip_locked_sql()}) RETURNING id, poll_epoch",
        int(POLL_LEASE_SECONDS * 1000),
        most,
    )
    return [PollClaim(row["id"], row["poll_epoch"]) for row in rows]


async def next_poll_due_ms() -> int | None:
    """Milliseconds until the next account can be asked (0: now); None where nothing is under way."""
    rows = await execute(
        f"SELECT MIN(attempt.due_at_ms) - {now_ms_sql()} AS wait FROM attempt JOIN account"
        " ON account.id = attempt.account_id WHERE attempt.state IN ('SENT', 'ACCEPTED')"
        f" AND account.poll_lease_until_ms < {now_ms_sql()}"
    )
    wait = rows[0]["wait"]
    return None if wait is None else max(0, int(wait))


async def give_back(claim: PollClaim) -> None:
    await execute(
        "UPDATE account SET poll_lease_until_ms = 0 WHERE id = ? AND poll_epoch = ? RETURNING id",
        claim.account_id,
        claim.epoch,
    )


async def poll_step(claim: PollClaim) -> int:
    """Asks about all tasks of one account; returns how many slots became free. Always gives the claim back."""
    try:
        account = await Account.get(id=claim.account_id)
        attempts = await Attempt.filter(
            account_id=account.id, state__in=[AttemptState.SENT, AttemptState.ACCEPTED]
        ).order_by("id")
        moment_ms = await now_ms()
        freed = 0
        for kind in MediaKind:
            freed += await _poll_kind(account, [attempt for attempt in attempts if attempt.kind is kind], moment_ms)
        return freed
    finally:
        await give_back(claim)


async def _poll_kind(account: Account, attempts: Sequence[Attempt], moment_ms: int) -> int:
    """Those that upstream has by history id and those that nobody knows of by submit id: at most two requests."""
    if not any(attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms for attempt in attempts):
        return 0
    provider = pooled_provider(attempts[0].provider)
    credential = credential_of(account)
    kind = attempts[0].kind
    known = [attempt for attempt in attempts if attempt.state is AttemptState.ACCEPTED and not attempt.is_manual]
    manual = [attempt for attempt in attempts if attempt.state is AttemptState.ACCEPTED and attempt.is_manual]
    # One that is being sent just now has its lease, and so its due time, ahead of it.
    lost = [
        attempt
        for attempt in attempts
        if attempt.state is AttemptState.SENT and attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms
    ]
    freed = 0
    for attempt in manual:
        if attempt.due_at_ms is not None and attempt.due_at_ms <= moment_ms:
            freed += await _free_manual_slot(attempt)
    for attempt in known:
        if attempt.is_draining and attempt.outcome is AttemptOutcome.RUNNING:
            await _ask_to_stop(provider, credential, attempt)
    if known:
        tasks = await _ask(provider, credential, kind, known, by_submit_id=False)
        if tasks is not None:
            freed += await note_states(known, tasks)
    if lost:
        tasks = await _ask(provider, credential, kind, lost, by_submit_id=True)
        if tasks is not None:
            for attempt in lost:
                await _settle_lost(attempt, tasks.get(attempt.submit_id))
    return freed


async def _ask(
    provider: PooledProvider,
    credential: Credential,
    kind: MediaKind,
    attempts: Sequence[Attempt],
    *,
    by_submit_id: bool,
) -> Mapping[str, UpstreamTask] | None:
    """What upstream says; None where it says nothing usable: then all are asked about again later."""
    ids = [attempt.submit_id if by_submit_id else str(attempt.history_id) for attempt in attempts]
    try:
        if by_submit_id:
            return await provider.query(credential, kind.value, submit_ids=ids)
        return await provider.query(credential, kind.value, history_ids=ids)
    except UpstreamFaultError as fault:
        await _note_deaf_account(credential.account_id, kind, fault)
        is_out = fault.kind in (FaultKind.SESSION_EXPIRED, FaultKind.PUNISHED)  # until a person renews it
        wait_ms = DETACHED_INTERVAL_MS if is_out else int((fault.retry_after_seconds or 0) * 1000) or FAILED_POLL_MS
        await _postpone(attempts, wait_ms)
        return None


async def _ask_to_stop(provider: PooledProvider, credential: Credential, attempt: Attempt) -> None:
    """Asks upstream once to drop what is not wanted any more; whether it does is seen by its state."""
    await Attempt.filter(id=attempt.id).update(outcome=AttemptOutcome.CANCELED)
    try:
        is_dropped = await provider.cancel(credential, attempt.kind.value, str(attempt.history_id))
    except UpstreamFaultError:
        is_dropped = False  # it ends by itself
    log.info("attempt.asked_to_stop", attempt=attempt.global_id, is_dropped=is_dropped)


async def _note_deaf_account(account_id: int, kind: MediaKind, fault: UpstreamFaultError) -> None:
    """A failed look loses nothing, but tells about the account: no session, or unreachable."""
    log.info("poll.failed", account=account_id, kind=fault.kind.value, code=fault.upstream_code, log_id=fault.log_id)

    async def body() -> None:
        if fault.kind is FaultKind.SESSION_EXPIRED:
            await take_out(account_id, AccountStatus.INACTIVE, fault.message)
        elif fault.kind is FaultKind.PUNISHED:
            await take_out(account_id, AccountStatus.BANNED, fault.message)
        elif fault.kind is FaultKind.UPSTREAM_FAULT:
            await count_failure(account_id, kind, fault.message, random=0.5)

    await transaction(body)


async def _postpone(attempts: Sequence[Attempt], wait_ms: int) -> None:
    """Asked about again later; what timed out meanwhile is detached by the look that succeeds, or by its age."""
    for attempt in attempts:
        if await detach(attempt):
            continue
        await move(attempt, attempt.state, due_in_ms=wait_ms)


async def note_states(attempts: Sequence[Attempt], tasks: Mapping[str, UpstreamTask]) -> int:
    """Writes down what upstream told of tasks by history id; returns how many slots that freed."""
    freed = 0
    for attempt in attempts:
        task = tasks.get(str(attempt.history_id))
        if task is None:
            await _note_missing(attempt)
        elif task.phase is TaskPhase.DONE:
            freed += await note_done(attempt, task)
        elif task.phase is TaskPhase.FAILED:
            await _note_raw(attempt, task)
            fault = task.fault or UpstreamFaultError(
                FaultKind.GENERATION_FAILED, JobErrorCode.SERVER_ERROR, "Upstream could not make it."
            )
            await settle_fault(attempt, fault, was_accepted=True)
            freed += 1
        else:
            await _note_running(attempt, task)
    return freed


async def _note_running(attempt: Attempt, task: UpstreamTask) -> None:
    moment_ms = await now_ms()
    queued_ms = attempt.queued_ms
    if task.queue_position:
        queued_ms += max(0, moment_ms - (attempt.last_poll_at_ms or moment_ms))
    attempt.queued_ms = queued_ms
    if not attempt.is_detached and await detach(attempt, queued_ms=queued_ms):
        return
    age_ms = moment_ms - (attempt.accepted_at_ms or moment_ms)
    samples = await durations(attempt.provider, attempt.model, attempt.kind)
    wait_ms: int | None
    if attempt.is_manual:  # its due time is that of its slot
        wait_ms = None if attempt.due_at_ms is None else max(0, attempt.due_at_ms - moment_ms)
    elif attempt.is_detached:
        wait_ms = DETACHED_INTERVAL_MS
    else:
        wait_ms = next_poll_ms(attempt.kind, samples, age_ms=age_ms, queue_position=task.queue_position)

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
            await tell(job.id, job.parent_id, progress=_progress(task), message=_message(task))

    await transaction(body)


async def note_done(attempt: Attempt, task: UpstreamTask) -> int:
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
            await tell(attempt.job_id, None, progress=0.9, message="Storing the result.")
        return moved

    if not await transaction(body):
        return 0
    if duration_ms is not None:
        await note_duration(attempt.provider, attempt.model, attempt.kind, duration_ms)
    return 1


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


async def _note_missing(attempt: Attempt) -> None:
    """Not in the answer: answers are only eventually consistent. Its age still counts towards the time-out."""
    moment_ms = await now_ms()
    if not attempt.is_detached and await detach(attempt):
        return
    since_ms = attempt.missing_since_ms or moment_ms
    wait_ms = DETACHED_INTERVAL_MS if attempt.is_detached else FAILED_POLL_MS
    if moment_ms - since_ms > MISSING_MS:
        wait_ms = DETACHED_INTERVAL_MS // 2
    await move(
        attempt,
        AttemptState.ACCEPTED,
        due_in_ms=wait_ms,
        polls=attempt.polls + 1,
        last_poll_at_ms=moment_ms,
        missing_since_ms=since_ms,
    )


async def _note_raw(attempt: Attempt, task: UpstreamTask) -> None:
    await Attempt.filter(id=attempt.id, lease_epoch=attempt.lease_epoch).update(
        upstream={**upstream_of(task), "raw": dict(task.raw)}, polls=attempt.polls + 1
    )


async def _free_manual_slot(attempt: Attempt) -> int:
    """After the usual time the slot of a task that nobody polls is taken to be free; its state stays open."""
    rows = await execute(
        f"UPDATE attempt SET released_at_ms = {now_ms_sql()}, due_at_ms = NULL WHERE id = ? AND state = 'ACCEPTED'"
        " AND is_manual AND released_at_ms IS NULL RETURNING id",
        attempt.id,
    )
    if not rows:
        await move(attempt, AttemptState.ACCEPTED, due_in_ms=None)
    return len(rows)


async def _settle_lost(attempt: Attempt, task: UpstreamTask | None) -> None:
    """A submit without an answer: found, it goes on. It is sent again when it must have arrived by now and upstream has
    said for the whole window that it does not have it.
    """
    moment_ms = await now_ms()
    job = await Job.get(id=attempt.job_id)
    if task is not None:
        log.info("attempt.found", attempt=attempt.global_id)
        await note_acceptance(attempt, job, Accepted(task.history_id, task.raw))
        return
    if not attempt.is_detached and await detach(attempt):
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
            due_in_ms=LOOK_UP_INTERVAL_MS,
            polls=attempt.polls + 1,
            missing_since_ms=since_ms,
        )
    elif attempt.is_draining:
        await settle_fault(attempt, _never_arrived(), was_accepted=False)
    else:
        log.info("attempt.sent_again", attempt=attempt.global_id)
        await move(attempt, AttemptState.PLACED, due_in_ms=0, missing_since_ms=None)


def _never_arrived() -> UpstreamFaultError:
    return UpstreamFaultError(FaultKind.UNKNOWN, JobErrorCode.NETWORK_ERROR, "Upstream never had it.")


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
