"""The store of callbacks: what becomes of a delivery, and which of them go with their tries."""

import pytest

from models.callbacks import CallbackDelivery, CallbackTry
from models.database import transaction
from models.enums import DELIVERY_TRANSITIONS, DeliveryStatus
from services.stores import callbacks
from services.stores.updates import Sql
from tests.factories import OWNER

PENDING, DELIVERED, FAILED = DeliveryStatus


async def make(**values: object) -> CallbackDelivery:
    delivery = CallbackDelivery(
        owner=OWNER, event="batch_completed", url="https://a.example/", receiver="a.example:443", subject="batch",
        subject_id=7, body={}, due_at_ms=1, **values,
    )  # fmt: skip
    await callbacks.insert([delivery])
    return delivery


async def columns(delivery: CallbackDelivery) -> dict[str, object]:
    rows: list[dict[str, object]] = await CallbackDelivery.filter(id=delivery.id).values()
    return rows[0]


def test_the_table_holds_what_deliveries_do_and_nothing_else() -> None:
    does = {(PENDING, DELIVERED), (PENDING, FAILED)} | {(status, PENDING) for status in DeliveryStatus}
    assert does == {(old, new) for old, allowed in DELIVERY_TRANSITIONS.items() for new in allowed}


async def test_a_try_is_written_with_what_the_delivery_is_at_that_moment(either_database: str) -> None:
    delivery = await make(round_tries=2, lease_epoch=5)
    tried = await transaction(lambda: callbacks.add_try(delivery.id, 3, status_code=500, error=None))
    assert tried == callbacks.RecordedTry(5, PENDING, 2)
    assert await CallbackTry.filter(delivery_id=delivery.id).values_list("number", "status_code") == [(3, 500)]
    assert await callbacks.add_try(1, 1, status_code=200, error=None) is None
    assert await CallbackTry.all().count() == 1


async def test_a_delivery_is_put_off_given_up_or_done_and_each_raises_its_epoch(either_database: str) -> None:
    delivery = await make()
    await callbacks.retry_later(delivery.id, 60_000, 1)
    later = await CallbackDelivery.get(id=delivery.id)
    assert (later.status, later.round_tries, later.lease_epoch) == (PENDING, 1, 1)
    assert later.due_at_ms > 60_000
    await callbacks.fail(delivery.id, 2)
    failed = await CallbackDelivery.get(id=delivery.id)
    assert (failed.status, failed.due_at_ms, failed.round_tries, failed.lease_epoch) == (FAILED, None, 2, 2)
    assert await callbacks.redeliver(OWNER, delivery.id)
    await callbacks.deliver(delivery.id)
    done = await CallbackDelivery.get(id=delivery.id)
    assert (done.status, done.due_at_ms, done.lease_epoch) == (DELIVERED, None, 4)
    assert done.delivered_at is not None


@pytest.mark.parametrize("status", [DELIVERED, FAILED])
async def test_what_has_ended_is_neither_delivered_nor_given_up_again(database: None, status: DeliveryStatus) -> None:
    delivery = await make(status=status)
    before = await columns(delivery)
    await callbacks.deliver(delivery.id)
    await callbacks.fail(delivery.id, 9)
    await callbacks.retry_later(delivery.id, 1, 9)
    assert not await callbacks.redeliver("somebody else", delivery.id)
    assert await columns(delivery) == before


async def test_ended_deliveries_are_removed_with_their_tries_and_pending_ones_stay(either_database: str) -> None:
    ended, other, pending = await make(status=FAILED), await make(status=DELIVERED), await make()
    for delivery in (ended, other, pending):
        await transaction(lambda row=delivery: callbacks.add_try(row.id, 1, status_code=200, error=None))  # type: ignore[misc]
    assert await transaction(lambda: callbacks.remove_ended(Sql("id <> ?", (other.id,)))) == 1
    assert set(await CallbackDelivery.all().values_list("id", flat=True)) == {other.id, pending.id}
    assert set(await CallbackTry.all().values_list("delivery_id", flat=True)) == {other.id, pending.id}
