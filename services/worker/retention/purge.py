"""Purges rows deleted long ago, which were kept only for statistics, costs and work in progress.

Each part is one transaction that removes rows with all their dependent rows, or nothing. Rows that are still
referenced stay and are checked again in the next pass.
"""

from collections.abc import Sequence

from models.database import execute, transaction
from models.sql import timestamp_before_sql
from services.notifications.statistics.events import delete_deltas_of_jobs
from services.platform.owned import places
from services.stores import account_cooldowns, account_faults, account_usage, accounts, batches, records, routes
from services.stores.attempts import delete_attempts_of_records
from services.stores.jobs.deletions import delete_jobs_of_records

BATCH_SIZE = 2_000
"The most rows of one table that a pass purges."
PART = 50
MAX_VALUES = 10_000
"Values in one statement; SQLite accepts at most 32,766."

_ENDED = "('SUCCEEDED', 'FAILED', 'CANCELED')"


class _InUseError(Exception):
    """A row came into use meanwhile: its part is rolled back and left for the next pass."""


async def purge_deleted(days: float) -> int:
    """Purges rows deleted more than `days` ago; returns how many records, batches and accounts were purged."""
    seconds = days * 86_400
    # Referring rows first: they may be the last reference to a batch's records and a record's accounts.
    purged = await batches.purge_deleted(seconds) + await purge_records(seconds)
    return purged + await purge_accounts(seconds)


async def purge_records(seconds: float) -> int:
    """Purges records with their versions, jobs, attempts and routes; returns how many records. Their files are then
    unreferenced and are removed as such.

    A record stays while one of its jobs runs or drains, belongs to a batch, is part of a build, or counts towards a
    workflow's credits.
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
    purged_records = await records.purge(ids)
    await routes.purge_unused(route_ids)
    left = await execute(f"{jobs} LIMIT 1", *ids)
    for start in range(0, len(purged), MAX_VALUES):
        job_ids = purged[start : start + MAX_VALUES]
        await delete_deltas_of_jobs(job_ids)
        left += await execute(f"SELECT id FROM attempt WHERE job_id IN ({places(job_ids)}) LIMIT 1", *job_ids)
    if left or purged_records < len(ids):
        raise _InUseError


async def purge_accounts(seconds: float) -> int:
    """Purges accounts that no attempt refers to; returns how many. The other accounts keep name and site for the
    history, and lose their session as soon as nothing runs on them.
    """

    async def body() -> int:
        ids = await accounts.purge_deleted(seconds)
        if ids:
            await account_cooldowns.remove_all(ids)
            await account_usage.purge(ids)
            await account_faults.remove_faults(ids)
        return len(ids)

    return await transaction(body)
