"""Advances workflows: starts stages and handles their ends. Each function runs in the caller's transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.alert_enums import AlertKind
from models.enums import LIVE_WORKFLOW_STATUSES, STAGES, ArtifactKind, FileRole, JobStatus, Stage, WorkflowStatus
from models.films import Edit
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.film.artifacts.graph import decide
from services.film.artifacts.reading import ArtifactKey, read_artifacts
from services.film.stages.base import NotPreparedError
from services.film.stages.registry import STAGE_WORK
from services.film.workflow.targets import ensure_target, usable_target
from services.notifications.alerts.raising import close_alert
from services.notifications.callbacks.outbox import has_workflow_callback, write_workflow_callback
from services.platform.owned import newest_by_workflow_id
from services.queue.creation import create_stage_job
from services.queue.leases import roll_up_workflow
from services.stores import workflows


@dataclass(frozen=True)
class StageState:
    stage: Stage
    is_done: bool
    is_stale: bool


def next_stage(states: Sequence[StageState]) -> Stage | None:
    """Returns the first stage, in order, that is not done in this run or is stale; None if all are done."""
    return next((state.stage for state in states if not state.is_done or state.is_stale), None)


async def is_stale(workflow_id: int, stage: Stage) -> bool:
    """Whether a finished stage lacks an artifact, has one built from other inputs, or belongs to an older script,
    storyboard … than the workflow's newest.
    """
    target_id = await usable_target(workflow_id, stage)
    if target_id is None:
        return True
    try:
        return not decide(await STAGE_WORK[stage].nodes(target_id), ()).is_complete
    except NotPreparedError:
        return True


async def read_states(workflow_id: int) -> list[StageState]:
    rows = {row.stage: row for row in await WorkflowStage.filter(workflow_id=workflow_id)}
    states = []
    for stage in STAGES:
        is_done = rows[stage].status is WorkflowStatus.SUCCEEDED
        states.append(StageState(stage, is_done, is_done and await is_stale(workflow_id, stage)))
    return states


async def advance(workflow: Workflow) -> None:
    """Starts the next stage of a RUNNING workflow, or ends the workflow as SUCCEEDED if all stages are done."""
    stage = next_stage(await read_states(workflow.id))
    if stage is not None:
        await start_stage(workflow, stage)
        return
    ended = await workflows.transition(
        workflow.id,
        to=WorkflowStatus.SUCCEEDED,
        expected=[WorkflowStatus.RUNNING],
        current_stage=None,
        progress=1.0,
        error=None,
    )
    if ended is not None:
        await _call_back(workflow, WorkflowStatus.SUCCEEDED, None)


async def start_stage(workflow: Workflow, stage: Stage) -> Job:
    """Creates the stage's job in this run. Current artifacts are kept: a stage with nothing to build ends at once."""
    target_id = await ensure_target(workflow, stage)
    work = STAGE_WORK[stage]
    job = await create_stage_job(
        workflow.owner,
        work.job_type,
        target_id,
        stage=stage,
        workflow_id=workflow.id,
        params={"run": workflow.run},
        is_requested=False,
    )
    await workflows.start_stage(workflow.id, stage, job_id=job.id, run=workflow.run)
    return job


async def yield_to_earlier_stage(job: Job) -> bool:
    """If an earlier stage is stale, detaches the stage's job from the workflow's run and starts the earlier stage.

    Inputs can disappear while a stage runs: after an edit of dialogue during the VIDEO stage, the timings are missing
    until the speech is built again. Returns False if no earlier stage is stale.
    """
    row = await WorkflowStage.get_or_none(workflow_id=job.workflow_id, job_id=job.id)
    if row is None:
        return False
    first = next_stage(await read_states(row.workflow_id))
    if first is None or STAGES.index(first) >= STAGES.index(row.stage):
        return False
    await workflows.transition_stage(
        row.id, to=WorkflowStatus.PENDING, expected=[WorkflowStatus.RUNNING], job_id=None, started_at=None
    )
    workflow = await Workflow.get(id=row.workflow_id)
    if workflow.status is WorkflowStatus.RUNNING:
        await advance(workflow)
    else:
        await workflows.set_current_stage(workflow.id, first)
    return True


