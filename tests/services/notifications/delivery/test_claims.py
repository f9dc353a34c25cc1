"""Claiming deliveries and writing down what came of a try."""

import asyncio
from collections import Counter

import pytest

from models.alert_enums import AlertKind
from models.alerts import Alert
from models.callbacks import CallbackDelivery
from models.database import now_ms
from models.enums import DeliveryStatus
from services.notifications.callbacks.redelivering import redeliver
from services.notifications.delivery.claims import LEASE_SECONDS, Claim, claim_due, record_try, release
from services.notifications.delivery.retries import MAX_TRIES
from services.notifications.delivery.sending import SendResult
from services.notifications.delivery.turns import MAX_PER_RECEIVER
from tests.callback_factories import make_delivery, make_due, prove, tries_of
from tests.factories import OWNER

pytestmark = pytest.mark.usefixtures("either_database")

BROKEN = SendResult(500)


async def claimed() -> Claim:
    (claim,) = await claim_due(1, {})
    return claim


async def seconds_left(delivery: CallbackDelivery) -> float:
    row = await CallbackDelivery.get(id=delivery.id)
    return (row.due_at_ms - await now_ms()) / 1000


async def test_a_claim_is_a_lease_that_hides_the_delivery_until_it_runs_out() -> None:
    delivery = await make_delivery()
    claim = await claimed()
    assert (claim.delivery.id, claim.epoch, claim.number) == (delivery.id, 1, 1)
    assert LEASE_SECONDS - 5 < await seconds_left(delivery) <= LEASE_SECONDS
    assert await claim_due(10, {}) == []
    await make_due()
    again = await claimed()
    assert (again.delivery.global_id, again.epoch, again.number) == (delivery.global_id, 2, 2)


async def test_only_what_is_due_and_pending_is_claimed() -> None:
    await make_delivery(due_at_ms=await now_ms() + 60_000)
    await make_delivery(status=DeliveryStatus.DELIVERED)
    await make_delivery(status=DeliveryStatus.FAILED)
    assert await claim_due(10, {}) == []
    assert await claim_due(0, {}) == []


async def test_of_two_deliverers_at_once_each_gets_others() -> None:
    made = {(await make_delivery(f"https://studio-{number}.example/")).id for number in range(20)}
    found = await asyncio.gather(*(claim_due(8, {}) for _ in range(4)))
    ids = [claim.delivery.id for claims in found for claim in claims]
    assert len(ids) == len(set(ids))
    ids += [claim.delivery.id for claim in await claim_due(20, {})]
    assert set(ids) == made


async def test_a_receiver_gets_so_many_at_once_and_others_are_not_behind_it() -> None:
    for _ in range(MAX_PER_RECEIVER + 4):
        await make_delivery("https://slow.example/")
    await make_delivery("https://quick.example/")
    await prove("https://slow.example/")
    claims = await claim_due(64, {})
    counts = Counter(claim.delivery.receiver for claim in claims)
    assert counts == {"slow.example:443": MAX_PER_RECEIVER, "quick.example:443": 1}
    assert await claim_due(64, {(OWNER, "slow.example:443"): MAX_PER_RECEIVER}) == []
    some = await claim_due(64, {(OWNER, "slow.example:443"): MAX_PER_RECEIVER - 3, (OWNER, "other.example:443"): 2})
    assert len(some) == 3


async def test_with_little_capacity_receivers_take_turns() -> None:
    for _ in range(4):
        await make_delivery("https://many.example/")
    await make_delivery("https://one.example/")
    claims = await claim_due(2, {})
    assert {claim.delivery.receiver for claim in claims} == {"many.example:443", "one.example:443"}


