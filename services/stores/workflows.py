"""Writes the tables workflow and workflow_stage. Each function belongs in the caller's transaction.

Followers follow a whole workflow, so a change to a stage must raise the workflow's version: call `touch` unless
another function of this module does so in the same transaction.
"""

from collections.abc import Collection, Mapping
from typing import Any

from models.database import after_commit
from models.enums import (
    ENDED_WORKFLOW_STATUSES,
    STAGES,
    WORKFLOW_STAGE_TRANSITIONS,
    WORKFLOW_TRANSITIONS,
    Stage,
    WorkflowStatus,
)
from models.sql import greatest_sql, least_sql
from models.workflows import Workflow, WorkflowStage
from services.platform.events import bus, workflow_topic
from services.stores.transitions import check_transition
from services.stores.updates import Sql, all_of, database_time, delete, one_of, update

_STARTED_FROM = tuple(status for status in WorkflowStatus if status is not WorkflowStatus.PAUSED)
"A stage is never PAUSED: its workflow is."


async def create(**values: Any) -> Workflow:
    """Inserts a running workflow with its six stages; `values` are columns of models.workflows.Workflow."""
    workflow = await Workflow.create(**values, status=WorkflowStatus.RUNNING)
    await WorkflowStage.bulk_create([WorkflowStage(workflow_id=workflow.id, stage=stage) for stage in STAGES])
    return workflow


async def transition(
    workflow_id: int, *, to: WorkflowStatus, expected: Collection[WorkflowStatus], **values: Any
) -> str | None:
    """Changes the state of a workflow that is in one of the expected ones. Returns its owner, or None if it is in
    another state.

    values: further columns. Raises ForbiddenTransitionError if one of the expected states must not become `to`.
    """
    check_transition(WORKFLOW_TRANSITIONS, expected, to)
    return await _write(workflow_id, {"status": to, **values}, one_of("status", expected))


async def clear_pause_reason(workflow_id: int) -> str | None:
    """Clears the pause reason (an exhausted budget). Returns the owner, or None if nothing changed."""
    return await _write(workflow_id, {"pause_reason": None}, Sql("pause_reason IS NOT NULL"))


async def rename(workflow_id: int, name: str) -> None:
    await _write(workflow_id, {"name": name})


async def set_current_stage(workflow_id: int, stage: Stage | None) -> None:
    """Sets the stage that a workflow which runs none goes on with; None: all are done."""
    await _write(workflow_id, {"current_stage": stage})


async def set_credit_budget(workflow: Workflow, credit_budget: int | None) -> None:
    """Sets the budget in credits; None removes it. The workflow's row must be locked, and `workflow.options` must be
    current.
    """
    await _write(workflow.id, {"options": {**workflow.options, "credit_budget": credit_budget}})


async def set_priority(workflow_id: int, rank: int) -> None:
    """Sets the priority (0 URGENT … 3 LOW) of the jobs that the workflow starts from now on."""
    await _write(workflow_id, {"priority_rank": rank}, Sql("priority_rank <> ?", (rank,)))


async def touch(workflow_id: int) -> None:
    """Raises the version and notifies followers after the commit."""
    await _write(workflow_id, {})


async def mark_changed_with(target_id: int) -> None:
    """Tells followers that a user changed something of a stage's target (a shot of a storyboard …). One statement."""
    changes = {"version": Sql("version + 1"), "updated_at": database_time()}
    of_target = Sql(
        "id IN (SELECT workflow_id FROM job WHERE target_id = ? AND role = 'STAGE' AND workflow_id IS NOT NULL)",
        (target_id,),
    )
    for row in await update(Workflow, changes, of_target):
        _publish(int(row["id"]))


async def remove(workflow_id: int) -> None:
    """Removes the workflow and its stages. The caller removes dependent rows first. A second call changes nothing."""
    await delete("workflow_stage", Sql("workflow_id = ?", (workflow_id,)))
    await delete("workflow", Sql("id = ?", (workflow_id,)))
    _publish(workflow_id)


