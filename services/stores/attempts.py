"""The only writer of the table attempt."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute
from models.enums import ATTEMPT_TRANSITIONS, AttemptOutcome, AttemptState, MediaKind
from models.generation import Attempt
from models.job_errors import JobError, with_errors_as_json
from models.sql import skip_locked_sql
from services.platform.leases import Lease, LeasedTable
from services.platform.owned import places
from services.stores.clock import NULL, Moment, in_ms, now_sql, raised
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, database_time, one_of, update
from settings import get_settings

LEASES = LeasedTable("attempt")
UNSEEN_MS = 10_000
"After a cancellation: how long upstream's answers must have lacked a task for its slot to be free."
UNDER_WAY = (AttemptState.SENT, AttemptState.ACCEPTED, AttemptState.FETCHING)
"States in which upstream has, may have, or has finished the task."


@dataclass(frozen=True)
class Changed:
    """An attempt whose row was just written, with its current values."""

    id: int
    job_id: int
    is_draining: bool
    sent_at_ms: int | None


def lease_of(attempt: Attempt) -> Lease:
    return Lease(attempt.id, attempt.lease_epoch)


async def insert_attempts(attempts: Sequence[Attempt], *, is_due: bool = True) -> None:
    """Inserts attempts as PLACED, timed by the database's clock. is_due: the first step is due at once."""
    if not attempts:
        return
    moment = await Moment.now()
    for attempt in attempts:
        attempt.created_at, attempt.placed_at_ms = moment.at, moment.ms
        attempt.due_at_ms = moment.ms if is_due else None
    await Attempt.bulk_create(attempts)


# ---------------------------------------------------------------- leases of steps


def of_kinds_sql(kinds: Collection[MediaKind], column: str = "kind") -> str:
    """An SQL condition for attempts of these kinds, beginning with AND; empty for all kinds."""
    return "" if set(kinds) == set(MediaKind) else f" AND {column} IN ({', '.join(repr(kind.value) for kind in kinds)})"


async def claim_due(
    state: AttemptState, limit: int, lease_seconds: float, kinds: Collection[MediaKind] = tuple(MediaKind)
) -> list[Lease]:
    """Claims at most `limit` attempts of these kinds, in the state, whose step is due, the longest due first. One
    statement.
    """
    claimed = await LEASES.claim(
        f"SELECT id FROM attempt WHERE state = ? AND due_at_ms <= {now_sql().text}{of_kinds_sql(kinds)}"
        f" ORDER BY due_at_ms, id LIMIT ?{skip_locked_sql()}",
        (state.value, limit),
        lease_seconds,
        guard="state = ?",
        guard_values=(state.value,),
    )
    return [lease for lease, _ in claimed]


async def extend(leases: Collection[Lease], lease_seconds: float) -> None:
    """Extends the leases of steps. A lease of a step that is done, or that another worker holds now, is left
    unchanged.
    """
    end = in_ms(int(lease_seconds * 1000))
    # Never shorten a lease: the lease of a step that is sending its request ends later.
    await LEASES.extend(leases, lease_seconds, guard=f"state IN ('PLACED', 'FETCHING') AND due_at_ms < {end.text}")


async def release(lease: Lease, state: AttemptState) -> bool:
    """Releases a step that was not done, so that any worker can claim it at once. Returns whether the lease was held
    and the attempt was still in that state.
    """
    return await LEASES.release(lease, guard=f"state = '{state.value}'")


# ---------------------------------------------------------------- changes of state


