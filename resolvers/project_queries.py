"""Queries of the caller's projects and works."""

import strawberry

from resolvers.lists import ListFilter
from schema.context import Info
from schema.fields import given
from schema.paging import Connection, connection, paged
from schema.projects import ProjectFilter, ProjectSummary, WorkFilter, WorkSummary
from services.platform.paging import PageRequest
from services.queries.orders import PROJECT_ORDERS, WORK_ORDERS
from services.queries.projects import (
    WorkConditions,
    project_count,
    project_page,
    projects_where,
    work_count,
    work_page,
    works_where,
)


@strawberry.type
class ProjectQueries:
    @paged(
        "The caller's projects: what records, batches and workflows name as theirs; those that something was last "
        "requested for first.",
        PROJECT_ORDERS,
    )
    async def projects(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[ProjectFilter] = strawberry.UNSET,
    ) -> Connection[ProjectSummary] | None:
        owner = info.context.owner
        where = projects_where(given((given(filter) or ProjectFilter()).project_id_contains))
        page = await project_page(owner, where, request)
        return connection(page, ProjectSummary.of, lambda: project_count(owner, where))

    @paged(
        "The caller's works in their projects: what records and batches name as theirs; those that something was last "
        "requested for first.",
        WORK_ORDERS,
    )
    async def works(
        self,
        info: Info,
        request: PageRequest,
        filter: ListFilter[WorkFilter] = strawberry.UNSET,
    ) -> Connection[WorkSummary] | None:
        owner, wanted = info.context.owner, given(filter) or WorkFilter()
        where = works_where(
            WorkConditions(project_id=given(wanted.project_id), work_id_contains=given(wanted.work_id_contains))
        )
        page = await work_page(owner, where, request)
        return connection(page, WorkSummary.of, lambda: work_count(owner, where))
