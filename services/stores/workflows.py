"""Writes of the tables workflow and workflow_stage. Each function belongs into the caller's transaction.

Followers follow a workflow as a whole: what changes a stage is shown by the workflow's version, which `touch` raises
where nothing else of this module does in the same transaction.
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
    """Inserts a workflow that runs, with its six stages; `values` are the columns of models.workflows.Workflow."""
    workflow = await Workflow.create(**values, status=WorkflowStatus.RUNNING)
    await WorkflowStage.bulk_create([WorkflowStage(workflow_id=workflow.id, stage=stage) for stage in STAGES])
    return workflow


async def transition(
    workflow_id: int, *, to: WorkflowStatus, expected: Collection[WorkflowStatus], **values: Any
) -> str | None:
    """Changes the state of a workflow that is in one of the expected ones; its owner, None where it is in another one.

    values: further columns. Raises ForbiddenTransitionError where one of the expected states may not become `to`.
    """
    check_transition(WORKFLOW_TRANSITIONS, expected, to)
    return await _write(workflow_id, {"status": to, **values}, one_of("status", expected))


async def clear_pause_reason(workflow_id: int) -> str | None:
    """It is not paused for its budget any more; its owner where it was, None where nothing changed."""
    return await _write(workflow_id, {"pause_reason": None}, Sql("pause_reason IS NOT NULL"))


async def rename(workflow_id: int, name: str) -> None:
    await _write(workflow_id, {"name": name})


async def set_credit_budget(workflow: Workflow, credit_budget: int | None) -> None:
    """A new budget in credits; None: none. The workflow's row is locked, and its options are those of the row."""
    await _write(workflow.id, {"options": {**workflow.options, "credit_budget": credit_budget}})


async def touch(workflow_id: int) -> None:
    """Raises the version, and tells followers after the commit."""
    await _write(workflow_id, {})


async def remove(workflow_id: int) -> None:
    """Removes the workflow and its stages. What hangs on it goes first. Twice: nothing more."""
    await delete("workflow_stage", Sql("workflow_id = ?", (workflow_id,)))
    await delete("workflow", Sql("id = ?", (workflow_id,)))
    _publish(workflow_id)


# ---------------------------------------------------------------- stages


async def start_stage(workflow_id: int, stage: Stage, *, job_id: int, run: int) -> None:
    """The stage runs as this job, and is the workflow's current one. Two statements."""
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
    """Changes the state of a row of workflow_stage that is in one of the expected ones; whether it was.

    values: further columns. Raises ForbiddenTransitionError where one of the expected states may not become `to`.
    """
    check_transition(WORKFLOW_STAGE_TRANSITIONS, expected, to)
    finished = {"finished_at": database_time() if to in ENDED_WORKFLOW_STATUSES else None}
    where = all_of(Sql("id = ?", (stage_id,)), one_of("status", expected))
    return bool(await update(WorkflowStage, {"status": to, **finished, **values}, where))


async def reset_stages(workflow_id: int, stages: Collection[Stage]) -> None:
    """In a new run, stages that were done are to be done again."""
    check_transition(WORKFLOW_STAGE_TRANSITIONS, [WorkflowStatus.SUCCEEDED], WorkflowStatus.PENDING)
    changes = {
        "status": WorkflowStatus.PENDING,
        "progress": 0.0,
        "started_at": None,
        "finished_at": None,
        "error": None,
    }
    done = Sql("workflow_id = ? AND status = 'SUCCEEDED'", (workflow_id,))
    await update(WorkflowStage, changes, all_of(done, one_of("stage", stages)))


# ---------------------------------------------------------------- progress


async def raise_stage_progress(workflow_id: int, job_id: int, progress: float) -> None:
    """Writes the progress (0 to 1) of the stage that runs as the job; it never goes back."""
    risen = Sql(greatest_sql("progress", "CAST(? AS DOUBLE PRECISION)"), (progress,))
    await update(WorkflowStage, {"progress": risen}, Sql("workflow_id = ? AND job_id = ?", (workflow_id, job_id)))


async def roll_up_progress(workflow_id: int, percent_by_stage: Mapping[str, float]) -> None:
    """Writes the workflow's progress from its stages', each with its share; it never goes back within one run."""
    cases = " ".join(f"WHEN '{stage}' THEN {percent / 100}" for stage, percent in percent_by_stage.items())
    total = (
        f"(SELECT COALESCE(SUM(stage.progress * CASE stage.stage {cases} END), 0) FROM workflow_stage AS stage"
        " WHERE stage.workflow_id = workflow.id)"
    )
    risen = Sql(greatest_sql("progress", least_sql("1.0", total)))
    await update(Workflow, {"progress": risen, "version": Sql("version + 1")}, Sql("id = ?", (workflow_id,)))
    _publish(workflow_id)


async def _write(workflow_id: int, changes: Mapping[str, Any], *conditions: Sql) -> str | None:
    """The owner of the workflow where it was changed."""
    stamps = {"version": Sql("version + 1")} | ({"updated_at": database_time()} if changes else {})
    where = all_of(Sql("id = ?", (workflow_id,)), *conditions)
    rows = await update(Workflow, {**changes, **stamps}, where, ["owner"])
    if not rows:
        return None
    _publish(workflow_id)
    return str(rows[0]["owner"])


def _publish(workflow_id: int) -> None:
    after_commit(lambda: bus().publish(workflow_topic(workflow_id)))
