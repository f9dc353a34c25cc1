"""Deletes jobs with the rows that only they refer to."""

from collections.abc import Collection, Sequence

from models.database import execute
from models.enums import JobRole
from services.platform.owned import places
from services.stores.jobs.which import Jobs


async def delete_jobs_of_records(record_ids: Sequence[int]) -> list[int]:
    """Deletes the ended jobs of records with their references to files; returns the jobs' ids. The caller deletes
    their attempts first.
    """
    jobs = f"SELECT id FROM job WHERE record_id IN ({places(record_ids)})"
    await execute(f"DELETE FROM job_file WHERE job_id IN ({jobs}) RETURNING id", *record_ids)
    await execute(f"DELETE FROM job_input WHERE job_id IN ({jobs}) RETURNING id", *record_ids)
    rows = await execute(
        f"DELETE FROM job WHERE record_id IN ({places(record_ids)}) AND status IN ('SUCCEEDED', 'FAILED', 'CANCELED')"
        " RETURNING id",
        *record_ids,
    )
    return [int(row["id"]) for row in rows]


async def delete_links_of_workflow(workflow_id: int, target_ids: Collection[int]) -> None:
    """Deletes the file references of a workflow's jobs, of its targets' jobs, and of the generations of both."""
    where = Jobs(workflow_id=workflow_id, target_ids=target_ids).where()
    jobs = f"SELECT id FROM job WHERE {where.text}"
    generations = f"SELECT id FROM job WHERE role = '{JobRole.GENERATE.value}' AND parent_id IN ({jobs})"
    both = f"job_id IN ({jobs}) OR job_id IN ({generations})"
    await execute(f"DELETE FROM job_file WHERE {both} RETURNING id", *where.values, *where.values)
    await execute(f"DELETE FROM job_input WHERE {both} RETURNING id", *where.values, *where.values)


async def delete_stages_and_builds(workflow_id: int, target_ids: Collection[int]) -> None:
    """Deletes the stage and build jobs of a workflow and of its targets."""
    where = Jobs(workflow_id=workflow_id, target_ids=target_ids).where()
    await execute(
        f"DELETE FROM job WHERE {where.text} AND role <> '{JobRole.GENERATE.value}' RETURNING id", *where.values
    )


_IS_OF_NO_JOB = "id > ? AND id <= ? AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = job_id) RETURNING id"


async def delete_inputs_of_missing_jobs(after: int, last: int) -> int:
    """Deletes references to input files, with ids in (after, last], whose job does not exist; returns how many."""
    return len(await execute(f"DELETE FROM job_input WHERE {_IS_OF_NO_JOB}", after, last))


async def delete_files_of_missing_jobs(after: int, last: int) -> int:
    """As `delete_inputs_of_missing_jobs`, for references to files that jobs made."""
    return len(await execute(f"DELETE FROM job_file WHERE {_IS_OF_NO_JOB}", after, last))
