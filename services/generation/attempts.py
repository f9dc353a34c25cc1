"""Attempts in the database: claiming their next step, and the guarded changes from one step to the next.

A holder of a step names the lease's epoch in everything that it writes; 0 rows mean that somebody else has the attempt
now, and it stops quietly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute, now_ms_sql
from models.enums import AttemptOutcome, AttemptState
from models.generation import Attempt
from services.platform.owned import places
from services.platform.sql import skip_locked_sql, timestamp_sql
from services.stores import account_cooldowns


@dataclass(frozen=True)
class Step:
    """The right to do an attempt's next step until the lease runs out."""

    attempt: Attempt

    @property
    def epoch(self) -> int:
        return int(self.attempt.lease_epoch)


async def claim_steps(state: AttemptState, most: int, lease_seconds: float) -> list[Step]:
    """Up to `most` attempts in the state whose step is due, the longest due first; two statements."""
    if most < 1:
        return []
    rows = await execute(
        f"UPDATE attempt SET lease_epoch = lease_epoch + 1, due_at_ms = {now_ms_sql()} + ?"
        f" WHERE state = ? AND id IN (SELECT id FROM attempt WHERE state = ? AND due_at_ms <= {now_ms_sql()}"
        f" ORDER BY due_at_ms, id LIMIT ?{skip_locked_sql()}) RETURNING id, lease_epoch",
        int(lease_seconds * 1000),
        state.value,
        state.value,
        most,
    )
    if not rows:
        return []
    epochs = {row["id"]: row["lease_epoch"] for row in rows}
    found = await Attempt.filter(id__in=list(epochs)).order_by("id")
    return [Step(attempt) for attempt in found if attempt.lease_epoch == epochs[attempt.id]]


async def keep_steps(steps: Sequence[Step], lease_seconds: float) -> None:
    """Keeps the leases of steps that are under way; one that has gone on, or has another holder now, stays as it is."""
    if not steps:
        return
    held = ", ".join("(CAST(? AS BIGINT), CAST(? AS INTEGER))" for _ in steps)
    await execute(
        f"UPDATE attempt SET due_at_ms = {now_ms_sql()} + ? WHERE state IN ('PLACED', 'FETCHING')"
        f" AND due_at_ms < {now_ms_sql()} + ? AND (id, lease_epoch) IN (VALUES {held}) RETURNING id",
        int(lease_seconds * 1000),
        int(lease_seconds * 1000),
        *(value for step in steps for value in (step.attempt.id, step.epoch)),
    )


async def hand_back_step(step: Step) -> None:
    """Gives a step that was not done to whoever claims next, at once."""
    await execute(
        f"UPDATE attempt SET due_at_ms = {now_ms_sql()} WHERE id = ? AND lease_epoch = ? AND state = ? RETURNING id",
        step.attempt.id,
        step.epoch,
        step.attempt.state.value,
    )


async def next_due_ms(states: Sequence[AttemptState]) -> int | None:
    """Milliseconds until the next step of attempts in these states is due (0: now); None where there is none."""
    rows = await execute(
        f"SELECT MIN(due_at_ms) - {now_ms_sql()} AS wait FROM attempt WHERE state IN ({places(states)})",
        *(state.value for state in states),
    )
    wait = rows[0]["wait"]
    return None if wait is None else max(0, int(wait))


async def move(attempt: Attempt, to: AttemptState, *, due_in_ms: int | None, **changes: Any) -> bool:
    """From the state and lease that the caller knows to another state, the next step of which is due in so many
    milliseconds (None: it has none); whether it held.
    """
    if due_in_ms is None:
        changes["due_at_ms"] = None
    changed = await Attempt.filter(id=attempt.id, state=attempt.state, lease_epoch=attempt.lease_epoch).update(
        state=to, **changes
    )
    if not changed:
        return False
    if due_in_ms is not None:
        await execute(
            f"UPDATE attempt SET due_at_ms = {now_ms_sql()} + ? WHERE id = ? RETURNING id", due_in_ms, attempt.id
        )
    return True


async def mark_sent(attempt: Attempt, lease_seconds: float) -> bool:
    """Writes down that the draft is about to be sent, before it is: from here on nobody sends it again unasked.

    False where the lease is lost, or the job has ended meanwhile.
    """
    rows = await execute(
        f"UPDATE attempt SET state = 'SENT', sent_at_ms = {now_ms_sql()}, sends = sends + 1, missing_since_ms = NULL,"
        f" due_at_ms = {now_ms_sql()} + ? WHERE id = ? AND state = 'PLACED' AND lease_epoch = ?"
        " AND NOT is_draining AND NOT is_detached"
        " AND EXISTS (SELECT 1 FROM job WHERE job.id = attempt.job_id AND job.status = 'RUNNING') RETURNING sent_at_ms",
        int(lease_seconds * 1000),
        attempt.id,
        attempt.lease_epoch,
    )
    if not rows:
        return False
    attempt.state, attempt.sent_at_ms, attempt.sends = AttemptState.SENT, rows[0]["sent_at_ms"], attempt.sends + 1
    return True


async def end_attempt(attempt: Attempt, outcome: AttemptOutcome, error: dict[str, Any] | None = None) -> bool:
    """Ends it from the state and lease that the caller knows, and frees its slot; whether it held. If it was the probe
    of a cooldown, the next attempt is.
    """
    rows = await execute(
        f"UPDATE attempt SET state = 'ENDED', outcome = ?, due_at_ms = NULL, finished_at = {timestamp_sql()},"
        f" released_at_ms = COALESCE(released_at_ms, {now_ms_sql()})"
        " WHERE id = ? AND state = ? AND lease_epoch = ? RETURNING id",
        outcome.value,
        attempt.id,
        attempt.state.value,
        attempt.lease_epoch,
    )
    if not rows:
        return False
    if error is not None:
        await Attempt.filter(id=attempt.id).update(error=error)
    await account_cooldowns.release_probes([attempt.id])
    return True