async def transition(
    which: Lease | Sql,
    *,
    to: AttemptState,
    expected: Collection[AttemptState],
    due_in_ms: int | None = None,
    **values: Any,
) -> list[Changed]:
    """Changes the state of those attempts that are in an expected one; returns them. One statement.

    which: the lease on one attempt, or an SQL condition from this module. due_in_ms: the time until the next step;
    None: no further step. ENDED also writes finished_at and releases the slot, and what ended otherwise than with its
    result is looked for in the credit history once more: it may have been refunded. values: other columns.

    Raises ForbiddenTransitionError if ATTEMPT_TRANSITIONS does not allow the change; nothing changes then.
    """
    check_transition(ATTEMPT_TRANSITIONS, expected, to)
    where = Sql("id = ? AND lease_epoch = ?", (which.id, which.epoch)) if isinstance(which, Lease) else which
    ended: dict[str, Any] = {}
    if to is AttemptState.ENDED:
        ended = {
            "finished_at": database_time(),
            "released_at_ms": Sql(f"COALESCE(released_at_ms, {now_sql().text})"),
        }
        if values.get("outcome") is not AttemptOutcome.SUCCEEDED:
            ended |= _settled_later()
    rows = await update(
        Attempt,
        {"state": to, "due_at_ms": in_ms(due_in_ms), **ended, **with_errors_as_json(values)},
        all_of(where, one_of("state", expected)),
        ("id", "job_id", "is_draining", "sent_at_ms"),
    )
    return [Changed(row["id"], row["job_id"], bool(row["is_draining"]), row["sent_at_ms"]) for row in rows]


async def move(attempt: Attempt, to: AttemptState, *, due_in_ms: int | None, **values: Any) -> bool:
    """Changes the state of an attempt that still has the state and lease that the caller read; returns whether it had.
    Otherwise as `transition`.
    """
    return bool(await transition(lease_of(attempt), to=to, expected=[attempt.state], due_in_ms=due_in_ms, **values))


async def end(attempt: Attempt, outcome: AttemptOutcome, error: JobError | None = None, **values: Any) -> bool:
    """Ends an attempt that still has the state and lease that the caller read, and releases its slot; returns whether
    it had. Without an error, a success clears a stored error and another outcome keeps it.
    """
    if error is not None:
        values["error"] = error
    elif outcome is AttemptOutcome.SUCCEEDED:
        values["error"] = NULL
    return await move(attempt, AttemptState.ENDED, due_in_ms=None, outcome=outcome, **values)


async def mark_sent(attempt: Attempt, lease_seconds: float) -> int | None:
    """Marks the attempt as SENT before its request goes out, with a step lease of `lease_seconds`. Returns the
    time of the first send in milliseconds, by the database's clock.

    The time of the first send is kept, since time-outs count from there. A slot that was freed while upstream lacked an
    earlier send is taken again. Returns None if the lease is lost or the job no longer runs; the caller must not send
    the request then.
    """
    lease = lease_of(attempt)
    sent = await transition(
        Sql(
            "id = ? AND lease_epoch = ? AND NOT is_draining AND NOT is_detached"
            " AND EXISTS (SELECT 1 FROM job WHERE job.id = attempt.job_id AND job.status = 'RUNNING')",
            (lease.id, lease.epoch),
        ),
        to=AttemptState.SENT,
        expected=[AttemptState.PLACED],
        due_in_ms=int(lease_seconds * 1000),
        sent_at_ms=Sql(f"COALESCE(sent_at_ms, {now_sql().text})"),
        last_sent_at_ms=now_sql(),
        sends=raised("sends"),
        missing_since_ms=NULL,
        released_at_ms=NULL,
    )
    return sent[0].sent_at_ms if sent else None


async def cancel_unsent(job_ids: Sequence[int]) -> list[int]:
    """Ends the unsent attempts of these jobs as CANCELED and revokes the leases of their steps. Returns their ids."""
    ended = await transition(
        Sql(f"job_id IN ({places(job_ids)})", tuple(job_ids)),
        to=AttemptState.ENDED,
        expected=[AttemptState.PLACED],
        outcome=AttemptOutcome.CANCELED,
        lease_epoch=raised("lease_epoch"),
    )
    return [attempt.id for attempt in ended]


async def withdraw_unsent(account_ids: Sequence[int], error: JobError) -> list[Changed]:
    """Ends the unsent attempts on these accounts as SWITCHED (as CANCELED if they drain) and revokes the leases of
    their steps. Returns the attempts.
    """
    return await transition(
        Sql(f"account_id IN ({places(account_ids)})", tuple(account_ids)),
        to=AttemptState.ENDED,
        expected=[AttemptState.PLACED],
        outcome=Sql("CASE WHEN is_draining THEN 'CANCELED' ELSE 'SWITCHED' END"),
        lease_epoch=raised("lease_epoch"),
        error=error,
    )


