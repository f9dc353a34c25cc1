"""Callbacks are written with what they tell of: both or neither."""

from typing import Any

import pytest

from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.artifacts import JobFile
from models.batches import Batch
from models.callbacks import CallbackDelivery
from models.database import transaction
from models.enums import BatchStatus, DeliveryStatus, FileRole, JobRole, JobStatus, WorkflowStatus
from models.generation import GenerationRecord
from models.jobs import Job
from services.generation.on_ended import on_ended
from services.generation.outcomes import fail_generation, succeed_generation
from services.generation.stopping import cancel_generation
from services.notifications.callbacks.outbox import write_alert_callback, write_batch_callback, write_workflow_callback
from services.notifications.callbacks.signing import secret_text
from tests.batch_factories import ERROR, make_batch_of
from tests.callback_factories import URL, allow_loopback
from tests.factories import OWNER, make_file, make_film, make_job
from tests.pool_factories import make_generation
from tests.statements import counted_statements

pytestmark = pytest.mark.usefixtures("either_database")


async def asked(url: str | None = URL, **values: Any) -> Job:
    job = await make_generation(**values)
    await Job.filter(id=job.id).update(params={**job.params, "callback_url": url}, status=JobStatus.RUNNING)
    return await Job.get(id=job.id)


async def succeed(job: Job) -> list[int]:
    """As finishing does it; the ids of two files."""
    files = [(await make_file(job.owner)).id for _ in range(2)]

    async def body() -> None:
        assert await succeed_generation(job)
        for position, file_id in enumerate(files):
            await JobFile.create(job_id=job.id, position=position, role=FileRole.CANDIDATE, file_id=file_id)
        await on_ended([job.id])

    await transaction(body)
    return files


async def test_a_finished_picture_is_reported_with_its_files() -> None:
    job = await asked()
    files = await succeed(job)
    delivery = await CallbackDelivery.get()
    assert (delivery.owner, delivery.event, delivery.url) == (OWNER, "record_succeeded", URL)
    assert (delivery.subject, delivery.subject_id) == ("record", job.record_id)
    assert (delivery.status, delivery.tries, delivery.receiver) == (DeliveryStatus.PENDING, 0, "studio.example:443")
    record = await GenerationRecord.get(id=job.record_id)
    body = delivery.body
    assert (body["record_id"], body["job_id"], body["kind"]) == (record.global_id, job.global_id, "IMAGE")
    assert (body["storyboard_id"], body["status"], body["error"]) == (record.storyboard_id, "success", None)
    assert body["urls"] == [{"$file": file_id} for file_id in files]


async def test_a_failed_picture_is_reported_with_its_error() -> None:
    job = await asked()
    await transaction(lambda: fail_generation(job, ERROR))
    body = (await CallbackDelivery.get()).body
    assert (body["event"], body["status"], body["urls"]) == ("record_failed", "failed", [])
    assert body["error"] == {"code": "API_ERROR", "message": "It broke.", "retryable": True, "upstream_code": None}


async def test_a_request_without_a_callback_url_has_no_callback() -> None:
    parent = await make_job(role=JobRole.BUILD)
    batch, _ = await make_batch_of([])
    await succeed(await asked(None))
    await succeed(await asked(parent_id=parent.id))
    await succeed(await asked(batch_id=batch.id))
    await transaction(lambda job=await asked(): cancel_generation(job))  # type: ignore[misc]
    assert await CallbackDelivery.all().count() == 0


async def test_an_end_that_is_taken_back_leaves_no_callback() -> None:
    job = await asked()

    async def body() -> None:
        assert await fail_generation(job, ERROR)
        assert await CallbackDelivery.all().count() == 1
        raise RuntimeError("the power fails")

    with pytest.raises(RuntimeError, match="power"):
        await transaction(body)
    assert (await Job.get(id=job.id)).status is JobStatus.RUNNING
    assert await CallbackDelivery.all().count() == 0


async def test_each_end_of_a_job_that_is_run_again_is_reported() -> None:
    job = await asked()
    await transaction(lambda: fail_generation(job, ERROR))
    await Job.filter(id=job.id).update(status=JobStatus.RUNNING)
    await succeed(job)
    events = [row.event for row in await CallbackDelivery.all().order_by("id")]
    assert events == ["record_failed", "record_succeeded"]


# ---------------------------------------------------------------- batches


async def with_results(batch: Batch, jobs: list[Job]) -> dict[int, int]:
    """A file for each job that succeeded, by job id."""
    files = {}
    for job in jobs:
        if job.status is JobStatus.SUCCEEDED:
            files[job.id] = (await make_file(job.owner)).id
            await JobFile.create(job_id=job.id, position=0, role=FileRole.CANDIDATE, file_id=files[job.id])
    return files


