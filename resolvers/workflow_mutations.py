"""Creating, steering and deleting workflows."""

import json
from typing import Annotated, Any

import strawberry

from errors import BadInputError, EkonteError, not_found
from models.enums import InputType
from models.workflows import Workflow as WorkflowRow
from resolvers.ids import need, number_of
from resolvers.mutating import key_for
from schema.context import Info
from schema.errors import DeletePayload, ItemFailure
from schema.fields import mutation
from schema.paging import given
from schema.workflow_inputs import CreateWorkflowInput, WorkflowOptionsInput
from schema.workflows import Workflow, WorkflowPayload
from services.film import workflows
from services.film.workflow_options import WorkflowOptions
from services.film.workflows import WorkflowRequest
from services.platform.not_given import NOT_GIVEN
from services.platform.paging import check_id_count

MAX_PREFERENCES_BYTES = 16 * 1024

WorkflowId = Annotated[strawberry.ID, strawberry.argument(description="The workflow.")]


def options_of(wanted: WorkflowOptionsInput | None) -> WorkflowOptions:
    """The caller's options; where one is not given, or null, its default. Raises BadInputError."""
    if wanted is None or wanted is strawberry.UNSET:
        return WorkflowOptions()
    values = {name: given(getattr(wanted, name)) for name in WorkflowOptionsInput.__dataclass_fields__}
    chosen: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    chosen["pause_after"] = tuple(dict.fromkeys(values["pause_after"] or ()))
    check_preferences(values["preferences"])
    return WorkflowOptions(**chosen)


def check_preferences(preferences: object) -> None:
    if len(json.dumps(preferences, ensure_ascii=False).encode("utf-8", "surrogatepass")) > MAX_PREFERENCES_BYTES:
        raise BadInputError("preferences take at most 16 KB of JSON.", path=["input", "options", "preferences"])


def _payload(info: Info, row: WorkflowRow) -> WorkflowPayload:
    info.context.forget()
    return WorkflowPayload(workflow=Workflow.from_row(row))


@strawberry.type
class WorkflowMutations:
    @mutation("Begins to turn a text into a film.")
    async def create_workflow(
        self,
        info: Info,
        input: Annotated[CreateWorkflowInput, strawberry.argument(description="The text, and how to make it.")],
    ) -> WorkflowPayload:
        request = WorkflowRequest(
            name=input.name,
            input_type=input.input_type or InputType.NOVEL,
            input_content=given(input.input_content),
            input_file=given(input.input_file),
            options=options_of(input.options),
            callback_url=given(input.callback_url),
        )
        key = key_for(info, input.idempotency_key)
        return _payload(info, await workflows.create_workflow(info.context.owner, request, key))

    @mutation("What runs ends; nothing more is started until resumeWorkflow.")
    async def pause_workflow(self, info: Info, id: WorkflowId) -> WorkflowPayload:
        return _payload(info, await workflows.pause_workflow(info.context.owner, need(id, "Workflow", "id")))

    @mutation("Goes on after a pause; after corrections to an ended workflow, makes again what is out of date.")
    async def resume_workflow(
        self,
        info: Info,
        id: WorkflowId,
        credit_budget: Annotated[
            int | None,
            strawberry.argument(description="A new budget from here on; null: none; not given: as it was."),
        ] = strawberry.UNSET,
    ) -> WorkflowPayload:
        workflow_id = need(id, "Workflow", "id")
        budget = NOT_GIVEN if credit_budget is strawberry.UNSET else credit_budget
        return _payload(info, await workflows.resume_workflow(info.context.owner, workflow_id, budget))

    @mutation("Ends a workflow; what runs stops within two seconds, and finished work is kept.")
    async def cancel_workflow(self, info: Info, id: WorkflowId) -> WorkflowPayload:
        return _payload(info, await workflows.cancel_workflow(info.context.owner, need(id, "Workflow", "id")))

    @mutation("Gives a workflow another name.")
    async def rename_workflow(
        self,
        info: Info,
        id: WorkflowId,
        name: Annotated[str, strawberry.argument(description="The new name, 1 to 200 characters.")],
    ) -> WorkflowPayload:
        workflow_id = need(id, "Workflow", "id")
        return _payload(info, await workflows.rename_workflow(info.context.owner, workflow_id, name))

    @mutation("Removes workflows with all that was made in them.")
    async def delete_workflows(
        self,
        info: Info,
        ids: Annotated[list[strawberry.ID], strawberry.argument(description="The workflows, at most 1000.")],
    ) -> DeletePayload:
        check_id_count(ids, "ids")
        payload = await _delete(info.context.owner, list(dict.fromkeys(ids)), list(ids))
        info.context.forget()
        return payload

    @mutation("Goes on from the failed stage; finished work is kept.")
    async def retry_workflow(self, info: Info, id: WorkflowId) -> WorkflowPayload:
        return _payload(info, await workflows.retry_workflow(info.context.owner, need(id, "Workflow", "id")))


async def _delete(owner: str, ids: list[strawberry.ID], places: list[strawberry.ID]) -> DeletePayload:
    """Each id once, in the order given; a failure names the first place of its id."""
    numbers = {global_id: number_of(global_id, "Workflow") for global_id in ids}
    outcomes = await workflows.delete_workflows(owner, [number for number in numbers.values() if number is not None])
    errors: dict[int, EkonteError | None] = dict(outcomes)
    deleted: list[strawberry.ID] = []
    failures: list[ItemFailure] = []
    for global_id, number in numbers.items():
        error = not_found("workflow") if number is None else errors[number]
        if error is None:
            deleted.append(global_id)
        else:
            failures.append(ItemFailure.of(error, ["ids", str(places.index(global_id))], global_id))
    return DeletePayload(deleted_ids=deleted, failures=failures, success_count=len(deleted), failed_count=len(failures))
