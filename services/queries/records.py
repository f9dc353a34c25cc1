"""Queries for an owner's generation records: filtered lists, newest by storyboard, versions, credits. Deleted records
are left out.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tortoise.expressions import Subquery

from models.enums import JobStatus, MediaKind
from models.generation import GenerationRecord, RecordVersion
from models.generation_requests import work_of
from models.ids import global_id
from services.platform.owned import owned, owned_rows_sql, places, rows_by_id
from services.queries.children import ChildList
from services.queries.credits import SpentCredits, spent_credits
from services.queries.orders import RECORD_ORDERS, RECORD_VERSION_ORDERS
from services.queries.row_lists import RowList, Where

RECORDS = RowList(GenerationRecord, "generation_record c", RECORD_ORDERS, always="c.deleted_at IS NULL")
RECORD_VERSIONS = ChildList(
    RecordVersion,
    "record_version c JOIN generation_record r ON r.id = c.record_id",
    "c.record_id",
    RECORD_VERSION_ORDERS,
    always="r.deleted_at IS NULL AND (r.shown_job_id IS NULL OR r.shown_job_id <> c.job_id)",
)


@dataclass(frozen=True)
class RecordConditions:
    """Conditions that are combined with AND; None is no condition. statuses: of the record's newest job."""

    kind: MediaKind | None = None
    work_id: str | None = None
    project_id: str | None = None
    storyboard_ids: tuple[str, ...] | None = None
    batch_id: int | None = None
    statuses: tuple[JobStatus, ...] | None = None
    model: str | None = None
    prompt_contains: str | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def records_where(owner: str, conditions: RecordConditions) -> Where:
    where = Where()
    where.equals("c.kind", conditions.kind)
    where.equals("c.work_id", conditions.work_id)
    where.equals("c.project_id", conditions.project_id)
    where.one_of("c.storyboard_id", conditions.storyboard_ids)
    where.equals("c.model", conditions.model)
    where.contains("c.prompt", conditions.prompt_contains)
    where.later("c.created_at", conditions.created_after)
    where.earlier("c.created_at", conditions.created_before)
    if conditions.batch_id is not None:
        items = "SELECT record_id FROM job WHERE owner = ? AND batch_id = ?"
        where.add(f"c.id IN ({items})", owner, conditions.batch_id)
    if conditions.statuses is not None:
        statuses = [status.value for status in dict.fromkeys(conditions.statuses)]
        jobs = f"SELECT id FROM job WHERE owner = ? AND role = 'GENERATE' AND status IN ({places(statuses)})"
        where.add(f"c.current_job_id IN ({jobs})" if statuses else "1 = 0", *([owner, *statuses] if statuses else []))
    return where


async def records_in_order(owner: str, ids: Sequence[int]) -> list[GenerationRecord | None]:
    """Returns for each id its record, or None; one statement."""
    rows = await rows_by_id(GenerationRecord, owner, ids)
    return [row if (row := rows.get(row_id)) is not None and row.deleted_at is None else None for row_id in ids]


async def versions_in_order(owner: str, ids: Sequence[int]) -> list[RecordVersion | None]:
    """Returns for each id its version; None if it does not exist or its record is deleted. One statement."""
    live = owned(GenerationRecord, owner).filter(deleted_at__isnull=True).values("id")
    rows = owned(RecordVersion, owner).filter(id__in=list(set(ids)), record_id__in=Subquery(live))
    found = {row.id: row for row in await rows}
    return [found.get(row_id) for row_id in ids]


async def latest_records(
    owner: str, kind: MediaKind, work_id: str, project_id: str | None, storyboard_ids: Sequence[str]
) -> list[GenerationRecord | None]:
    """Returns for each storyboard its newest record, or None; project_id None: of all projects. Two statements."""
    wanted = list(dict.fromkeys(storyboard_ids))
    if not wanted:
        return []
    project = "" if project_id is None else " AND project_id = ?"
    found = await owned_rows_sql(
        "SELECT storyboard_id, MAX(id) AS id FROM generation_record WHERE owner = ? AND deleted_at IS NULL"
        f" AND kind = ? AND work_id = ?{project} AND storyboard_id IN ({places(wanted)}) GROUP BY storyboard_id",
        owner,
        kind.value,
        work_id,
        *([] if project_id is None else [project_id]),
        *wanted,
    )
    newest = {row["storyboard_id"]: row["id"] for row in found}
    rows = await rows_by_id(GenerationRecord, owner, newest.values())
    return [rows.get(newest.get(storyboard_id, 0)) for storyboard_id in storyboard_ids]


async def credits_by_record_id(owner: str, record_ids: Sequence[int]) -> list[SpentCredits]:
    """Returns for each record the credits of all attempts of all its jobs; known is also None if there are none."""
    found = await spent_credits(owner, "record_id", record_ids)
    return [each if each.attempt_count else SpentCredits(None) for each in found]


async def credits_by_workflow_id(owner: str, workflow_ids: Sequence[int]) -> list[SpentCredits]:
    """Returns for each workflow the credits of its generations' attempts."""
    return await spent_credits(owner, "workflow_id", workflow_ids)


async def picture_records_by_shot_id(owner: str, shot_ids: Sequence[int]) -> list[GenerationRecord | None]:
    """Returns for each shot the record of its picture, or None. Such a record has the shot's id as storyboard_id and
    the workflow as work. Two statements.
    """
    found = await owned_rows_sql(
        "SELECT s.id AS id, b.workflow_id AS workflow_id FROM shot s JOIN storyboard b ON b.id = s.storyboard_id"
        f" WHERE s.owner = ? AND s.id IN ({places(shot_ids)})",
        owner,
        *shot_ids,
    )
    works = {row["id"]: work_of(row["workflow_id"]) for row in found}
    if not works:
        return [None] * len(shot_ids)
    keys = {shot_id: (work, global_id("Shot", shot_id)) for shot_id, work in works.items()}
    records = owned(GenerationRecord, owner).filter(
        kind=MediaKind.IMAGE,
        deleted_at__isnull=True,
        work_id__in=list(set(works.values())),
        storyboard_id__in=[storyboard for _, storyboard in keys.values()],
    )
    by_key = {(record.work_id, record.storyboard_id): record for record in await records}
    return [by_key.get(keys.get(shot_id, ("", ""))) for shot_id in shot_ids]
