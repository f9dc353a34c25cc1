"""Whole runs of workflows on a worker's floor, with a real receiver: every end is told, once and by itself."""

import json
from pathlib import Path
from typing import Any

import pytest
import structlog
from standardwebhooks.webhooks import Webhook

from models.callbacks import CallbackDelivery
from models.database import now_ms
from models.enums import ArtifactKind, DeliveryStatus, InputType, WorkflowStatus
from models.workflows import Workflow
from services.film.workflow_options import WorkflowOptions
from services.film.workflows import WorkflowRequest, cancel_workflow, create_workflow, retry_workflow
from services.notifications.callbacks.webhook_secrets import valid_secrets
from tests.callback_factories import Receiver, allow_loopback, receiving
from tests.factories import OWNER
from tests.services.film.workflow.fakes import Studio, ended, use_studio, wait_for
from tests.workers import worker_at_work


@pytest.fixture
def studio(database: None, monkeypatch: pytest.MonkeyPatch, data_dir: Path) -> Studio:
    allow_loopback()
    return use_studio(monkeypatch, data_dir)


async def start(url: str) -> Workflow:
    request = WorkflowRequest("A story", InputType.NOVEL, "Anna took a step.", None, WorkflowOptions(), url)
    return await create_workflow(OWNER, request, None)


async def received_bodies(receiver: Receiver, count: int) -> list[dict[str, Any]]:
    async def delivered() -> bool:
        return await CallbackDelivery.filter(status=DeliveryStatus.DELIVERED).count() == count

    await wait_for(delivered)
    assert len(receiver.received) == count
    return [json.loads(request.body) for request in receiver.received]


async def test_a_workflow_that_failed_and_was_retried_reports_both_ends(studio: Studio) -> None:
    studio.fail = lambda kind, inputs: kind is ArtifactKind.FILM
    with structlog.testing.capture_logs():
        async with receiving(500) as receiver, worker_at_work():
            workflow = await start(receiver.url)
            assert (await ended(workflow)).status is WorkflowStatus.FAILED
            await wait_for(lambda: CallbackDelivery.filter(round_tries=1).exists())
            await CallbackDelivery.all().update(due_at_ms=await now_ms() + 3_600_000)
            receiver.received.clear()
            studio.fail = lambda kind, inputs: False
            await retry_workflow(OWNER, workflow.id)
            assert (await ended(workflow)).status is WorkflowStatus.SUCCEEDED
            (body,) = await received_bodies(receiver, 1)
            (secret,) = await valid_secrets(OWNER)
            Webhook(secret).verify(receiver.received[0].body, receiver.received[0].headers)
    assert (body["type"], body["workflow_id"], body["status"]) == ("workflow_completed", workflow.global_id, "success")
    assert body["urls"]["film"].startswith("http://127.0.0.1:8123/files/file_")
    failed = await CallbackDelivery.get(event="workflow_failed")
    assert (failed.status, failed.body["error"]["code"]) == (DeliveryStatus.PENDING, "CONTENT_REJECTED")


async def test_a_workflow_that_is_canceled_reports_nothing(studio: Studio) -> None:
    workflow = await start("http://127.0.0.1:1999/hooks")
    assert (await cancel_workflow(OWNER, workflow.id)).status is WorkflowStatus.CANCELED
    assert await CallbackDelivery.all().count() == 0
