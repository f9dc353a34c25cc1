"""The caller's workflows and jobs, by id and as lists."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

import strawberry

from resolvers.ids import number_of
from resolvers.node_queries import load_node
from schema.context import Info
from schema.fields import resolved
from schema.jobs import Job, JobFilter
from schema.paging import After, Before, Connection, First, Last, PageNumber, given, listed
from schema.workflows import Workflow, WorkflowFilter
from services.platform.paging import page_request
from services.queries.lists import JobConditions, WorkflowConditions, jobs_query, workflows_query

T = TypeVar("T")


def several(values: Sequence[T] | None) -> tuple[T, ...] | None:
    return None if given(values) is None else tuple(values or ())


def workflow_conditions(wanted: WorkflowFilter | None) -> WorkflowConditions:
    if given(wanted) is None or wanted is None:
        return WorkflowConditions()
    return WorkflowConditions(
        statuses=several(wanted.status), stage=given(wanted.stage), name_contains=given(wanted.name_contains)
    )


def job_conditions(wanted: JobFilter | None) -> JobConditions:
    """An id that is no batch's or workflow's finds nothing, as somebody else's does."""
    if given(wanted) is None or wanted is None:
        return JobConditions()
    batch_id, workflow_id = given(wanted.batch_id), given(wanted.workflow_id)
    return JobConditions(
        types=several(wanted.type),
        statuses=several(wanted.status),
        batch_id=None if batch_id is None else number_of(batch_id, "Batch") or 0,
        workflow_id=None if workflow_id is None else number_of(workflow_id, "Workflow") or 0,
        created_after=given(wanted.created_after),
        created_before=given(wanted.created_before),
    )


@strawberry.type
class ListQueries:
    @resolved("A workflow of the caller's, or null.")
    async def workflow(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Workflow | None:
        return await load_node(info, id, "Workflow")  # type: ignore[no-any-return]

    @resolved("The caller's workflows, newest first.")
    async def workflows(
        self,
        info: Info,
        filter: Annotated[
            WorkflowFilter | None, strawberry.argument(description="Which to list; null: all.")
        ] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        page: PageNumber = strawberry.UNSET,
    ) -> Connection[Workflow]:
        request = page_request(given(first), given(after), given(last), given(before), given(page))
        query = workflows_query(info.context.owner, workflow_conditions(filter))
        return await listed(query, request, Workflow.from_row)

    @resolved("A job of the caller's, or null.")
    async def job(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="Its id.")]
    ) -> Job | None:
        return await load_node(info, id, "Job")  # type: ignore[no-any-return]

    @resolved("Jobs that the caller or the caller's workflows started, newest first; each lists its parts as children.")
    async def jobs(
        self,
        info: Info,
        filter: Annotated[
            JobFilter | None, strawberry.argument(description="Which to list; null: all.")
        ] = strawberry.UNSET,
        first: First = strawberry.UNSET,
        after: After = strawberry.UNSET,
        last: Last = strawberry.UNSET,
        before: Before = strawberry.UNSET,
        page: PageNumber = strawberry.UNSET,
    ) -> Connection[Job]:
        request = page_request(given(first), given(after), given(last), given(before), given(page))
        query = jobs_query(info.context.owner, job_conditions(filter))
        return await listed(query, request, Job.from_row)
