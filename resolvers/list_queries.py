"""Queries of the caller's workflows and jobs, by id and as lists."""

import strawberry

from resolvers.fields import query
from resolvers.ids import Id
from resolvers.lists import ListFilter, filter_id, listed, several
from resolvers.nodes import load_node
from schema.context import Info
from schema.fields import given
from schema.jobs import Job, JobFilter
from schema.paging import Connection, paged
from schema.workflows import Workflow, WorkflowFilter
from services.platform.paging import PageRequest
from services.queries.lists import JOBS, WORKFLOWS, JobConditions, WorkflowConditions, jobs_where, workflows_where
from services.queries.orders import JOB_ORDERS, WORKFLOW_ORDERS


def workflow_conditions(wanted: WorkflowFilter) -> WorkflowConditions:
    return WorkflowConditions(
        statuses=several(wanted.status),
        stage=given(wanted.stage),
        project_id=given(wanted.project_id),
        name_contains=given(wanted.name_contains),
    )


def job_conditions(wanted: JobFilter) -> JobConditions:
    return JobConditions(
        types=several(wanted.type),
        statuses=several(wanted.status),
        batch_id=filter_id(wanted.batch_id, "Batch"),
        workflow_id=filter_id(wanted.workflow_id, "Workflow"),
        created_after=given(wanted.created_after),
        created_before=given(wanted.created_before),
    )


@strawberry.type
class ListQueries:
    @query("A workflow of the caller's; null where there is none.")
    async def workflow(self, info: Info, id: Id) -> Workflow | None:
        return await load_node(info, id, Workflow)

    @paged("The caller's workflows, newest first.", WORKFLOW_ORDERS)
    async def workflows(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[WorkflowFilter] = strawberry.UNSET,
    ) -> Connection[Workflow] | None:
        where = workflows_where(workflow_conditions(given(filter) or WorkflowFilter()))
        return await listed(info.context.owner, WORKFLOWS, where, request, Workflow.from_row)

    @query("A job of the caller's; null where there is none.")
    async def job(self, info: Info, id: Id) -> Job | None:
        return await load_node(info, id, Job)

    @paged(
        "Jobs that the caller or the caller's workflows started, newest first; each lists its parts as children.",
        JOB_ORDERS,
    )
    async def jobs(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[JobFilter] = strawberry.UNSET,
    ) -> Connection[Job] | None:
        where = jobs_where(job_conditions(given(filter) or JobFilter()))
        return await listed(info.context.owner, JOBS, where, request, Job.from_row)
