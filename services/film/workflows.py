"""Operations on workflows: create, pause, resume, cancel, retry, rename and delete."""

import dataclasses
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any

from errors import BadInputError, ConflictError, EkonteError, not_found
from models.database import transaction
from models.enums import (
    LIVE_WORKFLOW_STATUSES,
    STAGES,
    InputType,
    JobStatus,
    Stage,
    WorkflowStatus,
)
from models.generation_requests import STANDALONE_PROJECT
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.film.artifacts.canceling import cancel_builds
from services.film.sources import check_one_source, store_source
from services.film.workflow.deletion import delete_rows
from services.film.workflow.planning import end_stage_job
from services.film.workflow.steps import advance, clear_budget_pause, next_stage, read_states, start_stage
from services.film.workflow_options import WorkflowOptions
from services.generation.checking import MAX_ID_CHARACTERS, MAX_NAME_CHARACTERS
from services.notifications.callbacks.addresses import check_callback_url
from services.platform.faults import Faults, collected
from services.platform.idempotency import once, previous_result
from services.platform.locking import lock_row
from services.platform.not_given import NOT_GIVEN, NotGiven
from services.platform.owned import own
from services.platform.provider_choices import check_language, check_layout, check_model, check_voice, choose_provider
from services.platform.quotas import Quota, check_room, reserve
from services.queue.notify import notify
from services.queue.retrying import reopen_stage_job
from services.stores import scripts, workflows
from services.stores.jobs.waits import (
    lock_stage_jobs,
    restart_waiting_in_workflow,
    resume_builds_of_workflow,
    suspend_builds_of_workflow,
    wake_stage_jobs_of_workflow,
)
from services.stores.jobs.which import Jobs

MAX_NAME_LENGTH = 200


@dataclass(frozen=True)
class WorkflowRequest:
    """A new workflow. Exactly one of input_content and input_file is given."""

    name: str
    input_type: InputType
    input_content: str | None
    input_file: str | None
    options: WorkflowOptions
    callback_url: str | None = None
    project_id: str = STANDALONE_PROJECT
    project_name: str | None = None


def check_name(name: str, *path: str) -> str:
    cleaned = name.strip()
    if not 1 <= len(cleaned) <= MAX_NAME_LENGTH:
        raise BadInputError(f"name must have 1 to {MAX_NAME_LENGTH} characters.", path=path)
    return cleaned


def project_faults(project_id: str, project_name: str | None) -> Iterator[BadInputError]:
    """The caller's own project has an id of 1 to 128 characters and a name of at most 200."""
    if not 1 <= len(project_id) <= MAX_ID_CHARACTERS:
        yield BadInputError(f"projectId has 1 to {MAX_ID_CHARACTERS} characters.", path=["input", "projectId"])
    if project_name is not None and len(project_name) > MAX_NAME_CHARACTERS:
        yield BadInputError(f"projectName has at most {MAX_NAME_CHARACTERS} characters.", path=["input", "projectName"])


def with_providers(options: WorkflowOptions, faults: Faults) -> dict[str, Any]:
    """Returns the options as stored in the row, with a provider for each capability. Adds what no workflow can be made
    with, and unknown providers, models and voices, to the faults.
    """
    path = ("input", "options")
    options = options.with_named_frame()
    faults.add(*options.faults(*path))
    chosen = dataclasses.asdict(options)
    for capability in ("text", "image", "video", "speech"):
        field, contract = f"{capability}_provider", f"{capability}Provider"
        with faults.caught():
            chosen[field] = choose_provider(capability.upper(), chosen[field], *path, contract)
    for capability, model in (
        ("text", options.text_model),
        ("image", options.image_model),
        ("video", options.video_model),
    ):
        with faults.caught():
            check_model(chosen[f"{capability}_provider"], capability.upper(), model, *path, f"{capability}Model")
    with faults.caught():
        check_layout(chosen["image_provider"], options.grid_layout, *path, "gridLayout")
    with faults.caught():
        check_language(chosen["text_provider"], options.language, *path, "language")
    with faults.caught():
        check_voice(options.voice_id, chosen["speech_provider"], *path, "voiceId")
    chosen["pause_after"] = [stage.value for stage in options.pause_after]
    chosen["grid_layout"], chosen["quality"] = options.grid_layout.value, options.quality.value
    return chosen


