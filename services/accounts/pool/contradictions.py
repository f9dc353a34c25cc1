"""Refusals of a job that other jobs contradict: the account that refused it takes others of the same kind meanwhile.

Limits and faults of upstream are contradicted by tasks that were placed and accepted after the refused one. Refusals
that keep a model from an account for long (risk control, permissions) are contradicted by accepted tasks of that model,
those of the last minutes before the refusal included.
"""

from models.database import execute
from models.generation import Attempt
from providers.pooled import FaultKind
from services.accounts.pool.decisions import PERMISSIONS, RISKS

LONG_WINDOW_MS = 600_000


async def contradicted_attempts(attempt: Attempt, fault: FaultKind) -> set[int]:
    """Among the attempts of the attempt's job and run, itself included, those whose account takes other jobs, so that a
    refusal of this kind of fault is contradicted. One statement.
    """
    is_long = fault in RISKS | PERMISSIONS
    window_ms = LONG_WINDOW_MS if is_long else 0
    taken = "AND b.model = a.model AND b.accepted_at_ms >= COALESCE(a.sent_at_ms, a.placed_at_ms) - ?"
    rows = await execute(
        "SELECT a.id FROM attempt a WHERE a.job_id = ? AND a.run = ? AND EXISTS (SELECT 1 FROM attempt b"
        " WHERE b.account_id = a.account_id AND b.id > a.id - ? AND b.job_id <> a.job_id AND b.kind = a.kind"
        f" AND b.accepted_at_ms IS NOT NULL {taken if is_long else ''})",
        attempt.job_id,
        attempt.run,
        window_ms << 22,
        *([window_ms] if is_long else []),
    )
    return {int(row["id"]) for row in rows}
