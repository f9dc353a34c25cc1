"""The steps of attempts: claiming them, keeping and releasing them, and the end of an attempt.

A holder of a step names the lease's epoch in everything that it writes; 0 rows mean that somebody else has the attempt
now, and it stops quietly.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute, now_ms_sql, transaction
from models.enums import AttemptOutcome, AttemptState
from models.generation import Attempt
from models.job_errors import JobError
from services.platform.leases import Lease
from services.platform.owned import places
from services.stores import account_cooldowns
from services.stores import attempts as store


@dataclass(frozen=True)
class StepLease:
    """The right to do an attempt's next step until the lease runs out."""

    attempt: Attempt

    @property
    def epoch(self) -> int:
        return int(self.attempt.lease_epoch)

    @property
    def lease(self) -> Lease:
        return store.lease_of(self.attempt)


async def claim_steps(state: AttemptState, most: int, lease_seconds: float) -> list[StepLease]:
    """Up to `most` attempts in the state whose step is due, the longest due first; two statements."""
    if most < 1:
        return []
    epochs = {lease.id: lease.epoch for lease in await store.claim_due(state, most, lease_seconds)}
    if not epochs:
        return []
    found = await Attempt.filter(id__in=list(epochs)).order_by("id")
    return [StepLease(attempt) for attempt in found if attempt.lease_epoch == epochs[attempt.id]]


async def extend_steps(steps: Sequence[StepLease], lease_seconds: float) -> None:
    """Keeps the leases of steps that are under way; one that has gone on, or has another holder now, stays as it is."""
    await store.extend([step.lease for step in steps], lease_seconds)


async def release_step(step: StepLease) -> None:
    """Gives a step that was not done to whoever claims next, at once. Twice: nothing more, once it is claimed."""
    await store.release(step.lease, step.attempt.state)


async def next_due_ms(states: Sequence[AttemptState]) -> int | None:
    """Milliseconds until the next step of attempts in these states is due (0: now); None where there is none."""
    rows = await execute(
        f"SELECT MIN(due_at_ms) - {now_ms_sql()} AS wait FROM attempt WHERE state IN ({places(states)})",
        *(state.value for state in states),
    )
    wait = rows[0]["wait"]
    return None if wait is None else max(0, int(wait))


async def mark_sent(attempt: Attempt, lease_seconds: float) -> bool:
    """Writes down that the draft is about to be sent, before it is: from here on nobody sends it again unasked.

    False where the lease is lost, or the job has ended meanwhile.
    """
    sent_at_ms = await store.mark_sent(attempt, lease_seconds)
    if sent_at_ms is None:
        return False
    attempt.state, attempt.sent_at_ms, attempt.sends = AttemptState.SENT, sent_at_ms, attempt.sends + 1
    return True


async def end_attempt(attempt: Attempt, outcome: AttemptOutcome, error: JobError | None = None, **values: Any) -> bool:
    """Ends it from the state and lease that the caller knows, and frees its slot; whether it held. If it was the probe
    of a cooldown, the next attempt is. One transaction, or part of the caller's. values: other columns.
    """

    async def body() -> bool:
        if not await store.end(attempt, outcome, error, **values):
            return False
        await account_cooldowns.release_probes([attempt.id])
        return True

    return await transaction(body)
