"""The events of the workflowEvents subscription."""

from typing import Annotated

import strawberry

from models.enums import Stage
from schema.errors import JobError
from schema.workflows import Workflow


@strawberry.type(description="The present state: sent first, and after each change.")
class WorkflowProgressed:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    overall_progress: float = strawberry.field(description="From 0 to 1 over all stages.")
    current_stage: Stage | None = strawberry.field(description="The stage that is at work, or failed, or is next.")
    stage_progress: float = strawberry.field(description="Of the current stage, from 0 to 1.")


@strawberry.type(description="A stage has ended well.")
class StageCompleted:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    stage: Stage = strawberry.field(description="Which stage.")


@strawberry.type(description="A stage has failed.")
class StageFailed:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    stage: Stage = strawberry.field(description="Which stage.")
    error: JobError = strawberry.field(description="Why.")


@strawberry.type(description="The film is there.")
class WorkflowCompleted:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")


@strawberry.type(description="Failed or canceled.")
class WorkflowFailed:
    workflow: Workflow = strawberry.field(description="The workflow as it is now.")
    error: JobError | None = strawberry.field(description="Why it failed; null where somebody canceled it.")


WorkflowEvent = Annotated[
    WorkflowProgressed | StageCompleted | StageFailed | WorkflowCompleted | WorkflowFailed,
    strawberry.union("WorkflowEvent", description="Only WorkflowProgressed is ever skipped for a slow reader."),
]
