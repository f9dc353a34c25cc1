"""Moving a workflow on: starting stages, and what follows when one has ended. Each function runs in a transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.enums import (
    LIVE_WORKFLOW_STATUSES,
    STAGES,
    AlertKind,
    ArtifactKind,
    FileRole,
    JobStatus,
    Stage,
    WorkflowStatus,
)
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
    """The first stage, in order, that is not done in this run or whose results are out of date; None: all done."""
    return next((state.stage for state in states if not state.is_done or state.is_stale), None)


async def is_stale(workflow_id: int, stage: Stage) -> bool:
    """Whether a stage that was done lacks something now, holds something made from other inputs, or belongs to an
    older script, storyboard … than the workflow's newest.
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


async def move_on(workflow: Workflow) -> None:
    """Starts what comes next, or ends the workflow as SUCCEEDED where nothing does. The workflow is RUNNING."""
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
    """Creates the stage's job in this run. What is current is kept, so a stage with nothing to do ends at once."""
    target_id = await ensure_target(workflow, stage)
    work = STAGE_WORK[stage]
    job = await create_stage_job(
        workflow.owner, work.job_type, target_id, stage=stage, workflow_id=workflow.id, params={"run": workflow.run}
    )
    await workflows.start_stage(workflow.id, stage, job_id=job.id, run=workflow.run)
    return job


async def yield_to_earlier_stage(job: Job) -> bool:
    """Takes a stage's job out of its workflow's run where a stage before it has to go first, and starts that one.

    The inputs of what is left to make can be gone for now: words edited while the clips are made leave the film
    without its times until they are spoken again. False: nothing before it is out of date.
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
        await move_on(workflow)
    else:
        await workflows.touch(workflow.id)
    return True


async def stage_ended(job: Job, status: JobStatus, error: dict[str, Any] | None) -> None:
    """Takes over the end of a workflow's stage job: on to the next stage, a pause, or the end of the workflow."""
    row = await WorkflowStage.get_or_none(workflow_id=job.workflow_id, job_id=job.id)
    if row is None or job.workflow_id is None:
        return  # a job that a person started beside the workflow's own run
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
    if workflow.status is not WorkflowStatus.RUNNING:
        return
    if row.stage.value in workflow.options["pause_after"] and row.stage is not STAGES[-1]:
        await workflows.transition(workflow.id, to=WorkflowStatus.PAUSED, expected=[WorkflowStatus.RUNNING])
    else:
        await move_on(workflow)


async def _stage_stopped(
    workflow: Workflow, row: WorkflowStage, end: WorkflowStatus, error: dict[str, Any] | None
) -> None:
    """FAILED or CANCELED: the workflow ends likewise, unless it has ended already."""
    await workflows.transition_stage(row.id, to=end, expected=[WorkflowStatus.RUNNING], error=error)
    ended = await workflows.transition(workflow.id, to=end, expected=LIVE_WORKFLOW_STATUSES, error=error)
    if ended is None:
        await workflows.touch(workflow.id)
        return
    await clear_budget_pause(workflow.id)
    await _call_back(workflow, end, error)


async def _call_back(workflow: Workflow, status: WorkflowStatus, error: dict[str, Any] | None) -> None:
    """Writes the callback of a workflow's end, with its film where it has one."""
    if has_workflow_callback(workflow, status):
        film = await _film_files(workflow) if status is WorkflowStatus.SUCCEEDED else {}
        await write_workflow_callback(workflow, status, error, film)


async def _film_files(workflow: Workflow) -> dict[str, int | None]:
    (edit,) = await newest_by_workflow_id(Edit, workflow.owner, [workflow.id])
    if edit is None:
        return {}
    (film,) = await read_artifacts(workflow.owner, [ArtifactKey(ArtifactKind.FILM, edit.id)])
    roles = {"film": FileRole.MAIN, "subtitles": FileRole.SUBTITLES, "poster": FileRole.POSTER}
    files = {name: film.file(role) for name, role in roles.items()}
    return {name: None if file is None else file.id for name, file in files.items()}


def budget_cause(workflow_id: int) -> str:
    """What the alert about a workflow that its budget has paused is known by."""
    return f"workflow:{workflow_id}"


async def clear_budget_pause(workflow_id: int) -> None:
    """It is no longer paused, whoever decided that: the reason and the alert go. One statement where there are none."""
    owner = await workflows.clear_pause_reason(workflow_id)
    if owner is not None:
        await close_alert(owner, AlertKind.CREDIT_LOW, budget_cause(workflow_id))
