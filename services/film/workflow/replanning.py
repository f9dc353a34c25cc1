"""What follows from an edit: stage jobs look again, and a paused workflow goes on with another stage."""

from models.enums import WorkflowStatus
from models.workflows import Workflow, WorkflowStage
from services.film.workflow.steps import next_stage, read_states
from services.queue.outcomes import wake_stage_jobs
from services.stores import workflows


async def replan(target_id: int, workflow_id: int | None) -> None:
    """Wakes the stage jobs of a target that was edited, and sets the stage that a workflow which is paused between two
    stages goes on with. In the transaction of the edit.
    """
    await wake_stage_jobs(target_id, at_once=True)
    if workflow_id is None:
        return
    workflow = await Workflow.get_or_none(id=workflow_id, status=WorkflowStatus.PAUSED)
    if workflow is None or await WorkflowStage.exists(workflow_id=workflow_id, status=WorkflowStatus.RUNNING):
        return
    stage = next_stage(await read_states(workflow_id))
    if stage is not workflow.current_stage:
        await workflows.set_current_stage(workflow_id, stage)
