"""The events of the workflowEvents subscription."""

from typing import Annotated

import strawberry

from models.enums import Stage
from schema.errors import JobError
from schema.workflows import CURRENT_STAGE, Workflow


@strawberry.type(
    description="The current state: sent first, and after each change: progress, a new name, a pause, an edit."
)
class WorkflowProgressed:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    overall_progress: float = strawberry.field(description="From 0 to 1 over all stages.")
    current_stage: Stage | None = strawberry.field(description=CURRENT_STAGE)
    stage_progress: float = strawberry.field(description="Of the current stage, from 0 to 1.")


@strawberry.type(description="A stage has succeeded.")
class StageCompleted:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    stage: Stage = strawberry.field(description="Which stage.")


@strawberry.type(description="A stage has failed.")
class StageFailed:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    stage: Stage = strawberry.field(description="Which stage.")
    error: JobError | None = strawberry.field(description="Why it failed; never null.")


@strawberry.type(description="The workflow has succeeded: the film is complete.")
class WorkflowCompleted:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")


@strawberry.type(description="The workflow has failed or was canceled.")
class WorkflowFailed:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    error: JobError | None = strawberry.field(description="Why it failed; null where it was canceled.")


@strawberry.type(description="The workflow was deleted, with everything made in it; the last event.")
class WorkflowDeleted:
    deleted_workflow_id: strawberry.ID = strawberry.field(description="Its id; remove it from what you keep.")


WorkflowEvent = Annotated[
    WorkflowProgressed | StageCompleted | StageFailed | WorkflowCompleted | WorkflowFailed | WorkflowDeleted,
    strawberry.union(
        "WorkflowEvent", description="An event of a workflow. Only WorkflowProgressed may be skipped for a slow reader."
    ),
]
