"""Rows that nobody asks for any more go after their time, and those whose job is gone."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.accounts import UploadedInput
from models.alert_enums import AlertKind, AlertSeverity
from models.alerts import Alert
from models.artifacts import JobFile
from models.callbacks import CallbackDelivery, CallbackTry
from models.enums import AttemptState, DeliveryStatus, FileRole
from models.generation import Attempt, Route
from models.ids import first_id_at, new_id
from models.jobs import Job, JobInput
from services.notifications.alerts.raising import raise_alert
from services.worker.retention.expiry import delete_expired_rows, delete_old_deliveries, delete_orphaned_routes
from tests.account_factories import make_account, make_attempt
from tests.factories import OWNER, make_file, make_job

pytestmark = pytest.mark.usefixtures("either_database")

LONG_AGO = datetime.now(UTC) - timedelta(days=100)
_ids = iter(range(first_id_at(LONG_AGO), first_id_at(LONG_AGO) + 10_000))


def test_an_id_contains_its_creation_time() -> None:
    before = first_id_at(datetime.now(UTC) - timedelta(seconds=1))
    assert before < new_id() < first_id_at(datetime.now(UTC) + timedelta(seconds=1))
    assert first_id_at(datetime(1999, 1, 1, tzinfo=UTC)) == 0


async def make_delivery(status: DeliveryStatus, *, is_old: bool = True, last_try: datetime | None = LONG_AGO) -> int:
    delivery = await CallbackDelivery.create(
        id=next(_ids) if is_old else new_id(),
        owner=OWNER,
        event="batch_completed",
        url="https://studio.example/hook",
        receiver="studio.example",
        subject="batch",
        subject_id=1,
        status=status,
    )
    if last_try is not None:
        attempt = await CallbackTry.create(delivery_id=delivery.id, number=1, status_code=500)
        await CallbackTry.filter(id=attempt.id).update(created_at=last_try)
    return int(delivery.id)


async def test_closed_alerts_go_after_ninety_days_and_open_ones_never() -> None:
    for cause, resolved_at in (("open", None), ("old", LONG_AGO), ("new", datetime.now(UTC) - timedelta(days=89))):
        await raise_alert(OWNER, AlertKind.CREDIT_LOW, AlertSeverity.WARNING, cause, cause)
        await Alert.filter(cause=cause).update(resolved_at=resolved_at, created_at=LONG_AGO)
    assert await delete_expired_rows() == 1
    assert {alert.cause for alert in await Alert.all()} == {"open", "new"}


async def test_names_of_uploaded_inputs_go_when_they_are_used_no_more() -> None:
    for sha256, days in (("a" * 64, 8), ("b" * 64, 6)):
        row = await UploadedInput.create(account_id=1, sha256=sha256, uri="tos/1")
        await UploadedInput.filter(id=row.id).update(created_at=datetime.now(UTC) - timedelta(days=days))
    assert await delete_expired_rows() == 1
    assert (await UploadedInput.get()).sha256 == "b" * 64


async def test_callbacks_go_with_their_tries_once_nothing_happened_to_them_for_long() -> None:
    gone = [await make_delivery(DeliveryStatus.DELIVERED), await make_delivery(DeliveryStatus.FAILED)]
    kept = [
        await make_delivery(DeliveryStatus.PENDING),
        await make_delivery(DeliveryStatus.DELIVERED, last_try=datetime.now(UTC)),  # redelivered by hand
        await make_delivery(DeliveryStatus.DELIVERED, is_old=False),
    ]
    for delivery_id in (*gone, *kept):
        cause = f"callback:{delivery_id}"
        await raise_alert(OWNER, AlertKind.CALLBACK_FAILED, AlertSeverity.WARNING, cause, "It was given up.")
    await raise_alert(OWNER, AlertKind.CREDIT_LOW, AlertSeverity.WARNING, "account:1", "It has few credits.")
    assert await delete_old_deliveries() == 2
    assert {row.id for row in await CallbackDelivery.all()} == set(kept)
    assert {row.delivery_id for row in await CallbackTry.all()} == set(kept)
    open_ones = {alert.cause for alert in await Alert.filter(resolved_at__isnull=True)}
    assert open_ones == {"account:1", *(f"callback:{delivery_id}" for delivery_id in kept)}


async def test_what_hangs_on_jobs_that_are_gone_goes_and_all_else_stays() -> None:
    account, present = await make_account(), await make_job()
    expected: dict[str, set[int]] = {"attempts": set(), "routes": set(), "links": set()}

    async def attempt(job_id: int, **values: Any) -> tuple[int, int]:
        route = await Route.create(candidates=[])
        job = Job(id=job_id, owner=OWNER)
        values = {"state": AttemptState.ENDED, "id": next(_ids), "route_id": route.id, **values}
        return int((await make_attempt(account, job, **values)).id), int(route.id)

    for job_id, values, stays in (
        (7, {}, False),
        (8, {"state": AttemptState.ACCEPTED}, True),  # drains
        (present.id, {}, True),
    ):
        attempt_id, route_id = await attempt(job_id, **values)
        if stays:
            expected["attempts"].add(attempt_id)
            expected["routes"].add(route_id)
    for job_id, row_id in ((7, next(_ids)), (present.id, next(_ids)), (9, new_id())):  # 9 may be about to be written
        file = await make_file()
        await JobInput.create(id=row_id, job_id=job_id, position=0, file_id=file.id)
        await JobFile.create(id=row_id, job_id=job_id, position=0, role=FileRole.MAIN, file_id=file.id)
        if job_id != 7:
            expected["links"].add(row_id)
    assert await delete_orphaned_routes() == 3
    assert {row.id for row in await Attempt.all()} == expected["attempts"]
    assert {row.id for row in await Route.all()} == expected["routes"]
    assert {row.id for row in await JobInput.all()} == expected["links"]
    assert {row.id for row in await JobFile.all()} == expected["links"]
