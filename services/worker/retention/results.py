"""Removes the files of results that exceed the deployment's retention; records, versions and jobs stay.

A file is removable when every reference to it is old: a result or an input of a generation that ended long ago. A file
stays if an artifact, a script or an asset uses it, a build made it, or a newer job uses it. A result is removed as a
whole: one file that must stay keeps the others. The job's message says that the files were removed.
"""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

from models.database import execute, transaction
from models.ids import first_id_at
from models.sql import timestamp_before_sql
from services.platform.file_removal import release_files
from services.platform.owned import places
from services.platform.table_scan import scan_table
from services.stores.jobs.files import remove_inputs_from, remove_result_links
from services.stores.jobs.progress import record_files_removed

FILE_BATCH_SIZE = 200
JOB_BATCH_SIZE = 200
DAY_SECONDS = 86_400.0


async def remove_old_results(days: float | None) -> int:
    """Releases the result files of generations that ended more than `days` ago (None: keeps all); returns how many.

    Links to released files stop working at once; remove_unreferenced removes the files later. Uploads have their own
    retention.
    """
    if days is None:
        return 0
    is_old = _is_old_sql(days)
    before_id = first_id_at(datetime.now(UTC) - timedelta(days=days))

    async def release(after: int, last: int) -> int:
        rows = await execute(f"SELECT id FROM stored_file WHERE id > ? AND id <= ? AND {is_old}", after, last)
        file_ids, released = [int(row["id"]) for row in rows], 0
        for start in range(0, len(file_ids), FILE_BATCH_SIZE):
            part = file_ids[start : start + FILE_BATCH_SIZE]
            job_ids = await _removable_results(part, is_old)
            for first in range(0, len(job_ids), JOB_BATCH_SIZE):
                released += await _release_results(job_ids[first : first + JOB_BATCH_SIZE], days)
        return released

    return await scan_table("stored_file", "old results", release, before_id=before_id)


async def _removable_results(file_ids: list[int], is_old: str) -> list[int]:
    """The jobs of these removable files whose other files are removable too."""
    rows = await execute(f"SELECT DISTINCT job_id FROM job_file WHERE file_id IN ({places(file_ids)})", *file_ids)
    job_ids, removable = sorted(int(row["job_id"]) for row in rows), list[int]()
    is_removable = dict.fromkeys(file_ids, True)
    for start in range(0, len(job_ids), JOB_BATCH_SIZE):
        part = job_ids[start : start + JOB_BATCH_SIZE]
        links = await execute(f"SELECT job_id, file_id FROM job_file WHERE job_id IN ({places(part)})", *part)
        files: dict[int, set[int]] = defaultdict(set)
        for link in links:
            files[int(link["job_id"])].add(int(link["file_id"]))
        others = sorted(set().union(*files.values()) - is_removable.keys())
        for first in range(0, len(others), FILE_BATCH_SIZE):
            some = others[first : first + FILE_BATCH_SIZE]
            rows = await execute(f"SELECT id FROM stored_file WHERE id IN ({places(some)}) AND {is_old}", *some)
            is_removable |= dict.fromkeys(some, False) | {int(row["id"]): True for row in rows}
        removable += [job_id for job_id, of_job in files.items() if all(is_removable[file_id] for file_id in of_job)]
    return removable


async def _release_results(job_ids: list[int], days: float) -> int:
    """Removes the results of these jobs in one transaction; returns how many files are in no result any more. A file
    that a new job uses meanwhile keeps that job's reference, and so stays.
    """
    is_old = _is_old_job_sql("job", days)

    async def body() -> int:
        removed = await remove_result_links(job_ids, is_old=is_old)
        message = f"Its files were removed: this server keeps results for {days:g} days. regenerate makes them again."
        await record_files_removed(sorted({job_id for job_id, _ in removed}), message)
        unused = await _in_no_result(sorted({file_id for _, file_id in removed}))
        for start in range(0, len(unused), FILE_BATCH_SIZE):
            await remove_inputs_from(unused[start : start + FILE_BATCH_SIZE], is_old=is_old)
        await release_files(unused)
        return len(unused)

    return await transaction(body)


async def _in_no_result(file_ids: list[int]) -> list[int]:
    unused: list[int] = []
    for start in range(0, len(file_ids), FILE_BATCH_SIZE):
        part = file_ids[start : start + FILE_BATCH_SIZE]
        rows = await execute(f"SELECT DISTINCT file_id FROM job_file WHERE file_id IN ({places(part)})", *part)
        unused += sorted(set(part) - {int(row["file_id"]) for row in rows})
    return unused


def _is_old_sql(days: float) -> str:
    """SQL condition: the stored file is a result, and everything that refers to it is old."""
    used = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} AS used JOIN job AS user_job ON user_job.id = used.job_id"
        f" WHERE used.file_id = stored_file.id AND NOT ({_is_old_job_sql('user_job', days)}))"
        for table in ("job_file", "job_input")
    )
    return (
        "state = 'READY' AND EXISTS (SELECT 1 FROM job_file WHERE job_file.file_id = stored_file.id)"
        " AND NOT EXISTS (SELECT 1 FROM artifact_file WHERE artifact_file.file_id = stored_file.id)"
        " AND NOT EXISTS (SELECT 1 FROM script WHERE script.source_file_id = stored_file.id)"
        f" AND NOT EXISTS (SELECT 1 FROM asset WHERE asset.reference_file_id = stored_file.id) AND {used}"
    )


def _is_old_job_sql(job: str, days: float) -> str:
    """SQL condition: the job is a generation that ended more than `days` ago and has no live build, which would still
    use the result.
    """
    return (
        f"{job}.role = 'GENERATE' AND {job}.status IN ('SUCCEEDED', 'FAILED', 'CANCELED')"
        f" AND {job}.finished_at IS NOT NULL AND {job}.finished_at < {timestamp_before_sql(days * DAY_SECONDS)}"
        f" AND NOT EXISTS (SELECT 1 FROM job AS parent WHERE parent.id = {job}.parent_id"
        " AND parent.status IN ('PENDING', 'RUNNING'))"
    )
