"""The root subscription type: each subscription sends the current state, then each change."""

import contextlib
from collections.abc import AsyncGenerator
from typing import Annotated

import strawberry

from models.jobs import Job as JobRow
from models.workflows import Workflow as WorkflowRow
from resolvers.account_subscriptions import AccountSubscriptions
from resolvers.alert_subscriptions import AlertSubscriptions
from resolvers.batch_subscriptions import BatchSubscriptions
from resolvers.fields import subscription
from resolvers.ids import missing, need, need_all
from schema.context import Info
from schema.errors import JobError
from schema.jobs import Job
from schema.workflow_events import (
    StageCompleted,
    StageFailed,
    WorkflowCompleted,
    WorkflowDeleted,
    WorkflowEvent,
    WorkflowFailed,
    WorkflowProgressed,
)
from schema.workflows import Workflow
from services.platform.events import job_topic, workflow_topic
from services.platform.owned import rows_by_id
from services.queries import workflow_events as events
from services.queries.following import follow
from services.queries.present import WorkflowRows, deleted_job, deleted_workflow, present_jobs, present_workflows


@strawberry.type(
    description="Every subscription first sends the current state, then each change; a slow reader gets the newest "
    "state, never a growing queue. It completes when what it follows can no longer change."
)
class Subscription(AccountSubscriptions, AlertSubscriptions, BatchSubscriptions):
    @subscription(
        "Each job now, then at each change; completes when all have ended. One that is deleted with its workflow is "
        "sent as canceled."
    )
    async def job_progress(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The jobs, at most 1000.")],
    ) -> AsyncGenerator[Job | None, None]:
        context = info.context
        job_ids = need_all(ids, "Job", "ids")
        mine = await rows_by_id(JobRow, context.owner, job_ids)
        for index, job_id in enumerate(job_ids):
            if job_id not in mine:
                raise missing("Job", "ids", str(index))
        states = follow(
            present_jobs(),
            context.owner,
            job_ids,
            job_topic,
            until=context.viewer.expires_at,
            on_deleted=deleted_job,
        )
        async with contextlib.aclosing(states):
            async for state in states:
                context.clear_loaders()
                context.loaders.job_by_id.prime(state.id, state.job)
                yield Job.from_row(state.job)

    @subscription(
        "The events of a workflow, starting with its current state; completes when it has ended or was deleted."
    )
    async def workflow_events(
        self, info: Info, id: Annotated[strawberry.ID, strawberry.argument(description="The workflow.")]
    ) -> AsyncGenerator[WorkflowEvent | None, None]:
        context = info.context
        workflow_id = need(id, "Workflow", "id")
        if workflow_id not in await rows_by_id(WorkflowRow, context.owner, [workflow_id]):
            raise missing("Workflow", "id")
        states = follow(
            present_workflows(),
            context.owner,
            [workflow_id],
            workflow_topic,
            until=context.viewer.expires_at,
            on_deleted=deleted_workflow,
        )
        seen: events.WorkflowState | None = None
        async with contextlib.aclosing(states):
            async for rows in states:
                now = events.state_of(rows.workflow, rows.stages, rows.jobs)
                due = [events.Deleted()] if rows.is_deleted else events.due_events(seen, now)
                seen = now
                for event in due:
                    context.clear_loaders()
                    context.loaders.workflow_by_id.prime(rows.id, rows.workflow)
                    context.loaders.stages_by_workflow_id.prime(rows.id, rows.stages)
                    context.loaders.job_by_id.prime_many(rows.jobs)
                    yield event_type(event, rows)


def event_type(
    event: events.Event, rows: WorkflowRows
) -> WorkflowProgressed | StageCompleted | StageFailed | WorkflowCompleted | WorkflowFailed | WorkflowDeleted:
    workflow = Workflow.from_row(rows.workflow)
    match event:
        case events.Progressed(state):
            return WorkflowProgressed(
                workflow=workflow,
                overall_progress=state.progress,
                current_stage=state.current_stage,
                stage_progress=state.stage_progress,
            )
        case events.StageDone(stage):
            return StageCompleted(workflow=workflow, stage=stage)
        case events.StageFailed(stage, error):
            return StageFailed(workflow=workflow, stage=stage, error=JobError.from_stored(error))
        case events.WorkflowCompleted():
            return WorkflowCompleted(workflow=workflow)
        case events.Failed(error):
            return WorkflowFailed(workflow=workflow, error=JobError.maybe(error))
        case events.Deleted():
            return WorkflowDeleted(deleted_workflow_id=workflow.id)
