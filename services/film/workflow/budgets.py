"""A workflow's credit budget: it pauses, with an alert, before its next picture or clip would pass it."""

from datetime import UTC, datetime

from models.database import execute
from models.enums import AlertKind, AlertSeverity
from models.workflows import Workflow
from services.film.workflow.steps import budget_cause, touch
from services.notifications.alerts.raising import raise_alert
from services.stores.jobs.waits import hold_builds_of_workflow


async def pause_workflow_for_budget(workflow_id: int, reason: str) -> None:
    """PAUSED with the reason and an alert: what runs ends, nothing more is begun. In a transaction. Where it is no
    running workflow (somebody has paused it, it has ended), nothing changes.
    """
    rows = await execute(
        "UPDATE workflow SET status = 'PAUSED', pause_reason = ? WHERE id = ? AND status IN ('PENDING', 'RUNNING')"
        " RETURNING owner, name",
        reason,
        workflow_id,
    )
    if not rows:
        return
    await Workflow.filter(id=workflow_id).update(updated_at=datetime.now(UTC))
    await hold_builds_of_workflow(workflow_id)
    await touch(workflow_id)
    await raise_alert(
        rows[0]["owner"],
        AlertKind.CREDIT_LOW,
        AlertSeverity.WARNING,
        budget_cause(workflow_id),
        f"The workflow {rows[0]['name']} is paused. {reason} What runs ends; resumeWorkflow(creditBudget) goes on.",
        workflow_id=workflow_id,
    )
