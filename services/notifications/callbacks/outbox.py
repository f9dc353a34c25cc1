"""The outbox of callbacks, written in the transaction that changed their subject.

So a crash loses no callback, and no callback reports a change that was rolled back. Sent by
services/notifications/delivery/source.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from models.alerts import Alert
from models.artifacts import JobFile
from models.batches import Batch
from models.callbacks import CallbackDelivery
from models.database import execute, now_ms
from models.enums import BatchStatus, JobRole, JobStatus, Queue, WorkflowStatus
from models.ids import global_id
from models.jobs import Job
from models.workflows import Workflow
from services.notifications.callbacks.addresses import receiver_of
from services.notifications.callbacks.bodies import (
    FAILED,
    SKIPPED,
    STATUS_NAMES,
    SUCCESS,
    Body,
    Result,
    batch_body,
    moment,
    record_body,
    workflow_body,
)
from services.queue.notify import notify
from services.stores import callbacks
from settings import get_settings

BATCH, RECORD, WORKFLOW, ALERT = "batch", "record", "workflow", "alert"
"The kind of a delivery's subject."
DEPLOYMENT = ""
"The owner of deliveries that belong to no user."

RECORD_EVENTS = {JobStatus.SUCCEEDED: "record_succeeded", JobStatus.FAILED: "record_failed"}
BATCH_EVENTS = {
    BatchStatus.SUCCEEDED: "batch_completed",
    BatchStatus.PARTIALLY_FAILED: "batch_completed",
    BatchStatus.FAILED: "batch_failed",
    BatchStatus.CANCELED: "batch_canceled",
}
WORKFLOW_EVENTS = {WorkflowStatus.SUCCEEDED: "workflow_completed", WorkflowStatus.FAILED: "workflow_failed"}


async def write_record_callbacks(jobs: Sequence[Job], url: str | None = None) -> None:
    """Writes callbacks for generations that have just succeeded or failed and whose request has a callback URL. Items
    of a batch and jobs of a workflow have none.

    url: send to this URL instead, for all the jobs: another request receives their cached results.
    """
    urls = {job.id: url or _callback_url(job) for job in jobs if job.status in RECORD_EVENTS}
    reported = [job for job in jobs if urls.get(job.id) is not None]
    if not reported:
        return
    files: dict[int, list[int]] = defaultdict(list)
    for row in await JobFile.filter(job_id__in=[job.id for job in reported]).order_by("job_id", "position"):
        files[row.job_id].append(row.file_id)
    due_at_ms = await now_ms()
    deliveries = [_record_delivery(job, str(urls[job.id]), files[job.id], due_at_ms) for job in reported]
    await callbacks.insert(deliveries)
    notify(Queue.CALLBACKS)


def _callback_url(job: Job) -> str | None:
    is_single = job.role is JobRole.GENERATE and job.batch_id is None and job.parent_id is None
    return job.params.get("callback_url") if is_single and job.record_id is not None else None


def _record_delivery(job: Job, url: str, file_ids: Sequence[int], due_at_ms: int) -> CallbackDelivery:
    event, params = RECORD_EVENTS[job.status], job.params
    body = record_body(
        event,
        global_id("GenerationRecord", job.record_id or 0),
        job.global_id,
        params["kind"],
        params["project_id"],
        params["work_id"],
        Result(params["storyboard_id"], STATUS_NAMES[job.status], file_ids, job.error),
        job.finished_at or datetime.now(UTC),
    )
    return _delivery(job.owner, event, url, RECORD, job.record_id or 0, body, due_at_ms)


async def write_batch_callback(batch: Batch) -> None:
    """Writes the callback of a batch that has just ended, if it has a callback URL. Three statements for any number of
    items.
    """
    if batch.callback_url is None or batch.status not in BATCH_EVENTS:
        return
    event = BATCH_EVENTS[batch.status]
    results = [*await _results(batch.id), *(Result(name, SKIPPED) for name in batch.skipped_storyboard_ids)]
    at = batch.finished_at or datetime.now(UTC)
    body = batch_body(event, batch.global_id, batch.project_id, batch.work_id, batch.total_count, results, at)
    await _write(_delivery(batch.owner, event, batch.callback_url, BATCH, batch.id, body, await now_ms()))


async def _results(batch_id: int) -> list[Result]:
    """The result of each item in request order; for a storyboard that was run again, that of its newest job."""
    jobs = await execute(
        "SELECT job.id, job.status, job.error, generation_record.storyboard_id FROM job"
        " JOIN generation_record ON generation_record.id = job.record_id"
        " WHERE job.batch_id = ? AND job.role = 'GENERATE' AND job.is_superseded IS NOT TRUE"
        " ORDER BY COALESCE(job.batch_item_id, job.id)",
        batch_id,
    )
    links = await execute(
        "SELECT job_file.job_id, job_file.file_id FROM job_file JOIN job ON job.id = job_file.job_id"
        " WHERE job.batch_id = ? AND job.status = 'SUCCEEDED' ORDER BY job_file.job_id, job_file.position",
        batch_id,
    )
    files: dict[int, list[int]] = defaultdict(list)
    for row in links:
        files[row["job_id"]].append(row["file_id"])
    return [
        Result(
            row["storyboard_id"],
            STATUS_NAMES.get(JobStatus(row["status"]), row["status"].lower()),
            files[row["id"]],
            _json(row["error"]),
        )
        for row in jobs
    ]


def _json(value: Any) -> Any:
    """Parses a JSON column: one of the two database drivers returns text, the other a parsed value."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