async def resume(attempt_id: int, state: AttemptState, *, has_result: bool) -> bool:
    """Resumes an attempt whose job was reopened: an attempt in progress upstream continues, with its timers and error
    reset; an ended one continues by fetching its result, or, if it is not known that there is one, by asking upstream
    for its task. Revokes the lease of its step. Returns whether it was still in that state.
    """
    common: dict[str, Any] = {
        "outcome": AttemptOutcome.RUNNING,
        "is_detached": False,
        "is_draining": False,
        "finished_at": NULL,
        "lease_epoch": raised("lease_epoch"),
    }
    now = now_sql().text
    if state is AttemptState.ENDED and has_result:
        values = {"failures": 1, "fetch_since_ms": now_sql()}
        to = AttemptState.FETCHING
    else:
        values = {
            "error": Sql("CASE WHEN state = 'SENT' THEN error ELSE NULL END"),
            "queued_ms": 0,
            "accepted_at_ms": Sql(f"CASE WHEN accepted_at_ms IS NULL THEN NULL ELSE {now} END"),
            "sent_at_ms": now_sql(),
        }
        to = state
        if state is AttemptState.ENDED:
            # Its slot is free. Should upstream still work on it, it is taken again when upstream says so.
            values["missing_since_ms"] = now_sql()
            to = AttemptState.ACCEPTED
    which = Sql("id = ?", (attempt_id,))
    return bool(await transition(which, to=to, expected=[state], due_in_ms=0, **common, **values))


# ---------------------------------------------------------------- within a state


async def detach(lease: Lease, error: JobError, *, later_ms: int, is_switching: bool) -> bool:
    """Marks an attempt that had no result in time as detached: its next step is due later by `later_ms`, and it keeps
    its slot. is_switching: its job goes to another account. Returns whether it was in progress, under this lease, and
    not detached before.
    """
    values: dict[str, Any] = {"is_detached": True, "due_at_ms": raised("due_at_ms", later_ms), "error": error.to_json()}
    if is_switching:
        values |= {"outcome": AttemptOutcome.SWITCHED, "finished_at": database_time()}
    where = "id = ? AND lease_epoch = ? AND state IN ('SENT', 'ACCEPTED') AND NOT is_detached"
    rows = await update(Attempt, values, Sql(where, (lease.id, lease.epoch)))
    return bool(rows)


async def drain(job_ids: Sequence[int]) -> None:
    """Makes the jobs' attempts in progress only wait for their end upstream, which releases their slots. Those that
    upstream has accepted are due now, to be cancelled there; the slots of those that upstream's answers lack are
    released at once.
    """
    now = now_sql().text
    is_unseen = f"released_at_ms IS NULL AND state = 'ACCEPTED' AND missing_since_ms <= {now} - {UNSEEN_MS}"
    await execute(
        f"UPDATE attempt SET is_draining = ?, due_at_ms = CASE WHEN state = 'ACCEPTED' THEN {now} ELSE due_at_ms END,"
        f" released_at_ms = CASE WHEN {is_unseen} THEN {now} ELSE released_at_ms END"
        f" WHERE job_id IN ({places(job_ids)}) AND state IN ('SENT', 'ACCEPTED', 'FETCHING') RETURNING id",
        True,
        *job_ids,
    )


async def release_missing(account_ids: Sequence[int]) -> list[int]:
    """Releases the slots of the accounts' tasks that upstream's newest answers lack; returns the attempts' ids. They
    are still looked for.
    """
    return await _release(f"account_id IN ({places(account_ids)}) AND missing_since_ms IS NOT NULL", account_ids)


async def release_slots_of_job(job_id: int) -> list[int]:
    """Releases the slots of the job's tasks, whatever upstream does with them; returns the attempts' ids. They are
    still polled.
    """
    return await _release("job_id = ?", [job_id])