@pytest.mark.parametrize(
    ("status", "event"),
    [
        (BatchStatus.SUCCEEDED, "batch_completed"),
        (BatchStatus.PARTIALLY_FAILED, "batch_completed"),
        (BatchStatus.FAILED, "batch_failed"),
        (BatchStatus.CANCELED, "batch_canceled"),
    ],
)
async def test_each_end_of_a_batch_has_its_event(status: BatchStatus, event: str) -> None:
    batch, _ = await make_batch_of([], status=status, callback_url=URL)
    await write_batch_callback(batch)
    delivery = await CallbackDelivery.get()
    assert (delivery.event, delivery.subject, delivery.subject_id) == (event, "batch", batch.id)
    assert delivery.body["type"] == delivery.body["event"] == event


async def test_a_batch_reports_each_item_in_order() -> None:
    ends = [JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELED, JobStatus.FAILED, JobStatus.SUCCEEDED]
    batch, jobs = await make_batch_of(ends, callback_url=URL, status=BatchStatus.PARTIALLY_FAILED)
    await Batch.filter(id=batch.id).update(total_count=5, skipped_storyboard_ids=["done-before"])
    await Job.filter(id=jobs[3].id).update(is_superseded=True)
    files = await with_results(batch, jobs)
    await write_batch_callback(await Batch.get(id=batch.id))
    body = (await CallbackDelivery.get()).body
    assert body["summary"] == {"total": 5, "success": 2, "failed": 1, "success_rate": 0.5}
    assert [(item["storyboard_id"], item["status"]) for item in body["results"]] == [
        (jobs[0].params["storyboard_id"], "success"),
        (jobs[1].params["storyboard_id"], "failed"),
        (jobs[2].params["storyboard_id"], "canceled"),
        (jobs[4].params["storyboard_id"], "success"),
        ("done-before", "skipped"),
    ]
    assert body["results"][0]["urls"] == [{"$file": files[jobs[0].id]}]
    assert body["results"][1]["error"]["message"] == "It broke."


async def test_a_batch_costs_the_same_few_statements_whatever_its_size() -> None:
    counts = []
    for size in (1, 12):
        batch, _ = await make_batch_of([JobStatus.FAILED] * size, callback_url=URL, status=BatchStatus.FAILED)
        with counted_statements() as statements:
            await write_batch_callback(batch)
        counts.append(len(statements))
    assert counts[0] == counts[1] <= 4


async def test_a_batch_without_a_callback_url_or_that_is_live_reports_nothing() -> None:
    for values in ({"status": BatchStatus.FAILED}, {"callback_url": URL, "status": BatchStatus.RUNNING}):
        await write_batch_callback((await make_batch_of([], **values))[0])
    assert await CallbackDelivery.all().count() == 0


# ---------------------------------------------------------------- workflows and alerts


async def test_a_finished_workflow_reports_its_film() -> None:
    film = await make_film(shot_count=1)
    film.workflow.callback_url = URL
    await write_workflow_callback(film.workflow, WorkflowStatus.SUCCEEDED, None, {"film": 7, "poster": None})
    delivery = await CallbackDelivery.get()
    assert (delivery.event, delivery.subject_id) == ("workflow_completed", film.workflow.id)
    assert delivery.body["workflow_id"] == film.workflow.global_id
    assert delivery.body["status"] == "success"
    assert delivery.body["urls"] == {"film": {"$file": 7}, "poster": None}


async def test_a_failed_workflow_reports_why_and_a_canceled_one_nothing() -> None:
    film = await make_film(shot_count=1)
    film.workflow.callback_url = URL
    await write_workflow_callback(film.workflow, WorkflowStatus.CANCELED, None, {})
    assert await CallbackDelivery.all().count() == 0
    await write_workflow_callback(film.workflow, WorkflowStatus.FAILED, ERROR.to_json(), {})
    body = (await CallbackDelivery.get()).body
    assert (body["event"], body["status"], body["urls"]) == ("workflow_failed", "failed", {})
    assert body["error"]["code"] == "API_ERROR"


async def test_alerts_are_sent_to_the_deployments_webhook_if_there_is_one() -> None:
    alert = await Alert.create(
        owner=OWNER,
        kind=AlertKind.CREDIT_LOW,
        severity=AlertSeverity.WARNING,
        message="Few credits are left.",
        cause="account:1",
        account_id=1,
    )
    await write_alert_callback(alert)
    assert await CallbackDelivery.all().count() == 0
    allow_loopback(alert_webhook_url=URL, alert_webhook_secret=secret_text(b"a" * 32))
    await write_alert_callback(alert)
    delivery = await CallbackDelivery.get()
    assert (delivery.owner, delivery.event, delivery.subject_id) == ("", "alert_raised", alert.id)
    body = delivery.body
    assert (body["alert_id"], body["owner"], body["account_id"]) == (alert.global_id, OWNER, "acct_1")
    assert (body["kind"], body["severity"], body["message"]) == ("CREDIT_LOW", "WARNING", "Few credits are left.")
