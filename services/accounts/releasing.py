"""Taking back what was placed on an account and not submitted yet: its jobs look for another account."""

from collections.abc import Sequence

from errors import JobErrorCode
from models.database import after_commit, execute, now_ms_sql
from models.generation import Attempt
from services.platform.events import bus, job_topic
from services.platform.owned import places
from services.platform.sql import timestamp_sql
from services.stores import account_cooldowns


async def release_placed(account_ids: Sequence[int], reason: str) -> list[int]:
    """Ends attempts on the accounts whose draft was not sent, frees their slots, and makes their jobs due now; the
    jobs' ids. In the caller's transaction. Twice: nothing more.

    Whoever is at work on such an attempt holds an older lease and can send nothing any more. One that was sent goes on.
    """
    if not account_ids:
        return []
    attempts = await execute(
        "UPDATE attempt SET state = 'ENDED', outcome = CASE WHEN is_draining THEN 'CANCELED' ELSE 'SWITCHED' END,"
        f" released_at_ms = COALESCE(released_at_ms, {now_ms_sql()}), finished_at = {timestamp_sql()},"
        " due_at_ms = NULL, lease_epoch = lease_epoch + 1"
        f" WHERE state = 'PLACED' AND account_id IN ({places(account_ids)}) RETURNING id, job_id, is_draining",
        *account_ids,
    )
    if not attempts:
        return []
    ids = [row["id"] for row in attempts]
    error = {"code": JobErrorCode.NO_ACCOUNT.value, "message": reason, "retryable": True, "upstreamCode": None}
    await Attempt.filter(id__in=ids).update(error=error)
    await account_cooldowns.release_probes(ids)
    return await _wait_again([row["job_id"] for row in attempts if not row["is_draining"]])


async def _wait_again(job_ids: Sequence[int]) -> list[int]:
    if not job_ids:
        return []
    jobs = await execute(
        f"UPDATE job SET status = 'PENDING', due_at_ms = {now_ms_sql()}, worker = NULL, message = NULL,"
        " lease_epoch = lease_epoch + 1, wakes = wakes + 1, version = version + 1"
        f" WHERE id IN ({places(job_ids)}) AND role = 'GENERATE' AND status = 'RUNNING' RETURNING id",
        *job_ids,
    )
    for row in jobs:
        after_commit(lambda job_id=row["id"]: bus().publish(job_topic(job_id)))  # type: ignore[misc]
    return [row["id"] for row in jobs]