async def create_workflow(owner: str, request: WorkflowRequest, idempotency_key: str | None) -> Workflow:
    """Creates a workflow and starts it. With a key that was used before, returns the earlier workflow."""
    values = dataclasses.asdict(request)
    previous = await previous_result(owner, "createWorkflow", idempotency_key, values, Workflow)
    if previous is not None:
        return previous
    faults = collected()
    with faults.caught():
        check_name(request.name, "input", "name")
    with faults.caught():
        check_one_source(request.input_content, request.input_file)
    faults.add(*project_faults(request.project_id, request.project_name))
    options = with_providers(request.options, faults)
    with faults.caught():
        await check_callback_url(request.callback_url)
    faults.check()
    name = check_name(request.name, "input", "name")
    await check_room(Quota.WORKFLOWS, owner)  # before the text is stored; `reserve` counts again
    source = await store_source(owner, request.input_content, request.input_file)

    async def create() -> Workflow:
        await reserve(Quota.WORKFLOWS, owner)
        await check_room(Quota.STORED_BYTES, owner)
        workflow = await workflows.create(
            owner=owner,
            name=name,
            input_type=request.input_type,
            options=options,
            callback_url=request.callback_url,
            project_id=request.project_id,
            project_name=request.project_name,
        )
        await scripts.create(
            owner=owner,
            workflow_id=workflow.id,
            input_type=request.input_type,
            source_file_id=source.id,
            options=script_options(options),
        )
        await start_stage(workflow, Stage.SCRIPT)
        await workflow.refresh_from_db()
        return workflow

    return await once(owner, "createWorkflow", idempotency_key, values, Workflow, create)


def script_options(options: dict[str, Any]) -> dict[str, Any]:
    """The script's options, derived from a workflow's options."""
    return {
        "provider": options["text_provider"],
        "model": options["text_model"],
        "language": options["language"],
        "style": options["style"],
        "tone": options["tone"],
        "target_shots": options["target_shots"],
        "duration_hint_seconds": options["duration_hint_seconds"],
        "shot_seconds_min": options["shot_seconds_min"],
        "shot_seconds_max": options["shot_seconds_max"],
    }


async def _change(owner: str, workflow_id: int, change: Callable[[Workflow], Awaitable[None]]) -> Workflow:
    """Runs `change` in a transaction that locks the workflow's row, and returns the changed row.

    Raises WorkflowNotFoundError if the owner has no such workflow.
    """

    async def body() -> Workflow:
        await change(await _lock_own(owner, workflow_id))
        return await own(Workflow, owner, workflow_id)

    return await transaction(body)


async def _lock_own(owner: str, workflow_id: int) -> Workflow:
    workflow = await lock_row(Workflow, workflow_id)
    if workflow is None or workflow.owner != owner:
        raise not_found("workflow")
    return workflow


async def pause_workflow(owner: str, workflow_id: int) -> Workflow:
    """Pauses a workflow: running jobs finish, no new ones start. A second call changes nothing. Raises ConflictError
    for an ended workflow.
    """

    async def change(workflow: Workflow) -> None:
        if workflow.status is WorkflowStatus.PAUSED:
            return
        _refuse_unless(workflow, WorkflowStatus.PENDING, WorkflowStatus.RUNNING, doing="paused")
        await _set_status(workflow, WorkflowStatus.PAUSED)
        await suspend_builds_of_workflow(workflow.id)

    return await _change(owner, workflow_id, change)


async def resume_workflow(owner: str, workflow_id: int, credit_budget: int | NotGiven | None = NOT_GIVEN) -> Workflow:
    """Continues a paused workflow; for a finished one, builds stale artifacts again in a new run.

    Does not change a running workflow or a finished one without stale artifacts. credit_budget: the new budget, None
    for no limit; if the budget that caused the pause stays, the workflow is paused again before its next picture.
    Raises ConflictError for a failed or canceled workflow (use retry_workflow), BadInputError for a negative budget.
    """

    async def change(workflow: Workflow) -> None:
        if credit_budget is not NOT_GIVEN:
            if credit_budget is not None and credit_budget < 0:
                raise BadInputError("creditBudget must not be negative.", path=["creditBudget"])
            await workflows.set_credit_budget(workflow, credit_budget)
        if workflow.status is WorkflowStatus.PAUSED:
            await _set_status(workflow, WorkflowStatus.RUNNING)
            await restart_waiting_in_workflow(workflow.id)
            await _wake(workflow)
        elif workflow.status is WorkflowStatus.SUCCEEDED:
            await reserve(Quota.WORKFLOWS, owner)
            await _new_run(workflow)
        else:
            _refuse_unless(workflow, WorkflowStatus.PENDING, WorkflowStatus.RUNNING, doing="resumed")

    return await _change(owner, workflow_id, change)


async def _wake(workflow: Workflow) -> None:
    """Resumes suspended builds and wakes the live stage job; without one, starts the next stage."""
    await resume_builds_of_workflow(workflow.id)
    woken = await wake_stage_jobs_of_workflow(workflow.id)
    notify()
    stage_jobs = await WorkflowStage.filter(workflow_id=workflow.id).values_list("job_id", flat=True)
    if not set(woken) & set(stage_jobs):
        await advance(await Workflow.get(id=workflow.id))


