"""A workflow's credit budget: pauses the workflow, with an alert, before its next picture or clip would exceed it."""

from collections.abc import Mapping
from typing import Any

from errors import JobFailure
from models.alert_enums import AlertKind, AlertSeverity
from models.enums import MediaKind, WorkflowStatus
from models.workflows import Workflow
from services.accounts.pool.pricing import Learned, estimate_of, learned_prices
from services.film.artifacts.generations import model_for, priced_request
from services.film.workflow.steps import budget_cause
from services.generation.batches.admission import unknown_price_warning
from services.notifications.alerts.raising import raise_alert
from services.platform.providers import is_pooled, pooled_models
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


async def budget_warnings(options: Mapping[str, Any]) -> list[str]:
    """Warnings about the budget in a workflow's stored options: that a model's price is unknown."""
    budget = options.get("credit_budget")
    if budget is None:
        return []
    learned = await learned_prices()
    unknown = [
        model
        for kind in MediaKind
        for model in _unpriced_models(options[f"{kind.value.lower()}_provider"], kind, options, learned)
    ]
    if not unknown:
        return []
    return [f"The cost is unknown: {' and '.join(unknown)} have no known price.", unknown_price_warning(budget)]


def _unpriced_models(
    provider: str | None, kind: MediaKind, options: Mapping[str, Any], learned: Learned
) -> tuple[str, ...]:
    """The chosen model, if its price is unknown for one of its lengths."""
    if provider is None or not is_pooled(provider):
        return ()
    name = options.get(f"{kind.value.lower()}_model")
    try:
        lengths = model_for(provider, kind, name).durations_seconds or (0,)
    except JobFailure:  # the model is gone: the stage says so
        return ()
    requests = [priced_request(provider, kind, name, float(seconds)) for seconds in lengths]
    return estimate_of(requests, pooled_models(), learned).unknown_models
