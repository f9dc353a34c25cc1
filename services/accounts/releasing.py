"""Withdrawing attempts that were placed on an account but not submitted; their jobs are scheduled again."""

from collections.abc import Sequence

from errors import JobErrorCode
from models.job_errors import JobError
from services.stores import account_cooldowns
from services.stores.attempts import withdraw_unsent
from services.stores.jobs.moves import withdraw_generations


async def release_placed(account_ids: Sequence[int], reason: str) -> list[int]:
    """Ends the accounts' attempts whose draft was not sent, frees their slots and makes their jobs due now; returns the
    jobs' ids. In the caller's transaction. Idempotent.

    A worker that holds such an attempt loses its lease and can no longer send it. Attempts already sent continue.
    """
    if not account_ids:
        return []
    error = JobError(JobErrorCode.NO_ACCOUNT, reason, is_retryable=True)
    attempts = await withdraw_unsent(account_ids, error)
    if not attempts:
        return []
    await account_cooldowns.release_probes([attempt.id for attempt in attempts])
    return await withdraw_generations([attempt.job_id for attempt in attempts if not attempt.is_draining])