async def _new_run(workflow: Workflow) -> None:
    states = await read_states(workflow.id)
    first = next_stage(states)
    if first is None:
        return
    await _set_status(workflow, WorkflowStatus.RUNNING, run=workflow.run + 1, progress=0.0, error=None)
    await workflows.reset_stages(workflow.id, STAGES[STAGES.index(first) :])
    await start_stage(await Workflow.get(id=workflow.id), first)


async def cancel_workflow(owner: str, workflow_id: int) -> Workflow:
    """Cancels a workflow and its live jobs; finished artifacts stay. A second call changes nothing. Raises
    ConflictError for a finished or failed workflow.
    """

    async def change(workflow: Workflow) -> None:
        if workflow.status is WorkflowStatus.CANCELED:
            return
        _refuse_unless(workflow, *LIVE_WORKFLOW_STATUSES, doing="canceled")
        await _set_status(workflow, WorkflowStatus.CANCELED)
        await stop_jobs(workflow.id)

    return await _change(owner, workflow_id, change)


async def stop_jobs(workflow_id: int) -> None:
    """Cancels all live jobs of a workflow, in the caller's transaction."""
    ids = await lock_stage_jobs(Jobs(workflow_id=workflow_id))
    await cancel_builds(Jobs(workflow_id=workflow_id))
    for job in await Job.filter(id__in=ids):
        await end_stage_job(job, JobStatus.CANCELED, None)


async def retry_workflow(owner: str, workflow_id: int) -> Workflow:
    """Continues from the stage that failed or was canceled and keeps finished work. A live workflow is not changed.

    Raises ConflictError for a paused or succeeded workflow.
    """

    async def change(workflow: Workflow) -> None:
        if workflow.status in (WorkflowStatus.RUNNING, WorkflowStatus.PENDING):
            return
        _refuse_unless(workflow, WorkflowStatus.FAILED, WorkflowStatus.CANCELED, doing="retried")
        await reserve(Quota.WORKFLOWS, owner)
        await _set_status(workflow, WorkflowStatus.RUNNING, error=None)
        stopped = await WorkflowStage.get_or_none(
            workflow_id=workflow.id, status__in=[WorkflowStatus.FAILED, WorkflowStatus.CANCELED]
        )
        if stopped is None or stopped.job_id is None:
            await advance(await Workflow.get(id=workflow.id))
            return
        await resume_builds_of_workflow(workflow.id)
        await workflows.transition_stage(stopped.id, to=WorkflowStatus.RUNNING, expected=[stopped.status], error=None)
        await workflows.set_current_stage(workflow.id, stopped.stage)
        await reopen_stage_job(stopped.job_id)

    return await _change(owner, workflow_id, change)


async def rename_workflow(owner: str, workflow_id: int, name: str) -> Workflow:
    cleaned = check_name(name, "name")

    async def change(workflow: Workflow) -> None:
        await workflows.rename(workflow.id, cleaned)

    return await _change(owner, workflow_id, change)


async def delete_workflows(owner: str, ids: list[int]) -> list[tuple[int, EkonteError | None]]:
    """Deletes workflows with all their rows, each in its own transaction; live ones are canceled first.

    Returns (id, error) for each, with None for a deleted one.
    """
    outcomes: list[tuple[int, EkonteError | None]] = []
    for workflow_id in ids:
        try:
            await transaction(lambda workflow_id=workflow_id: _delete(owner, workflow_id))  # type: ignore[misc]
            outcomes.append((workflow_id, None))
        except EkonteError as error:
            outcomes.append((workflow_id, error))
    return outcomes


async def _delete(owner: str, workflow_id: int) -> None:
    workflow = await _lock_own(owner, workflow_id)
    if workflow.status in LIVE_WORKFLOW_STATUSES:  # so that the end of its stage job does not advance it
        await workflows.transition(workflow_id, to=WorkflowStatus.CANCELED, expected=[workflow.status])
    await clear_budget_pause(workflow_id)
    await delete_rows(workflow_id)
    await workflows.remove(workflow_id)


def _refuse_unless(workflow: Workflow, *allowed: WorkflowStatus, doing: str) -> None:
    if workflow.status not in allowed:
        hint = " Use retryWorkflow." if doing == "resumed" else ""
        raise ConflictError(f"A workflow that is {workflow.status.value} cannot be {doing}.{hint}")


async def _set_status(workflow: Workflow, status: WorkflowStatus, **more: Any) -> None:
    """Changes the status of a workflow whose row is locked by the caller."""
    await workflows.transition(workflow.id, to=status, expected=[workflow.status], **more)
    if status is not WorkflowStatus.PAUSED:
        await clear_budget_pause(workflow.id)