async def _release(where: str, values: Sequence[int]) -> list[int]:
    if not values:
        return []
    rows = await execute(
        f"UPDATE attempt SET released_at_ms = {now_sql().text} WHERE {where} AND state IN ('SENT', 'ACCEPTED')"
        " AND released_at_ms IS NULL RETURNING id",
        *values,
    )
    return [int(row["id"]) for row in rows]


async def drain_others(attempt: Attempt) -> None:
    """Drains the other live attempts of a job that has its result: they only release their slots once they are due."""
    await execute(
        "UPDATE attempt SET is_draining = ? WHERE job_id = ? AND id <> ? AND state <> 'ENDED' RETURNING id",
        True,
        attempt.job_id,
        attempt.id,
    )


async def set_outcome(attempt_id: int, outcome: AttemptOutcome) -> None:
    """Writes the outcome of an attempt: before its end if it is known by then, or to correct it within the same
    transaction.
    """
    await execute("UPDATE attempt SET outcome = ? WHERE id = ? RETURNING id", outcome.value, attempt_id)


async def free_manual_slot(attempt_id: int) -> bool:
    """Releases the slot of a task that is not polled; its state stays ACCEPTED. Returns whether it had a slot."""
    rows = await execute(
        f"UPDATE attempt SET released_at_ms = {now_sql().text}, due_at_ms = NULL WHERE id = ? AND state = 'ACCEPTED'"
        " AND is_manual AND released_at_ms IS NULL RETURNING id",
        attempt_id,
    )
    return bool(rows)


async def count_in_run_of_job(attempt_ids: Sequence[int]) -> None:
    """Moves the attempts into the current runs of their jobs."""
    await execute(
        "UPDATE attempt SET run = (SELECT retry_count FROM job WHERE job.id = attempt.job_id)"
        f" WHERE id IN ({places(attempt_ids)}) RETURNING id",
        *attempt_ids,
    )


# ---------------------------------------------------------------- when its charge is looked for

FIRST_LOOK_MS = 5_000
"Upstream's history shows a charge with a delay."
LOOKS = 30
"For so many intervals a charge is looked for."
LAZY_INTERVALS = 5
"A task whose price is known is looked for this much later: others of the account are then found with it."


def settling(*, is_price_known: bool) -> dict[str, Any]:
    """The columns that let the charge of an accepted task be looked for; none if that is turned off."""
    interval_ms = int(get_settings().credit_history_seconds * 1000)
    if not interval_ms:
        return {}
    first_ms = LAZY_INTERVALS * interval_ms if is_price_known else min(interval_ms, FIRST_LOOK_MS)
    return {"settle_due_at_ms": in_ms(first_ms), "settle_until_ms": in_ms(first_ms + LOOKS * interval_ms)}


def _settled_later() -> dict[str, Any]:
    """As `settling`, for tasks that end without a result: of those that upstream took, or may have taken."""
    columns = settling(is_price_known=False)
    was_taken = "account_id IS NOT NULL AND (accepted_at_ms IS NOT NULL OR missing_since_ms IS NOT NULL)"
    return {
        name: Sql(f"CASE WHEN {was_taken} THEN {later.text} ELSE {name} END", later.values)
        for name, later in columns.items()
    }


# ---------------------------------------------------------------- deleting


async def delete_attempts_of_records(record_ids: Sequence[int]) -> list[int | None]:
    """Deletes the ended attempts of the records' jobs; returns the ids of their routes."""
    rows = await execute(
        f"DELETE FROM attempt WHERE job_id IN (SELECT id FROM job WHERE record_id IN ({places(record_ids)}))"
        " AND state = 'ENDED' RETURNING route_id",
        *record_ids,
    )
    return [row["route_id"] for row in rows]


async def delete_attempts_of_missing_jobs(after: int, last: int) -> list[int | None]:
    """Deletes ended attempts with ids in (after, last] whose job does not exist; returns the ids of their routes."""
    rows = await execute(
        "DELETE FROM attempt WHERE id > ? AND id <= ? AND state = 'ENDED'"
        " AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = attempt.job_id) RETURNING route_id",
        after,
        last,
    )
    return [row["route_id"] for row in rows]
