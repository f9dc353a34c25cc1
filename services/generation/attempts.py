"""Leases on the steps of attempts (claim, extend, release), and the end of an attempt.

Every write of a step holder is guarded by the lease's epoch. If a write changes 0 rows, another holder has the attempt,
and the caller stops without an error.
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
    """The right to run an attempt's next step until the lease expires."""

    attempt: Attempt

    @property
    def epoch(self) -> int:
        return int(self.attempt.lease_epoch)

    @property
    def lease(self) -> Lease:
        return store.lease_of(self.attempt)


async def claim_steps(state: AttemptState, limit: int, lease_seconds: float) -> list[StepLease]:
    """Claims up to `limit` attempts in the state whose step is due, longest overdue first. Uses two statements."""
    if limit < 1:
        return []
    epochs = {lease.id: lease.epoch for lease in await store.claim_due(state, limit, lease_seconds)}
    if not epochs:
        return []
    found = await Attempt.filter(id__in=list(epochs)).order_by("id")
    return [StepLease(attempt) for attempt in found if attempt.lease_epoch == epochs[attempt.id]]


async def extend_steps(steps: Sequence[StepLease], lease_seconds: float) -> None:
    """Extends the leases of running steps. A step that is finished, or has another holder, is not changed."""
    await store.extend([step.lease for step in steps], lease_seconds)


async def release_step(step: StepLease) -> None:
    """Releases the lease of a step that was not run, so that it can be claimed at once. A second call changes nothing
    once the step has been claimed again.
    """
    await store.release(step.lease, step.attempt.state)


async def next_due_ms(states: Sequence[AttemptState]) -> int | None:
    """Milliseconds until the next step of attempts in these states is due (0: now); None if there is none."""
    rows = await execute(
        f"SELECT MIN(due_at_ms) - {now_ms_sql()} AS wait FROM attempt WHERE state IN ({places(states)})",
        *(state.value for state in states),
    )
    wait = rows[0]["wait"]
    return None if wait is None else max(0, int(wait))


async def mark_sent(attempt: Attempt, lease_seconds: float) -> bool:
    """Records that the request is about to be sent, before it is sent. From here on it is not sent again by itself.

    Returns False if the lease is lost or the job has ended meanwhile.
    """
    sent_at_ms = await store.mark_sent(attempt, lease_seconds)
    if sent_at_ms is None:
        return False
    attempt.state, attempt.sent_at_ms, attempt.sends = AttemptState.SENT, sent_at_ms, attempt.sends + 1
    return True


async def end_attempt(attempt: Attempt, outcome: AttemptOutcome, error: JobError | None = None, **values: Any) -> bool:
    """Ends the attempt and frees its slot; returns whether its state and lease were still those that the caller read.
    If it was the probe of a cooldown, the next attempt becomes the probe. Runs in one transaction, or in the caller's.
    values: further columns to write.
    """

    async def body() -> bool:
        if not await store.end(attempt, outcome, error, **values):
            return False
        await account_cooldowns.release_probes([attempt.id])
        return True

    return await transaction(body)
