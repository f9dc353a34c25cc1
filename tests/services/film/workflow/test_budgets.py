"""A workflow that its credit budget has paused: the alert about it lasts as long as the pause, however that ends."""

from collections.abc import Awaitable, Callable

import pytest

from errors import JobErrorCode
from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.enums import JobStatus, Stage, WorkflowStatus
from models.job_errors import JobError
from models.jobs import Job
from models.workflows import Workflow, WorkflowStage
from services.film.jobs import cancel_job, retry_job
from services.film.workflow.budgets import pause_workflow_for_budget
from services.film.workflow.planning import end_stage_job
from services.film.workflows import cancel_workflow, delete_workflows, pause_workflow
from services.notifications.alerts.accounts import check_credits
from tests.factories import OWNER, make_job, make_script, make_workflow

pytestmark = pytest.mark.usefixtures("either_database")


async def make_paused() -> tuple[Workflow, Job]:
    """A workflow on its pictures that was paused for its budget, and the stage's job."""
    workflow = await make_workflow(status=WorkflowStatus.RUNNING)
    await make_script(workflow_id=workflow.id)
    job = await make_job(workflow_id=workflow.id, status=JobStatus.RUNNING)
    await WorkflowStage.filter(workflow_id=workflow.id, stage=Stage.STORYBOARD).update(
        job_id=job.id, status=WorkflowStatus.RUNNING
    )
    await pause_workflow_for_budget(workflow.id, "It would need 4 credits.")
    assert f"workflow:{workflow.id}" in await open_causes()
    return workflow, job


async def open_causes() -> set[str]:
    return {row.cause for row in await Alert.filter(kind=AlertKind.CREDIT_LOW, resolved_at__isnull=True)}


async def delete(workflow: Workflow, job: Job) -> None:
    assert await delete_workflows(OWNER, [workflow.id]) == [(workflow.id, None)]


async def cancel(workflow: Workflow, job: Job) -> None:
    await cancel_workflow(OWNER, workflow.id)


async def cancel_stage(workflow: Workflow, job: Job) -> None:
    await cancel_job(OWNER, job.id)


async def fail_stage(workflow: Workflow, job: Job) -> None:
    error = JobError(JobErrorCode.CONTENT_REJECTED, "Not this picture.", is_retryable=False)
    await end_stage_job(job, JobStatus.FAILED, error)


@pytest.mark.parametrize("leave", [delete, cancel, cancel_stage, fail_stage])
async def test_whatever_ends_the_pause_closes_its_alert(leave: Callable[[Workflow, Job], Awaitable[None]]) -> None:
    workflow, job = await make_paused()
    other, _ = await make_paused()
    await leave(workflow, job)
    assert await open_causes() == {f"workflow:{other.id}"}
    left = await Workflow.get_or_none(id=workflow.id)
    assert left is None or left.pause_reason is None
    assert (await Workflow.get(id=other.id)).pause_reason is not None


async def test_a_retry_of_its_stage_ends_a_pause_that_was_left_over() -> None:
    workflow, job = await make_paused()
    await Job.filter(id=job.id).update(status=JobStatus.FAILED)
    await WorkflowStage.filter(job_id=job.id).update(status=WorkflowStatus.FAILED)
    await Workflow.filter(id=workflow.id).update(status=WorkflowStatus.FAILED)
    await retry_job(OWNER, job.id)
    present = await Workflow.get(id=workflow.id)
    assert (present.status, present.pause_reason) == (WorkflowStatus.RUNNING, None)
    assert await open_causes() == set()


async def test_pausing_it_by_hand_as_well_keeps_the_alert() -> None:
    workflow, _ = await make_paused()
    await pause_workflow(OWNER, workflow.id)
    await check_credits()
    assert await open_causes() == {f"workflow:{workflow.id}"}


@pytest.mark.parametrize("left", [{"status": "RUNNING"}, {"pause_reason": None}, None])
async def test_the_credit_check_closes_alerts_that_were_left_open(left: dict[str, str | None] | None) -> None:
    workflow, _ = await make_paused()
    other, _ = await make_paused()
    await Alert.create(
        owner=OWNER, kind=AlertKind.CREDIT_LOW, severity=AlertSeverity.WARNING, cause="batch:7", message="Paused."
    )
    if left is None:
        await Workflow.filter(id=workflow.id).delete()
    else:
        await Workflow.filter(id=workflow.id).update(**left)
    await check_credits()
    assert await open_causes() == {f"workflow:{other.id}", "batch:7"}
