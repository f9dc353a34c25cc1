"""Mutations that create, pause, resume, cancel, retry, rename and delete workflows."""

from typing import Annotated, Any

import strawberry

from models.enums import InputType
from models.generation_requests import STANDALONE_PROJECT
from resolvers.each_by_id import delete_each
from resolvers.fields import mutation
from resolvers.ids import need
from resolvers.keyed import Repeats
from resolvers.mutating import key_for
from schema.context import Info
from schema.errors import DeletePayload
from schema.fields import given
from schema.workflow_inputs import CreateWorkflowInput, WorkflowOptionsInput
from schema.workflows import WorkflowPayload
from services.film import workflows
from services.film.workflow.budgets import budget_warnings
from services.film.workflow_options import WorkflowOptions
from services.film.workflows import WorkflowRequest
from services.platform.not_given import NOT_GIVEN

WorkflowId = Annotated[strawberry.ID, strawberry.argument(description="The workflow.")]


def options_of(input: WorkflowOptionsInput | None) -> WorkflowOptions:
    """The caller's options, with defaults for those not given or null."""
    if input is None or input is strawberry.UNSET:
        return WorkflowOptions()
    values = {name: given(getattr(input, name)) for name in WorkflowOptionsInput.__dataclass_fields__}
    chosen: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    chosen["pause_after"] = tuple(dict.fromkeys(values["pause_after"] or ()))
    return WorkflowOptions(**chosen)


@strawberry.type
class WorkflowMutations:
    @mutation("Starts a workflow that turns a text into a film.")
    async def create_workflow(
        self,
        info: Info,
        input: Annotated[CreateWorkflowInput, strawberry.argument(description="The text, and how to make it.")],
    ) -> WorkflowPayload | None:
        request = WorkflowRequest(
            name=input.name,
            input_type=input.input_type or InputType.NOVEL,
            input_content=given(input.input_content),
            input_file=given(input.input_file),
            options=options_of(input.options),
            callback_url=given(input.callback_url),
            project_id=STANDALONE_PROJECT if input.project_id is None else input.project_id,
            project_name=given(input.project_name),
        )
        key = key_for(info, input.idempotency_key)
        workflow = await workflows.create_workflow(info.context.owner, request, key)
        return WorkflowPayload.of(workflow, await budget_warnings(workflow.options))

    @mutation("Running jobs finish; no more are started until resumeWorkflow.", repeats=Repeats.IN_TRANSACTION)
    async def pause_workflow(self, info: Info, id: WorkflowId) -> WorkflowPayload | None:
        return WorkflowPayload.of(await workflows.pause_workflow(info.context.owner, need(id, "Workflow", "id")))

    @mutation(
        "Resumes a paused workflow; after edits to an ended workflow, remakes what is out of date.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def resume_workflow(
        self,
        info: Info,
        id: WorkflowId,
        credit_budget: Annotated[
            int | None,
            strawberry.argument(description="A new budget; null: none; not given: unchanged."),
        ] = strawberry.UNSET,
    ) -> WorkflowPayload | None:
        workflow_id = need(id, "Workflow", "id")
        budget = NOT_GIVEN if credit_budget is strawberry.UNSET else credit_budget
        workflow = await workflows.resume_workflow(info.context.owner, workflow_id, budget)
        return WorkflowPayload.of(workflow, await budget_warnings(workflow.options))

    @mutation(
        "Cancels a workflow; running work stops within two seconds, and finished work is kept.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def cancel_workflow(self, info: Info, id: WorkflowId) -> WorkflowPayload | None:
        return WorkflowPayload.of(await workflows.cancel_workflow(info.context.owner, need(id, "Workflow", "id")))

    @mutation("Renames a workflow.", repeats=Repeats.IN_TRANSACTION)
    async def rename_workflow(
        self,
        info: Info,
        id: WorkflowId,
        name: Annotated[str, strawberry.argument(description="The new name, 1 to 200 characters.")],
    ) -> WorkflowPayload | None:
        workflow_id = need(id, "Workflow", "id")
        return WorkflowPayload.of(await workflows.rename_workflow(info.context.owner, workflow_id, name))

    @mutation("Deletes workflows with everything made in them.", repeats=Repeats.WITH_CLAIM)
    async def delete_workflows(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The workflows, at most 1000.")],
    ) -> DeletePayload | None:
        return await delete_each(info, ids, "Workflow", workflows.delete_workflows)

    @mutation("Continues from the failed stage; finished work is kept.", repeats=Repeats.IN_TRANSACTION)
    async def retry_workflow(self, info: Info, id: WorkflowId) -> WorkflowPayload | None:
        return WorkflowPayload.of(await workflows.retry_workflow(info.context.owner, need(id, "Workflow", "id")))
