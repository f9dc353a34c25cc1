"""Queries for an owner's lists of workflows, jobs and assets, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models.base import OwnedRow
from models.enums import JobRole, JobStatus, JobType, Stage, WorkflowStatus
from models.jobs import Job
from models.workflows import Workflow
from services.platform.owned import owned
from services.platform.paging import Page, PageRequest, Position, cut_page

M = TypeVar("M", bound=OwnedRow)


@dataclass(frozen=True)
class WorkflowConditions:
    statuses: tuple[WorkflowStatus, ...] | None = None
    stage: Stage | None = None
    name_contains: str | None = None


@dataclass(frozen=True)
class JobConditions:
    types: tuple[JobType, ...] | None = None
    statuses: tuple[JobStatus, ...] | None = None
    batch_id: int | None = None
    workflow_id: int | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


def workflows_query(owner: str, conditions: WorkflowConditions) -> QuerySet[Workflow]:
    query = owned(Workflow, owner)
    if conditions.statuses is not None:
        query = query.filter(status__in=conditions.statuses)
    if conditions.stage is not None:
        query = query.filter(current_stage=conditions.stage)
    if conditions.name_contains:
        query = query.filter(name__icontains=conditions.name_contains)
    return query


def jobs_query(owner: str, conditions: JobConditions) -> QuerySet[Job]:
    """Jobs that were started by a user or a workflow; their child jobs are listed as children of each."""
    started = Q(role=JobRole.STAGE) | Q(role=JobRole.GENERATE, parent_id__isnull=True)
    query = owned(Job, owner).filter(started)
    if conditions.types is not None:
        query = query.filter(type__in=conditions.types)
    if conditions.statuses is not None:
        query = query.filter(status__in=conditions.statuses)
    if conditions.batch_id is not None:
        query = query.filter(batch_id=conditions.batch_id)
    if conditions.workflow_id is not None:
        query = query.filter(workflow_id=conditions.workflow_id)
    if conditions.created_after is not None:
        query = query.filter(created_at__gt=conditions.created_after)
    if conditions.created_before is not None:
        query = query.filter(created_at__lt=conditions.created_before)
    return query


async def newest_first(query: QuerySet[M], request: PageRequest) -> Page[M]:
    """Returns one page of an owned query, ordered by id because ids grow with time; one statement."""
    if request.after is not None:
        query = query.filter(id__lt=request.after.id)
    if request.before is not None:
        query = query.filter(id__gt=request.before.id)
    query = query.order_by("id" if request.is_backward else "-id").limit(request.size + 1)
    rows = await (query.offset(request.offset) if request.offset else query)
    return cut_page([(Position(row.id, row.id), row) for row in rows], request)
