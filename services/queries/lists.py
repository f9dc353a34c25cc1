"""The lists of an owner's workflows and jobs, and their conditions."""

from dataclasses import dataclass
from datetime import datetime

from models.enums import JobStatus, JobType, Stage, WorkflowStatus
from models.jobs import Job
from models.workflows import Workflow
from services.queries.orders import JOB_ORDERS, WORKFLOW_ORDERS
from services.queries.row_lists import RowList, Where


@dataclass(frozen=True)
class WorkflowConditions:
    statuses: tuple[WorkflowStatus, ...] | None = None
    stage: Stage | None = None
    project_id: str | None = None
    name_contains: str | None = None


@dataclass(frozen=True)
class JobConditions:
    types: tuple[JobType, ...] | None = None
    statuses: tuple[JobStatus, ...] | None = None
    batch_id: int | None = None
    workflow_id: int | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None


WORKFLOWS = RowList(Workflow, "workflow c", WORKFLOW_ORDERS)
JOBS = RowList(Job, "job c", JOB_ORDERS, always="(c.role = 'STAGE' OR (c.role = 'GENERATE' AND c.parent_id IS NULL))")
"Jobs that were started by a user or a workflow; their child jobs are listed as children of each."


def workflows_where(conditions: WorkflowConditions) -> Where:
    where = Where()
    where.one_of("c.status", conditions.statuses)
    where.equals("c.current_stage", conditions.stage)
    where.equals("c.project_id", conditions.project_id)
    where.contains("c.name", conditions.name_contains)
    return where


def jobs_where(conditions: JobConditions) -> Where:
    where = Where()
    where.one_of("c.type", conditions.types)
    where.one_of("c.status", conditions.statuses)
    where.equals("c.batch_id", conditions.batch_id)
    where.equals("c.workflow_id", conditions.workflow_id)
    where.later("c.created_at", conditions.created_after)
    where.earlier("c.created_at", conditions.created_before)
    return where
