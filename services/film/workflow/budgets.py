"""A workflow's credit budget: it pauses, with an alert, before its next picture or clip would pass it."""

from models.enums import AlertKind, AlertSeverity, WorkflowStatus
from models.workflows import Workflow
from services.film.workflow.steps import budget_cause
from services.notifications.alerts.raising import raise_alert
from services.stores import workflows
from services.stores.jobs.waits import suspend_builds_of_workflow


async def pause_workflow_for_budget(workflow_id: int, reason: str) -> None:
    """PAUSED with the reason and an alert: what runs ends, nothing more is begun. In a transaction. Where it is no
    running workflow (somebody has paused it, it has ended), nothing changes.
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
        f"The workflow {workflow.name} is paused. {reason} What runs ends; resumeWorkflow(creditBudget) goes on.",
        workflow_id=workflow_id,
    )