# ---------------------------------------------------------------- stages


async def start_stage(workflow_id: int, stage: Stage, *, job_id: int, run: int) -> None:
    """Starts the stage as this job and makes it the workflow's current stage. Two statements."""
    check_transition(WORKFLOW_STAGE_TRANSITIONS, _STARTED_FROM, WorkflowStatus.RUNNING)
    changes = {
        "status": WorkflowStatus.RUNNING,
        "job_id": job_id,
        "run": run,
        "error": None,
        "progress": 0.0,
        "started_at": database_time(),
        "finished_at": None,
    }
    await update(WorkflowStage, changes, Sql("workflow_id = ? AND stage = ?", (workflow_id, stage.value)))
    await _write(workflow_id, {"current_stage": stage})


async def transition_stage(
    stage_id: int, *, to: WorkflowStatus, expected: Collection[WorkflowStatus], **values: Any
) -> bool:
    """Changes the state of a row of workflow_stage that is in one of the expected ones; returns whether it was.

    values: further columns. Raises ForbiddenTransitionError if one of the expected states must not become `to`.
    """
    check_transition(WORKFLOW_STAGE_TRANSITIONS, expected, to)
    finished = {"finished_at": database_time() if to in ENDED_WORKFLOW_STATUSES else None}
    where = all_of(Sql("id = ?", (stage_id,)), one_of("status", expected))
    return bool(await update(WorkflowStage, {"status": to, **finished, **values}, where))


async def reset_stages(workflow_id: int, stages: Collection[Stage]) -> None:
    """Resets finished stages to PENDING for a new run."""
    check_transition(WORKFLOW_STAGE_TRANSITIONS, [WorkflowStatus.SUCCEEDED], WorkflowStatus.PENDING)
    changes = {
        "status": WorkflowStatus.PENDING,
        "progress": 0.0,
        "started_at": None,
        "finished_at": None,
        "error": None,
    }
    is_done = Sql("workflow_id = ? AND status = 'SUCCEEDED'", (workflow_id,))
    await update(WorkflowStage, changes, all_of(is_done, one_of("stage", stages)))


# ---------------------------------------------------------------- progress


async def raise_stage_progress(workflow_id: int, job_id: int, progress: float) -> None:
    """Writes the progress (0 to 1) of the stage that runs as the job; it never decreases."""
    raised = Sql(greatest_sql("progress", "CAST(? AS DOUBLE PRECISION)"), (progress,))
    await update(WorkflowStage, {"progress": raised}, Sql("workflow_id = ? AND job_id = ?", (workflow_id, job_id)))


async def roll_up_progress(workflow_id: int, percent_by_stage: Mapping[str, float]) -> None:
    """Writes the workflow's progress, the weighted sum of its stages'; it never decreases within one run."""
    cases = " ".join(f"WHEN '{stage}' THEN {percent / 100}" for stage, percent in percent_by_stage.items())
    total = (
        f"(SELECT COALESCE(SUM(stage.progress * CASE stage.stage {cases} END), 0) FROM workflow_stage AS stage"
        " WHERE stage.workflow_id = workflow.id)"
    )
    raised = Sql(greatest_sql("progress", least_sql("1.0", total)))
    await update(Workflow, {"progress": raised, "version": Sql("version + 1")}, Sql("id = ?", (workflow_id,)))
    _publish(workflow_id)


async def _write(workflow_id: int, changes: Mapping[str, Any], *conditions: Sql) -> str | None:
    """Writes the changes and returns the workflow's owner, or None if nothing changed."""
    stamps = {"version": Sql("version + 1")} | ({"updated_at": database_time()} if changes else {})
    where = all_of(Sql("id = ?", (workflow_id,)), *conditions)
    rows = await update(Workflow, {**changes, **stamps}, where, ["owner"])
    if not rows:
        return None
    _publish(workflow_id)
    return str(rows[0]["owner"])


def _publish(workflow_id: int) -> None:
    after_commit(lambda: bus().publish(workflow_topic(workflow_id)))
