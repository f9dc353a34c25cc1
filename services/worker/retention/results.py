"""Results that are older than the deployment keeps them: their files go, what is known about them stays.

A file can go when everything that refers to it is old: results of generations that ended long ago, and inputs of such.
A file that an artifact, a script or an asset shows, that a build made, or that any newer job uses stays. A result goes
whole or stays whole: one file of it that has to stay keeps the others. Records, versions and jobs stay; their jobs say
what became of the files.
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
from services.stores.jobs.progress import say_files_are_gone

FILE_BATCH_SIZE = 200
JOB_BATCH_SIZE = 200
DAY_SECONDS = 86_400.0


async def remove_old_results(days: float | None) -> int:
    """Lets go of the results of generations that ended more than so many days ago (None: of none); how many files.

    From now on no link opens them; the removal itself is remove_unreferenced's. Uploads stay as long as uploads do.
    """
    if days is None:
        return 0
    is_old = _is_old_sql(days)
    before_id = first_id_at(datetime.now(UTC) - timedelta(days=days))

    async def look(after: int, last: int) -> int:
        rows = await execute(f"SELECT id FROM stored_file WHERE id > ? AND id <= ? AND {is_old}", after, last)
        file_ids, gone = [int(row["id"]) for row in rows], 0
        for start in range(0, len(file_ids), FILE_BATCH_SIZE):
            part = file_ids[start : start + FILE_BATCH_SIZE]
            job_ids = await _whole_results(part, is_old)
            for first in range(0, len(job_ids), JOB_BATCH_SIZE):
                gone += await _let_go(job_ids[first : first + JOB_BATCH_SIZE], days)
        return gone

    return await scan_table("stored_file", "old results", look, before_id=before_id)


async def _whole_results(file_ids: list[int], is_old: str) -> list[int]:
    """Of the jobs that made these files, all of which can go, those whose other files can go, too."""
    shown = await execute(f"SELECT DISTINCT job_id FROM job_file WHERE file_id IN ({places(file_ids)})", *file_ids)
    job_ids, whole = sorted(int(row["job_id"]) for row in shown), list[int]()
    can_go = dict.fromkeys(file_ids, True)
    for start in range(0, len(job_ids), JOB_BATCH_SIZE):
        part = job_ids[start : start + JOB_BATCH_SIZE]
        links = await execute(f"SELECT job_id, file_id FROM job_file WHERE job_id IN ({places(part)})", *part)
        files: dict[int, set[int]] = defaultdict(set)
        for link in links:
            files[int(link["job_id"])].add(int(link["file_id"]))
        others = sorted(set().union(*files.values()) - can_go.keys())
        for first in range(0, len(others), FILE_BATCH_SIZE):
            some = others[first : first + FILE_BATCH_SIZE]
            rows = await execute(f"SELECT id FROM stored_file WHERE id IN ({places(some)}) AND {is_old}", *some)
            can_go |= dict.fromkeys(some, False) | {int(row["id"]): True for row in rows}
        whole += [job_id for job_id, of_job in files.items() if all(can_go[file_id] for file_id in of_job)]
    return whole


async def _let_go(job_ids: list[int], days: float) -> int:
    """Removes the results of these jobs, in one transaction; how many files are in no result any more. What a new job
    has taken up meanwhile keeps that job's reference, and with it the file.
    """
    is_old = _is_old_job_sql("job", days)

    async def body() -> int:
        forgotten = await remove_result_links(job_ids, is_old=is_old)
        message = f"Its files were removed: this server keeps results for {days:g} days. regenerate makes them anew."
        await say_files_are_gone(sorted({job_id for job_id, _ in forgotten}), message)
        loose = await _in_no_result(sorted({file_id for _, file_id in forgotten}))
        for start in range(0, len(loose), FILE_BATCH_SIZE):
            await remove_inputs_from(loose[start : start + FILE_BATCH_SIZE], is_old=is_old)
        await release_files(loose)
        return len(loose)

    return await transaction(body)


async def _in_no_result(file_ids: list[int]) -> list[int]:
    loose: list[int] = []
    for start in range(0, len(file_ids), FILE_BATCH_SIZE):
        part = file_ids[start : start + FILE_BATCH_SIZE]
        rows = await execute(f"SELECT DISTINCT file_id FROM job_file WHERE file_id IN ({places(part)})", *part)
        loose += sorted(set(part) - {int(row["file_id"]) for row in rows})
    return loose


def _is_old_sql(days: float) -> str:
    """Whether a stored file is a result, and all that refers to it is old."""
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
    """A generation that ended long ago. Not while its build lives: that is about to take the result up."""
    return (
        f"{job}.role = 'GENERATE' AND {job}.status IN ('SUCCEEDED', 'FAILED', 'CANCELED')"
        f" AND {job}.finished_at IS NOT NULL AND {job}.finished_at < {timestamp_before_sql(days * DAY_SECONDS)}"
        f" AND NOT EXISTS (SELECT 1 FROM job AS parent WHERE parent.id = {job}.parent_id"
        " AND parent.status IN ('PENDING', 'RUNNING'))"
    )
