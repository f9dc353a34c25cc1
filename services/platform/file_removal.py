"""Removes stored files that nothing refers to: marked first, removed after a grace period.

The bytes are removed before the row is deleted: a crash between the two leaves a row that the next removal finds.
"""

from datetime import datetime
from typing import Any

from models.database import execute, is_sqlite
from models.enums import FileState
from models.files import StoredFile
from models.sql import timestamp_sql
from services.platform.files import storage, storage_key
from services.platform.table_scan import scan_table

REMOVAL_BATCH_SIZE = 1_000
MAX_ROUNDS = 10
"Rounds of REMOVAL_BATCH_SIZE files in one removal; the next removal takes the rest."

_REFERENCES_SQL = (
    "NOT EXISTS (SELECT 1 FROM artifact_file WHERE artifact_file.file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM job_file WHERE job_file.file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM job_input WHERE job_input.file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM script WHERE script.source_file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM asset WHERE asset.reference_file_id = stored_file.id)"
)


async def remove_leftovers_of_job(job_id: int) -> int:
    """Removes the files that an ended job stored and nothing refers to (a try that was interrupted); returns how many.

    Does nothing for a live job: another worker may have taken it over and be about to publish the same content.
    """
    ended = "NOT EXISTS (SELECT 1 FROM job WHERE job.id = made_by_job_id AND job.status IN ('PENDING', 'RUNNING'))"
    return await _remove(f"made_by_job_id = ? AND is_upload = {_false()} AND {ended} AND {_REFERENCES_SQL}", job_id)


async def remove_unfinished() -> int:
    """Removes files whose writing or removal was interrupted. Only for a process that knows that no other process is
    writing.
    """
    return await _remove("state IN ('WRITING', 'REMOVING')")


async def remove_unreferenced(older_than: datetime, released_before: datetime) -> int:
    """Marks unreferenced files that were created before `older_than`, and removes those that were marked before
    `released_before`.

    The grace period protects callers that have just found such a file and are about to refer to it.
    """

    async def mark(after: int, last: int) -> int:
        await execute(
            "UPDATE stored_file SET released_at = NULL WHERE id > ? AND id <= ? AND released_at IS NOT NULL"
            f" AND NOT ({_REFERENCES_SQL})",
            after,
            last,
        )
        await execute(
            f"UPDATE stored_file SET released_at = {timestamp_sql()} WHERE id > ? AND id <= ?"
            f" AND released_at IS NULL AND created_at < ? AND {_REFERENCES_SQL}",
            after,
            last,
            _moment(older_than),
        )
        return 0

    await scan_table("stored_file", "unreferenced", mark)
    removed = 0
    for _ in range(MAX_ROUNDS):
        count = await _remove(f"released_at <= ? AND {_REFERENCES_SQL}", _moment(released_before))
        removed += count
        if count < REMOVAL_BATCH_SIZE:
            break
    return removed


async def release_files(file_ids: list[int]) -> None:
    """Marks those of the files that nothing refers to any more, except uploads; links to them stop working at once.

    Call it in the transaction that removes the references. Storing the same content again unmarks the file.
    """
    for start in range(0, len(file_ids), 10_000):
        listed = ", ".join(str(int(number)) for number in file_ids[start : start + 10_000])
        await execute(
            f"UPDATE stored_file SET released_at = {timestamp_sql()} WHERE id IN ({listed})"
            f" AND released_at IS NULL AND is_upload = {_false()} AND {_REFERENCES_SQL} RETURNING id"
        )


def _moment(moment: datetime) -> object:
    return moment.isoformat(sep=" ") if is_sqlite() else moment


def _false() -> str:
    return "0" if is_sqlite() else "FALSE"


async def _remove(where: str, *values: Any) -> int:
    """Marks the rows, removes the bytes, then deletes the rows. A caller that stores the same content meanwhile waits
    for the end of that.
    """
    marked = await execute(
        "UPDATE stored_file SET state = 'REMOVING' WHERE id IN (SELECT id FROM stored_file"
        f" WHERE {where} LIMIT {REMOVAL_BATCH_SIZE}) RETURNING id, owner, sha256, content_type",
        *values,
    )
    kept = await _restore([row["id"] for row in marked])
    for row in marked:
        if row["id"] in kept:
            continue
        await storage().remove(storage_key(row["owner"], row["sha256"], row["content_type"]))
        await StoredFile.filter(id=row["id"], state=FileState.REMOVING).delete()
    return len(marked) - len(kept)


async def _restore(ids: list[int]) -> set[int]:
    """Unmarks files that another transaction referred to while the mark waited for its lock: on PostgreSQL the
    statement does not see that reference.
    """
    places = ", ".join("?" for _ in ids)
    if not ids:
        return set()
    rows = await execute(
        "UPDATE stored_file SET state = 'READY'"
        f" WHERE state = 'REMOVING' AND id IN ({places}) AND NOT ({_REFERENCES_SQL}) RETURNING id",
        *ids,
    )
    return {row["id"] for row in rows}
