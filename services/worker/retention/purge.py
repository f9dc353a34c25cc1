"""Purging what was deleted long ago: rows that only stood there for statistics, costs and what was under way.

Each part is one transaction that takes a row with all that hangs on it, or nothing of it. What something refers to
still stays, and is looked at again the next time.
"""

from collections.abc import Sequence

from models.database import execute, transaction
from models.sql import timestamp_before_sql
from services.notifications.statistics.events import delete_deltas_of_jobs
from services.platform.owned import places
from services.stores import account_cooldowns, account_usage, accounts, batches, records, routes
from services.stores.attempts import delete_attempts_of_records
from services.stores.jobs.deletions import delete_jobs_of_records

BATCH_SIZE = 2_000
"Rows of a table that one purge takes."
PART = 50
MAX_VALUES = 10_000
"SQLite takes at most 32,766 in one statement."

_ENDED = "('SUCCEEDED', 'FAILED', 'CANCELED')"


class _InUseError(Exception):
    """Something was begun with a row meanwhile: its part is left for the next time."""


async def purge_deleted(days: float) -> int:
    """Purges what was deleted more than so many days ago; how many records, batches and accounts went."""
    seconds = days * 86_400
    # What refers to others first: a batch's records, and a record's accounts, may go with it.
    purged = await batches.purge_deleted(seconds) + await purge_records(seconds)
    return purged + await purge_accounts(seconds)


async def purge_records(seconds: float) -> int:
    """Records with their versions, jobs, attempts and routes. Their files then belong to nobody, and go as such do.

    Not while a job of theirs runs or drains, nor while a batch counts it, a build needs it or a workflow's credits are
    summed over it.
    """
    rows = await execute(
        f"SELECT r.id FROM generation_record r WHERE r.deleted_at IS NOT NULL AND r.deleted_at < "
        f"{timestamp_before_sql(seconds)} AND NOT EXISTS (SELECT 1 FROM job j WHERE j.record_id = r.id AND ("
        f"j.status NOT IN {_ENDED}"
        " OR EXISTS (SELECT 1 FROM attempt a WHERE a.job_id = j.id AND a.state <> 'ENDED')"
        " OR EXISTS (SELECT 1 FROM batch b WHERE b.id = j.batch_id)"
        " OR EXISTS (SELECT 1 FROM job p WHERE p.id = j.parent_id)"
        f" OR EXISTS (SELECT 1 FROM workflow w WHERE w.id = j.workflow_id))) LIMIT {BATCH_SIZE}"
    )
    ids, purged = [int(row["id"]) for row in rows], 0
    for start in range(0, len(ids), PART):
        part = ids[start : start + PART]
        try:
            await transaction(lambda part=part: _purge_records(part))  # type: ignore[misc]
        except _InUseError:
            continue
        purged += len(part)
    return purged


async def _purge_records(ids: Sequence[int]) -> None:
    jobs = f"SELECT id FROM job WHERE record_id IN ({places(ids)})"
    route_ids = await delete_attempts_of_records(ids)
    purged = await delete_jobs_of_records(ids)
    gone = await records.purge(ids)
    await routes.purge_unused(route_ids)
    left = await execute(f"{jobs} LIMIT 1", *ids)
    for start in range(0, len(purged), MAX_VALUES):
        job_ids = purged[start : start + MAX_VALUES]
        await delete_deltas_of_jobs(job_ids)
        left += await execute(f"SELECT id FROM attempt WHERE job_id IN ({places(job_ids)}) LIMIT 1", *job_ids)
    if left or gone < len(ids):
        raise _InUseError


async def purge_accounts(seconds: float) -> int:
    """Accounts that no attempt names any more. The others keep name and site for the history, and lose their session,
    as soon as nothing runs on them.
    """

    async def body() -> int:
        ids = await accounts.purge_deleted(seconds)
        if ids:
            await account_cooldowns.remove_all(ids)
            await account_usage.purge(ids)
        return len(ids)

    return await transaction(body)
