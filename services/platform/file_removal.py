"""Removing stored files that nothing refers to: marked first, so that whoever still wants one can keep it, and later
removed.

The storage's bytes go before the row: a crash between the two leaves a row that the next removal finds.
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
"Of so many files each, in one clearing away; the rest is the next one's."

_REFERENCES_SQL = (
    "NOT EXISTS (SELECT 1 FROM artifact_file WHERE artifact_file.file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM job_file WHERE job_file.file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM job_input WHERE job_input.file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM script WHERE script.source_file_id = stored_file.id)"
    " AND NOT EXISTS (SELECT 1 FROM asset WHERE asset.reference_file_id = stored_file.id)"
)


async def remove_leftovers_of_job(job_id: int) -> int:
    """Removes what an ended job stored and nothing refers to (a try that was cut off). Returns how many files went.

    A live job keeps its files: another worker may have taken it over, and be about to publish the same content.
    """
    ended = "NOT EXISTS (SELECT 1 FROM job WHERE job.id = made_by_job_id AND job.status IN ('PENDING', 'RUNNING'))"
    return await _remove(f"made_by_job_id = ? AND is_upload = {_false()} AND {ended} AND {_REFERENCES_SQL}", job_id)


async def remove_unfinished() -> int:
    """Removes files whose writing was cut off. Only for a process that knows that no other is writing."""
    return await _remove("state IN ('WRITING', 'REMOVING')")


async def remove_unreferenced(older_than: datetime, released_before: datetime) -> int:
    """Marks files made before a time that nothing refers to, and removes those that were marked before another one.

    The time between is for whoever has just found such a file and is about to refer to it.
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
        now = await _remove(f"released_at <= ? AND {_REFERENCES_SQL}", _moment(released_before))
        removed += now
        if now < REMOVAL_BATCH_SIZE:
            break
    return removed


async def release_files(file_ids: list[int]) -> None:
    """Marks those of the files that nothing refers to any more, uploads excepted: from now on no link opens them.

    In the transaction that removes what referred to them. Whoever stores the same content takes it up again.
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
    """Marks, takes the bytes away, then the row: whoever stores the same content meanwhile waits for the end of it."""
    marked = await execute(
        "UPDATE stored_file SET state = 'REMOVING' WHERE id IN (SELECT id FROM stored_file"
        f" WHERE {where} LIMIT {REMOVAL_BATCH_SIZE}) RETURNING id, owner, sha256, content_type",
        *values,
    )
    kept = await _put_back([row["id"] for row in marked])
    for row in marked:
        if row["id"] in kept:
            continue
        await storage().remove(storage_key(row["owner"], row["sha256"], row["content_type"]))
        await StoredFile.filter(id=row["id"], state=FileState.REMOVING).delete()
    return len(marked) - len(kept)


async def _put_back(ids: list[int]) -> set[int]:
    """Unmarks what was taken up while the mark waited for that transaction: PostgreSQL's statements do not see it."""
    places = ", ".join("?" for _ in ids)
    if not ids:
        return set()
    rows = await execute(
        "UPDATE stored_file SET state = 'READY'"
        f" WHERE state = 'REMOVING' AND id IN ({places}) AND NOT ({_REFERENCES_SQL}) RETURNING id",
        *ids,
    )
    return {row["id"] for row in rows}