async def test_a_success_is_the_end_and_closes_the_alert() -> None:
    delivery = await make_delivery(round_tries=MAX_TRIES - 1)
    await record_try(await claimed(), BROKEN, 0.0)
    assert await Alert.filter(resolved_at__isnull=True).count() == 1
    await redeliver(OWNER, delivery.id)
    await record_try(await claimed(), SendResult(204), 0.0)
    row = await CallbackDelivery.get(id=delivery.id)
    assert (row.status, row.due_at_ms, row.tries) == (DeliveryStatus.DELIVERED, None, 2)
    assert row.delivered_at is not None
    assert await tries_of(delivery) == [(1, 500, None), (2, 204, None)]
    assert await Alert.filter(resolved_at__isnull=True).count() == 0


async def test_a_failure_is_tried_again_later_and_given_up_with_one_alert() -> None:
    delivery = await make_delivery("https://studio.example/secret-path", subject="batch", subject_id=77)
    for number in range(1, MAX_TRIES + 1):
        row = await CallbackDelivery.get(id=delivery.id)
        assert (row.status, row.round_tries) == (DeliveryStatus.PENDING, number - 1)
        await make_due()
        await record_try(await claimed(), BROKEN, 0.5)
    row = await CallbackDelivery.get(id=delivery.id)
    assert (row.status, row.due_at_ms, row.tries) == (DeliveryStatus.FAILED, None, MAX_TRIES)
    alert = await Alert.get()
    assert (alert.owner, alert.kind, alert.cause) == (OWNER, AlertKind.CALLBACK_FAILED, f"callback:{delivery.id}")
    assert alert.batch_id == 77
    assert "studio.example" in alert.message
    assert "status 500" in alert.message
    assert "secret-path" not in alert.message


async def test_the_wait_is_that_of_the_rule() -> None:
    delivery = await make_delivery(round_tries=1)
    await record_try(await claimed(), BROKEN, 0.0)
    assert 290 < await seconds_left(delivery) <= 300


async def test_a_receiver_that_is_gone_is_given_up_at_once() -> None:
    delivery = await make_delivery()
    await record_try(await claimed(), SendResult(410, "Gone."), 0.0)
    assert (await CallbackDelivery.get(id=delivery.id)).status is DeliveryStatus.FAILED
    assert "Gone." in (await Alert.get()).message


async def test_the_deployments_own_webhook_raises_no_alert_about_itself() -> None:
    await make_delivery(owner="", subject="alert", round_tries=MAX_TRIES - 1)
    await record_try(await claimed(), BROKEN, 0.0)
    assert (await CallbackDelivery.get()).status is DeliveryStatus.FAILED
    assert await Alert.all().count() == 0


async def test_who_lost_the_lease_stores_the_try_and_changes_nothing_else() -> None:
    delivery = await make_delivery()
    late = await claimed()
    await make_due()
    present = await claimed()
    await record_try(late, BROKEN, 0.0)
    row = await CallbackDelivery.get(id=delivery.id)
    assert (row.status, row.round_tries, row.lease_epoch) == (DeliveryStatus.PENDING, 0, present.epoch)
    await record_try(present, SendResult(200), 0.0)
    assert await tries_of(delivery) == [(1, 500, None), (2, 200, None)]
    assert (await CallbackDelivery.get(id=delivery.id)).status is DeliveryStatus.DELIVERED


async def test_what_is_handed_back_is_due_at_once_and_what_was_noted_is_not() -> None:
    given_back, noted = await make_delivery("https://a.example/"), await make_delivery("https://b.example/")
    claims = await claim_due(2, {})
    await record_try(next(claim for claim in claims if claim.delivery.id == noted.id), BROKEN, 0.0)
    await release(claims)
    assert [claim.delivery.id for claim in await claim_due(2, {})] == [given_back.id]


async def test_a_delivery_that_was_removed_meanwhile_leaves_nothing() -> None:
    delivery = await make_delivery()
    claim = await claimed()
    await CallbackDelivery.filter(id=delivery.id).delete()
    await record_try(claim, SendResult(200), 0.0)
    await release([claim])
    assert await tries_of(delivery) == []
