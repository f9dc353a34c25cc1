"""Writes the progress and the messages of jobs that users see."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.database import execute
from models.enums import Stage
from models.sql import greatest_sql, least_sql
from services.platform.owned import places
from services.stores.jobs.transitions import announce_ids


@dataclass(frozen=True)
class StageProgress:
    """A stage job's progress as it was just written."""

    progress: float
    workflow_id: int | None
    stage: Stage


async def set_progress(job_id: int, *, progress: float | None, message: str | None) -> bool:
    """Writes a running job's progress, 0 to 1 (None: unchanged; it never decreases), and its message; returns whether
    either changed.
    """
    rows = await execute(
        f"UPDATE job SET progress = {greatest_sql('progress', 'CAST(? AS DOUBLE PRECISION)')}, version = version + 1,"
        " message = ? WHERE id = ? AND status = 'RUNNING'"
        " AND (message IS NULL OR message <> ? OR progress < CAST(? AS DOUBLE PRECISION)) RETURNING id",
        progress or 0.0,
        message,
        job_id,
        message or "",
        progress or 0.0,
    )
    announce_ids(row["id"] for row in rows)
    return bool(rows)


async def set_build_progress(build_id: int, progress: float) -> int | None:
    """Writes a running build's progress, at most 0.99, from the generation that it waits for. Returns the id of the
    build's stage job, if any.
    """
    rows = await execute(
        f"UPDATE job SET progress = {greatest_sql('progress', 'CAST(? AS DOUBLE PRECISION)')}, version = version + 1"
        " WHERE id = ? AND status = 'RUNNING' RETURNING parent_id",
        min(progress, 0.99),
        build_id,
    )
    if not rows:
        return None
    announce_ids([build_id])
    parent_id: int | None = rows[0]["parent_id"]
    return parent_id


async def sum_up_stage_progress(stage_job_id: int) -> StageProgress | None:
    """Writes a running stage job's progress: the finished weight of its children divided by the total weight of this
    run; it never decreases and stays below 1. Returns None if the job does not run or its total weight is not known
    yet.
    """
    share = (
        "(SELECT COALESCE(SUM(child.progress * child.weight), 0) FROM job AS child"
        " WHERE child.parent_id = job.id AND child.status IN ('RUNNING', 'SUCCEEDED')) / expected_weight"
    )
    rows = await execute(
        f"UPDATE job SET progress = {greatest_sql('progress', least_sql('0.99', share))}, version = version + 1"
        " WHERE id = ? AND status = 'RUNNING' AND expected_weight > 0 RETURNING progress, workflow_id, stage",
        stage_job_id,
    )
    if not rows:
        return None
    announce_ids([stage_job_id])
    return StageProgress(rows[0]["progress"], rows[0]["workflow_id"], Stage(rows[0]["stage"]))


async def record_files_removed(job_ids: Sequence[int], message: str) -> None:
    """Writes a message into those of the jobs that have no file of their result left."""
    if not job_ids:
        return
    rows = await execute(
        f"UPDATE job SET message = ?, version = version + 1 WHERE id IN ({places(job_ids)})"
        " AND NOT EXISTS (SELECT 1 FROM job_file WHERE job_file.job_id = job.id) RETURNING id",
        message,
        *job_ids,
    )
    announce_ids(row["id"] for row in rows)
