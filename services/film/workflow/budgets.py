"""A workflow's credit budget: pauses the workflow, with an alert, before its next picture or clip would exceed it."""

from models.enums import AlertKind, AlertSeverity, WorkflowStatus
from models.workflows import Workflow
from services.film.workflow.steps import budget_cause
from services.notifications.alerts.raising import raise_alert
from services.stores import workflows
from services.stores.jobs.waits import suspend_builds_of_workflow


async def pause_workflow_for_budget(workflow_id: int, reason: str) -> None:
    """Pauses a workflow with the reason and raises an alert, in the caller's transaction. Running jobs finish; no new
    ones start. Changes nothing if the workflow is already paused or has ended.
    """
    owner = await workflows.transition(
        workflow_id,
        to=WorkflowStatus.PAUSED,
        expected=[WorkflowStatus.PENDING, WorkflowStatus.RUNNING],
        pause_reason=reason,
    )
    if owner is None:
        return
    await suspend_builds_of_workflow(workflow_id)
    workflow = await Workflow.get(id=workflow_id)
    await raise_alert(
        owner,
        AlertKind.CREDIT_LOW,
        AlertSeverity.WARNING,
        budget_cause(workflow_id),
        f"The workflow {workflow.name} is paused. {reason} Running jobs finish;"
        " call resumeWorkflow(creditBudget) to continue.",
        workflow_id=workflow_id,
    )
