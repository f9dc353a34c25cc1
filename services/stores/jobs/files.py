"""The files that jobs use as inputs, and those that they made."""

from collections.abc import Collection, Iterable, Sequence

from models.artifacts import JobFile
from models.database import execute
from models.enums import FileRole
from models.jobs import JobInput
from services.platform.owned import places

ROW_BATCH_SIZE = 200
"Rows per statement; bounds the time for which preparing them blocks the event loop."


async def add_inputs(inputs: Iterable[tuple[int, int, int]]) -> None:
    """inputs: (job id, position, file id) of each."""
    rows = [JobInput(job_id=job_id, position=position, file_id=file_id) for job_id, position, file_id in inputs]
    for start in range(0, len(rows), ROW_BATCH_SIZE):
        await JobInput.bulk_create(rows[start : start + ROW_BATCH_SIZE])


async def replace_input(job_id: int, position: int, file_id: int) -> None:
    await JobInput.filter(job_id=job_id, position=position).delete()
    await JobInput.create(job_id=job_id, position=position, file_id=file_id)


async def add_files(files: Iterable[tuple[int, int, FileRole, int]]) -> None:
    """files: (job id, position, role, file id) of each."""
    rows = [
        JobFile(job_id=job_id, position=position, role=role, file_id=file_id)
        for job_id, position, role, file_id in files
    ]
    for start in range(0, len(rows), ROW_BATCH_SIZE):
        await JobFile.bulk_create(rows[start : start + ROW_BATCH_SIZE])


async def add_candidates(job_id: int, file_ids: Iterable[int]) -> None:
    """Adds the pictures or clips that a generation returned, best first."""
    await add_files((job_id, position, FileRole.CANDIDATE, file_id) for position, file_id in enumerate(file_ids))


async def replace_files(job_id: int, files: Iterable[tuple[FileRole, int]]) -> None:
    """Replaces the files that a job made with these (role, file id) pairs, in order; for a job that was
    tried before.
    """
    await JobFile.filter(job_id=job_id).delete()
    await add_files((job_id, position, role, file_id) for position, (role, file_id) in enumerate(files))


async def remove_file_links(job_ids: Collection[int]) -> set[int]:
    """Removes the jobs' references to files; returns the ids of those files."""
    file_ids: set[int] = set()
    for table in (JobFile, JobInput):
        links = table.filter(job_id__in=list(job_ids))
        file_ids.update(link.file_id for link in await links.only("id", "file_id"))
        await links.delete()
    return file_ids


async def remove_result_links(job_ids: Sequence[int], *, is_old: str) -> list[tuple[int, int]]:
    """Removes the results of those of the jobs that meet `is_old`, an SQL condition on `job`; returns (job id, file
    id) of each.
    """
    rows = await execute(
        f"DELETE FROM job_file WHERE job_id IN ({places(job_ids)})"
        f" AND EXISTS (SELECT 1 FROM job WHERE job.id = job_file.job_id AND {is_old}) RETURNING job_id, file_id",
        *job_ids,
    )
    return [(int(row["job_id"]), int(row["file_id"])) for row in rows]


async def remove_inputs_from(file_ids: Sequence[int], *, is_old: str) -> None:
    """Removes these files as inputs of the jobs that meet `is_old`, an SQL condition on `job`."""
    await execute(
        f"DELETE FROM job_input WHERE file_id IN ({places(file_ids)})"
        f" AND EXISTS (SELECT 1 FROM job WHERE job.id = job_input.job_id AND {is_old}) RETURNING id",
        *file_ids,
    )
