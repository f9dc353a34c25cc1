"""How far jobs are, for people to see, and what is said about them."""

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
    """Writes how far a running job is, from 0 to 1 (None: as far as before; it never goes back), and a message;
    whether that is news.
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
    """A running build is as far as the generation that it waits for; the id of the build's stage job, if it has one."""
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
    """Writes a running stage job's progress: its children's done weight over all weight of this run, never less than
    before and less than 1. None where it does not run, or what it has to do is not known yet.
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


async def say_files_are_gone(job_ids: Sequence[int], message: str) -> None:
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
