"""The alert TASK_MISSING: upstream accepted a task, and its answers lacked it for so long that its slot was freed."""

from models.accounts import Account
from models.alert_enums import AlertKind, AlertSeverity
from models.generation import Attempt
from services.notifications.alerts.raising import close_alert, close_passed, raise_alert


def _cause(attempt_id: int) -> str:
    return f"attempt:{attempt_id}"


async def record_missing_task(attempt: Attempt, job_id: str, lasting: str) -> None:
    """Raises the alert about an attempt, in the transaction that frees its slot. job_id: as in the API. lasting: for
    how long it is missing, in words.
    """
    account = await Account.get(id=attempt.account_id)
    message = (
        f"Upstream has accepted the task {attempt.history_id} of the job {job_id} on the account {account.name!r}, and"
        f" its answers have lacked it for {lasting}. Its slot counts as free; the task is"
        " still looked for, and a late result is stored. Where upstream still works on it, it may refuse further tasks"
        " of the account for a while. Cancel the job with cancelJob, or make it again with regenerate, which may be"
        " paid for twice."
    )
    await raise_alert(
        attempt.owner,
        AlertKind.TASK_MISSING,
        AlertSeverity.WARNING,
        _cause(attempt.id),
        message,
        account_id=attempt.account_id,
        job_id=attempt.job_id,
    )


async def record_found(attempt: Attempt) -> None:
    """Closes the alert of an attempt whose task upstream reports again."""
    await close_alert(attempt.owner, AlertKind.TASK_MISSING, _cause(attempt.id))


async def check_missing_tasks() -> None:
    """Closes the alerts about tasks that were found again, or that nobody looks for any more. One statement."""
    await close_passed(
        AlertKind.TASK_MISSING,
        "EXISTS (SELECT 1 FROM attempt WHERE attempt.job_id = alert.job_id AND alert.cause = 'attempt:' || attempt.id"
        " AND attempt.state <> 'ENDED' AND NOT attempt.is_draining AND attempt.missing_since_ms IS NOT NULL)",
    )
