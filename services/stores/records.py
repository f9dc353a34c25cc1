"""Writes the tables generation_record and record_version. Each function belongs in the caller's transaction.

Followers learn of changes to records through their jobs; a record's version only counts its changes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.database import execute_many, is_in_transaction
from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import GenerationRequest
from models.sql import timestamp_sql
from services.platform.locking import lock_rows
from services.stores.updates import Sql, all_of, database_time, delete, id_in, one_of, stored, update

ROWS_PER_STATEMENT = 200
"Bounds the time for which preparing the rows of one statement blocks the event loop."


async def insert(records: Sequence[GenerationRecord]) -> None:
    """Inserts the records whose place (owner, project, work, storyboard, kind) has no record yet; deleted records do
    not count.
    """
    for start in range(0, len(records), ROWS_PER_STATEMENT):
        await GenerationRecord.bulk_create(records[start : start + ROWS_PER_STATEMENT], ignore_conflicts=True)


async def write(record_id: int, **values: Any) -> None:
    """Writes columns of a locked record, raises its version and updates its time of change."""
    changes = {**values, "updated_at": database_time(), "version": Sql("version + 1")}
    await update(GenerationRecord, changes, Sql("id = ?", (record_id,)))


async def write_request(record_id: int, request: GenerationRequest, **values: Any) -> None:
    """Writes the last request, and further columns, into a locked record. If the request has no project name, the
    record keeps its own.
    """
    project = {} if request.project_name is None else {"project_name": request.project_name}
    await write(record_id, **_request_columns(request), callback_url=request.callback_url, **project, **values)


async def write_requests(changes: Sequence[tuple[int, GenerationRequest, int]]) -> None:
    """Writes for each locked record (id) its last request and the job (id) that it waits for. One prepared statement
    for every ROWS_PER_STATEMENT records.
    """
    for start in range(0, len(changes), ROWS_PER_STATEMENT):
        await execute_many(
            "UPDATE generation_record SET provider = ?, model = ?, prompt = ?, params = ?, request_sha256 = ?,"
            " callback_url = ?, project_name = COALESCE(?, project_name), current_job_id = ?,"
            f" is_reused = (COALESCE(shown_job_id, 0) = ?), version = version + 1, updated_at = {timestamp_sql()}"
            " WHERE id = ?",
            [
                (
                    *(stored(GenerationRecord, name, value) for name, value in _request_columns(request).items()),
                    request.callback_url,
                    request.project_name,
                    job_id,
                    job_id,
                    record_id,
                )
                for record_id, request, job_id in changes[start : start + ROWS_PER_STATEMENT]
            ],
        )


def _request_columns(request: GenerationRequest) -> dict[str, Any]:
    return {
        "provider": request.provider,
        "model": request.model,
        "prompt": request.prompt,
        "params": request.to_json(),
        "request_sha256": request.sha256(),
    }


async def mark_changed_with(job_ids: Sequence[int], record_ids: Sequence[int]) -> None:
    """Raises the version, and updates the time of change, of those of the records whose newest job is one of these: a
    record shows that job's state and error. One statement more for several, which are locked in order.
    """
    if not record_ids:
        return
    if len(record_ids) > 1 and is_in_transaction():
        await lock_rows(GenerationRecord, record_ids)
    changes = {"updated_at": database_time(), "version": Sql("version + 1")}
    await update(GenerationRecord, changes, all_of(id_in("id", record_ids), id_in("current_job_id", job_ids)))


async def write_inputs(record_id: int, request: GenerationRequest, *, current_job_id: int) -> None:
    """Writes the request with the hashes of its inputs, if the record still waits for that job."""
    changes = {"params": request.to_json(), "request_sha256": request.sha256(), "version": Sql("version + 1")}
    await update(GenerationRecord, changes, Sql("id = ? AND current_job_id = ?", (record_id, current_job_id)))


@dataclass(frozen=True)
class Shown:
    """The result that a locked record shows from now on: a job's files, and the chosen one of them."""

    record_id: int
    job_id: int
    chosen_file_id: int | None
    similarity_keys: bytes


async def show(results: Sequence[Shown]) -> None:
    """Writes the results that records show. Their requests are written by `write_requests`."""
    await execute_many(
        "UPDATE generation_record SET shown_job_id = ?, chosen_file_id = ?, similarity_keys = ? WHERE id = ?",
        [(shown.job_id, shown.chosen_file_id, shown.similarity_keys, shown.record_id) for shown in results],
    )


async def write_missing_keys(record_id: int, similarity_keys: bytes, *, shown_job_id: int) -> bool:
    """Writes a record's similarity keys if it has none and still shows that job; returns whether it did."""
    where = Sql(
        "id = ? AND similarity_keys IS NULL AND shown_job_id = ? AND deleted_at IS NULL", (record_id, shown_job_id)
    )
    return bool(await update(GenerationRecord, {"similarity_keys": similarity_keys}, where))


async def mark_deleted(record_id: int, similarity_keys: bytes) -> None:
    """Marks a record as deleted. similarity_keys: those of its keys that are still in the index of prompts."""
    await write(record_id, deleted_at=database_time(), similarity_keys=similarity_keys)


async def mark_deleted_with_jobs(generations_of: Sql) -> dict[int, bytes | None]:
    """Marks the records of jobs as deleted. Returns by id their similarity_keys, which are still in the index.

    generations_of: an SQL condition on the jobs.
    """
    changes = {"deleted_at": database_time(), "version": Sql("version + 1")}
    of_jobs = Sql(
        f"deleted_at IS NULL AND id IN (SELECT record_id FROM job WHERE {generations_of.text})", generations_of.values
    )
    rows = await update(GenerationRecord, changes, of_jobs, ["id", "similarity_keys"])
    return {int(row["id"]): row["similarity_keys"] for row in rows}


async def purge(record_ids: Sequence[int]) -> int:
    """Removes deleted records with their versions; returns how many records."""
    await delete("record_version", id_in("record_id", record_ids))
    return await delete("generation_record", all_of(id_in("id", record_ids), Sql("deleted_at IS NOT NULL")))


# ---------------------------------------------------------------- versions


@dataclass(frozen=True)
class Kept:
    """A result that a locked record keeps as a version: the job that made it, and the chosen one of its files."""

    record: GenerationRecord
    job_id: int
    chosen_file_id: int | None


async def choose_version_files(results: Sequence[Kept]) -> None:
    """Writes the chosen file of results that are versions already."""
    await execute_many(
        "UPDATE record_version SET chosen_file_id = ? WHERE record_id = ? AND job_id = ?",
        [(kept.chosen_file_id, kept.record.id, kept.job_id) for kept in results],
    )


async def add_versions(results: Sequence[Kept], params_by_job: Mapping[int, Mapping[str, Any]]) -> None:
    """Adds one version to each of several records, with the record's next number. Two statements.

    params_by_job: the stored params of each result's job.
    """
    changes = {"version_count": Sql("version_count + 1")}
    where = one_of("id", [kept.record.id for kept in results])
    rows = await update(GenerationRecord, changes, where, ["id", "version_count"])
    numbers = {row["id"]: row["version_count"] for row in rows}
    await RecordVersion.bulk_create(
        [
            RecordVersion(
                owner=kept.record.owner,
                record_id=kept.record.id,
                number=numbers[kept.record.id],
                job_id=kept.job_id,
                model=params_by_job[kept.job_id]["model"],
                prompt=params_by_job[kept.job_id]["prompt"],
                params=params_by_job[kept.job_id],
                chosen_file_id=kept.chosen_file_id,
            )
            for kept in results
        ]
    )