def has_workflow_callback(workflow: Workflow, status: WorkflowStatus) -> bool:
    """Whether reaching this status sends a callback: the workflow has a callback URL and was not canceled."""
    return workflow.callback_url is not None and status in WORKFLOW_EVENTS


async def write_workflow_callback(
    workflow: Workflow, status: WorkflowStatus, error: dict[str, Any] | None, film: Mapping[str, int | None]
) -> None:
    """Writes the callback of a workflow that has just reached this status; does nothing unless
    `has_workflow_callback`. film: ids of its files by role.
    """
    if workflow.callback_url is None or status not in WORKFLOW_EVENTS:
        return
    event = WORKFLOW_EVENTS[status]
    status_name = SUCCESS if status is WorkflowStatus.SUCCEEDED else FAILED
    body = workflow_body(event, workflow.global_id, workflow.name, status_name, film, error, datetime.now(UTC))
    delivery = _delivery(workflow.owner, event, workflow.callback_url, WORKFLOW, workflow.id, body, await now_ms())
    await _write(delivery)


async def write_alert_callback(alert: Alert) -> None:
    """Writes the callback of an alert that was just raised or closed, if the deployment has an alert webhook."""
    url = get_settings().alert_webhook_url
    if url is None:
        return
    event = "alert_raised" if alert.resolved_at is None else "alert_resolved"
    body = {
        "type": event,
        "event": event,
        "alert_id": alert.global_id,
        "kind": alert.kind.value,
        "severity": alert.severity.value,
        "message": alert.message,
        "owner": alert.owner or None,
        "account_id": _optional_id("Account", alert.account_id),
        "batch_id": _optional_id("Batch", alert.batch_id),
        "workflow_id": _optional_id("Workflow", alert.workflow_id),
        "job_id": _optional_id("Job", alert.job_id),
        "created_at": moment(alert.created_at),
        "timestamp": moment(alert.resolved_at or alert.created_at),
    }
    await _write(_delivery(DEPLOYMENT, event, url, ALERT, alert.id, body, await now_ms()))


def _optional_id(model: str, number: int | None) -> str | None:
    return None if number is None else global_id(model, number)


def _delivery(
    owner: str, event: str, url: str, subject: str, subject_id: int, body: Body, due_at_ms: int
) -> CallbackDelivery:
    return CallbackDelivery(
        owner=owner,
        event=event,
        url=url,
        receiver=receiver_of(url),
        subject=subject,
        subject_id=subject_id,
        body=body,
        due_at_ms=due_at_ms,
    )


async def _write(delivery: CallbackDelivery) -> None:
    await callbacks.insert([delivery])
    notify(Queue.CALLBACKS)
