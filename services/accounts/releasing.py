"""Taking back what was placed on an account and not submitted yet: its jobs look for another account."""

from collections.abc import Sequence

from errors import JobErrorCode
from models.job_errors import JobError
from services.stores import account_cooldowns
from services.stores.attempts import withdraw_unsent
from services.stores.jobs.moves import withdraw_generations


async def release_placed(account_ids: Sequence[int], reason: str) -> list[int]:
    """Ends attempts on the accounts whose draft was not sent, frees their slots, and makes their jobs due now; the
    jobs' ids. In the caller's transaction. Twice: nothing more.

    Whoever is at work on such an attempt holds an older lease and can send nothing any more. One that was sent goes on.
    """
    if not account_ids:
        return []
    error = JobError(JobErrorCode.NO_ACCOUNT, reason, is_retryable=True)
    attempts = await withdraw_unsent(account_ids, error)
    if not attempts:
        return []
    await account_cooldowns.release_probes([attempt.id for attempt in attempts])
    return await withdraw_generations([attempt.job_id for attempt in attempts if not attempt.is_draining])
