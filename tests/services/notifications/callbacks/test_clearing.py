"""House-keeping of callbacks."""

import pytest

from models.callbacks import CallbackDelivery, CallbackTry
from models.enums import DeliveryStatus
from services.notifications.callbacks.clearing import clear_callbacks
from tests.callback_factories import make_delivery
from tests.factories import make_workflow


@pytest.mark.usefixtures("either_database")
async def test_what_is_gone_takes_its_ended_deliveries_and_their_tries_with_it() -> None:
    workflow = await make_workflow()
    here = await make_delivery(subject="workflow", subject_id=workflow.id, status=DeliveryStatus.DELIVERED)
    waiting = await make_delivery(subject="workflow", subject_id=1)
    gone = [
        await make_delivery(subject=subject, subject_id=1, status=status)
        for subject in ("workflow", "record", "batch", "alert")
        for status in (DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)
    ]
    for delivery in (here, *gone):
        await CallbackTry.create(delivery_id=delivery.id, number=1, status_code=200)
    assert await clear_callbacks() == len(gone)
    assert await clear_callbacks() == 0
    assert {row.id for row in await CallbackDelivery.all()} == {here.id, waiting.id}
    assert [row.delivery_id for row in await CallbackTry.all()] == [here.id]