async def stage_ended(job: Job, status: JobStatus, error: dict[str, Any] | None) -> None:
    """Handles the end of a workflow's stage job: starts the next stage, pauses the workflow, or ends it."""
    row = await WorkflowStage.get_or_none(workflow_id=job.workflow_id, job_id=job.id)
    if row is None or job.workflow_id is None:
        return  # the job was started by a user, outside the workflow's run
    workflow = await Workflow.get(id=job.workflow_id)
    if status is JobStatus.SUCCEEDED:
        await _stage_succeeded(workflow, row)
    else:
        await _stage_stopped(workflow, row, WorkflowStatus(status.value), error)


async def _stage_succeeded(workflow: Workflow, row: WorkflowStage) -> None:
    await workflows.transition_stage(
        row.id,
        to=WorkflowStatus.SUCCEEDED,
        expected=[WorkflowStatus.RUNNING],
        progress=1.0,
        error=None,
        completions=row.completions + 1,
    )
    await roll_up_workflow(workflow.id)
    if workflow.status is WorkflowStatus.PAUSED:
        await workflows.set_current_stage(workflow.id, next_stage(await read_states(workflow.id)))
        return
    if workflow.status is not WorkflowStatus.RUNNING:
        return
    if row.stage.value in workflow.options["pause_after"] and row.stage is not STAGES[-1]:
        following = next_stage(await read_states(workflow.id))
        await workflows.transition(
            workflow.id, to=WorkflowStatus.PAUSED, expected=[WorkflowStatus.RUNNING], current_stage=following
        )
    else:
        await advance(workflow)


async def _stage_stopped(
    workflow: Workflow, row: WorkflowStage, end: WorkflowStatus, error: dict[str, Any] | None
) -> None:
    """Ends the stage and its workflow as FAILED or CANCELED; the workflow stays as it is if it has already ended."""
    await workflows.transition_stage(row.id, to=end, expected=[WorkflowStatus.RUNNING], error=error)
    ended = await workflows.transition(workflow.id, to=end, expected=LIVE_WORKFLOW_STATUSES, error=error)
    if ended is None:
        await workflows.touch(workflow.id)
        return
    await clear_budget_pause(workflow.id)
    await _call_back(workflow, end, error)


async def _call_back(workflow: Workflow, status: WorkflowStatus, error: dict[str, Any] | None) -> None:
    """Writes the callback for the end of a workflow, with its film if it has one."""
    if has_workflow_callback(workflow, status):
        film = await _film_files(workflow) if status is WorkflowStatus.SUCCEEDED else {}
        await write_workflow_callback(workflow, status, error, film)


async def _film_files(workflow: Workflow) -> dict[str, int | None]:
    (edit,) = await newest_by_workflow_id(Edit, workflow.owner, [workflow.id])
    if edit is None:
        return {}
    (film,) = await read_artifacts(workflow.owner, [ArtifactKey(ArtifactKind.FILM, edit.id)])
    roles = {
        "film": FileRole.MAIN,
        "subtitles": FileRole.SUBTITLES,
        "subtitles_vtt": FileRole.SUBTITLES_VTT,
        "poster": FileRole.POSTER,
    }
    files = {name: film.file(role) for name, role in roles.items()}
    return {name: None if file is None else file.id for name, file in files.items()}


def budget_cause(workflow_id: int) -> str:
    """The cause key of the alert about a workflow that was paused by its budget."""
    return f"workflow:{workflow_id}"


async def clear_budget_pause(workflow_id: int) -> None:
    """Removes the pause reason and alert of a workflow that is no longer paused. One statement if there are none."""
    owner = await workflows.clear_pause_reason(workflow_id)
    if owner is not None:
        await close_alert(owner, AlertKind.CREDIT_LOW, budget_cause(workflow_id))
