"""Callbacks on their way to a real receiver on loopback, in all the ways in which that goes wrong."""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest
import structlog
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from models.callbacks import CallbackDelivery, CallbackTry
from models.database import execute
from models.enums import DeliveryStatus
from providers.guard import Resolve, resolve
from services.notifications.callbacks.bodies import link
from services.notifications.callbacks.redelivering import redeliver
from services.notifications.callbacks.signing import secret_text
from services.notifications.callbacks.webhook_secrets import rotate_secret, valid_secrets
from services.notifications.delivery import sending
from services.notifications.delivery.claims import Claim, claim_due
from services.notifications.delivery.source import MAX_CALLBACKS, CallbackSource
from services.notifications.delivery.turns import MAX_PER_RECEIVER
from services.platform.file_links import LinkState, check
from services.platform.keys import load_keys
from services.worker.work_loop import Capacity, WorkLoop
from settings import Settings
from tests.callback_factories import (
    HANG,
    REDIRECT,
    RESET,
    Receiver,
    allow_loopback,
    make_delivery,
    make_due,
    prove,
    receiving,
    tries_of,
)
from tests.factories import OWNER, make_file
from tests.metric_values import values

REFUSED = "Could not connect to the receiver."
ENDED = "The connection closed before a response, or the response was not HTTP."


@pytest.fixture
def settings(either_database: str) -> Settings:
    return allow_loopback()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@contextlib.asynccontextmanager
async def delivering(settings: Settings, resolver: Resolve = resolve) -> AsyncIterator[WorkLoop[Claim]]:
    """A worker's loop of deliveries, stopped at the end: what is under way is released."""
    source = CallbackSource(settings, resolver)
    loop = WorkLoop("deliver", source, Capacity(MAX_CALLBACKS), extend_seconds=10)
    try:
        yield loop
    finally:
        await loop.stop()
        await source.close()


async def deliver(settings: Settings, resolver: Resolve = resolve) -> None:
    """One worker's life: what is due is sent."""
    with structlog.testing.capture_logs():
        async with delivering(settings, resolver) as loop:
            await loop.run(lambda: None)


async def status_of(delivery: CallbackDelivery) -> DeliveryStatus:
    return (await CallbackDelivery.get(id=delivery.id)).status


async def test_a_callback_arrives_once_signed_and_with_links_that_are_good_now(
    settings: Settings, receiver: Receiver
) -> None:
    file, gone = await make_file(name="shot.png"), 12345
    body = {"type": "record_succeeded", "urls": [link(file.id), link(gone)], "name": "絵コンテ"}
    delivery = await make_delivery(receiver.url, body=body)
    await deliver(settings)
    await deliver(settings)
    (request,) = receiver.received
    (secret,) = await valid_secrets(OWNER)
    told = Webhook(secret).verify(request.body, request.headers)
    assert told["name"] == "絵コンテ"
    (url,) = told["urls"]
    assert url.startswith(f"http://127.0.0.1:8123/files/{file.global_id}/shot.png?expires=")
    expires, signature = (pair.split("=", 1)[1] for pair in url.partition("?")[2].split("&"))
    key = load_keys(settings).file_links
    assert check(file.global_id, expires, signature, key, now=time.time() + 3600) is LinkState.GOOD
    assert request.path == "/hooks"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["webhook-id"] == delivery.global_id
    assert abs(int(request.headers["webhook-timestamp"]) - time.time()) < 60
    assert await status_of(delivery) is DeliveryStatus.DELIVERED
    assert await tries_of(delivery) == [(1, 200, None)]


async def test_each_try_is_counted_once(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.says = [500]
    await make_delivery(receiver.url)
    for _ in range(2):
        await make_due()
        await deliver(settings)
    counted = {outcome: count for (_, outcome), count in values("ekonte_callbacks_total").items()}
    assert counted == {"failed": 1, "delivered": 1}


async def test_another_owners_files_are_not_linked_to(settings: Settings, receiver: Receiver) -> None:
    file = await make_file("noor")
    await make_delivery(receiver.url, body={"urls": [link(file.id)]})
    await deliver(settings)
    assert json.loads(receiver.received[0].body) == {"urls": []}


async def test_files_that_open_no_more_are_not_linked_to(settings: Settings, receiver: Receiver) -> None:
    file, released = await make_file(name="shot.png"), await make_file(released_at=datetime.now(UTC))
    await make_delivery(receiver.url, body={"urls": [link(released.id), link(file.id)], "poster": link(released.id)})
    await deliver(settings)
    told = json.loads(receiver.received[0].body)
    assert told["poster"] is None
    (url,) = told["urls"]
    assert file.global_id in url


async def test_a_receiver_that_fails_hangs_redirects_and_resets_gets_it_in_the_end(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    receiver.says = [500, HANG, REDIRECT, RESET, 429, 204]
    delivery = await make_delivery(receiver.url, body={"type": "record_succeeded"})
    for says in list(receiver.says):
        await make_due()
        with monkeypatch.context() as impatient:
            if says == HANG:
                impatient.setattr(sending, "CALL_SECONDS", 0.3)
            await deliver(settings)
    assert await tries_of(delivery) == [
        (1, 500, None),
        (2, None, "No response within 0 seconds."),
        (3, 302, "The receiver redirects; callbacks do not follow redirects."),
        (4, None, ENDED),
        (5, 429, None),
        (6, 204, None),
    ]
    assert await status_of(delivery) is DeliveryStatus.DELIVERED
    assert {request.path for request in receiver.received} == {"/hooks"}
    assert {request.headers["webhook-id"] for request in receiver.received} == {delivery.global_id}
    (secret,) = await valid_secrets(OWNER)
    for request in receiver.received:
        Webhook(secret).verify(request.body, request.headers)


async def test_a_receiver_that_says_gone_gets_no_more(settings: Settings, receiver: Receiver) -> None:
    receiver.says = [410]
    delivery = await make_delivery(receiver.url)
    await deliver(settings)
    await make_due()
    await deliver(settings)
    assert len(receiver.received) == 1
    assert await status_of(delivery) is DeliveryStatus.FAILED


async def test_a_receiver_that_is_not_there_is_reported_without_its_address(settings: Settings) -> None:
    async with receiving() as closed:
        pass
    delivery = await make_delivery(closed.url)
    await deliver(settings)
    assert await tries_of(delivery) == [(1, None, REFUSED)]
    assert await status_of(delivery) is DeliveryStatus.PENDING


async def test_a_name_that_shows_another_address_when_it_is_called_is_not_called(
    settings: Settings, receiver: Receiver
) -> None:
    """It was public when it was given (tests of addresses), and leads to a machine of ours now."""

    async def rebound(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    delivery = await make_delivery(f"http://studio.example:{receiver.port}/hooks")
    await deliver(settings, rebound)
    assert await tries_of(delivery) == [(1, None, "The link's host does not exist, or is not on the public internet.")]
    assert receiver.received == []


async def test_an_address_that_the_settings_refuse_by_now_is_not_called(settings: Settings, receiver: Receiver) -> None:
    delivery = await make_delivery(receiver.url)
    await deliver(settings.model_copy(update={"allow_http_callbacks": False}))
    assert await tries_of(delivery) == [(1, None, "A callback URL must begin with https://.")]
    assert receiver.received == []


async def test_while_a_secret_is_rotated_out_both_verify(settings: Settings, receiver: Receiver) -> None:
    (former,) = await valid_secrets(OWNER)
    await rotate_secret(OWNER)
    new, _ = await valid_secrets(OWNER)
    await make_delivery(receiver.url)
    await deliver(settings)
    (request,) = receiver.received
    for secret in (former, new):
        Webhook(secret).verify(request.body, request.headers)
    assert len(request.headers["webhook-signature"].split(" ")) == 2


async def test_the_deployments_alerts_are_signed_with_its_own_secret(settings: Settings, receiver: Receiver) -> None:
    secret = secret_text(b"d" * 32)
    await make_delivery(receiver.url, owner="", subject="alert", body={"type": "alert_raised"})
    await deliver(settings.model_copy(update={"alert_webhook_secret": SecretStr(secret)}))
    (request,) = receiver.received
    assert Webhook(secret).verify(request.body, request.headers) == {"type": "alert_raised"}


async def test_killed_between_sending_and_noting_it_is_sent_again_under_the_same_id(
    settings: Settings, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def killed(*_: Any) -> None:
        raise RuntimeError("the power fails")

    delivery = await make_delivery(receiver.url)
    with monkeypatch.context() as dying:
        dying.setattr("services.notifications.delivery.source.record_try", killed)
        await deliver(settings)
    assert await status_of(delivery) is DeliveryStatus.PENDING
    await deliver(settings)
    assert len(receiver.received) == 1  # its lease holds
    await make_due()
    await deliver(settings)
    assert [request.headers["webhook-id"] for request in receiver.received] == [delivery.global_id] * 2
    assert receiver.received[0].body == receiver.received[1].body
    assert await tries_of(delivery) == [(2, 200, None)]
    assert await status_of(delivery) is DeliveryStatus.DELIVERED


async def test_a_worker_that_stops_hands_back_what_is_on_its_way(settings: Settings, receiver: Receiver) -> None:
    receiver.says = [HANG]
    delivery = await make_delivery(receiver.url)
    async with delivering(settings) as loop:
        run = asyncio.create_task(loop.run(lambda: None))
        await receiver.hanging.wait()
        await loop.stop()
        await run
        await loop.run(lambda: None)
    assert len(receiver.received) == 1
    (claim,) = await claim_due(1, {})
    assert (claim.delivery.id, claim.number) == (delivery.id, 2)


async def test_a_receiver_that_hangs_holds_up_no_other(settings: Settings, receiver: Receiver) -> None:
    async with receiving(*[HANG] * 100) as slow:
        await prove(slow.url)
        for _ in range(MAX_PER_RECEIVER + 3):
            await make_delivery(slow.url)
        quick = [await make_delivery(receiver.url) for _ in range(3)]
        with structlog.testing.capture_logs():
            async with delivering(settings) as loop:
                run = asyncio.create_task(loop.run(lambda: None))
                while any([await status_of(delivery) is not DeliveryStatus.DELIVERED for delivery in quick]):
                    await asyncio.sleep(0.01)
                # A delivery is stored as such a moment before its run has ended.
                while len(slow.received) < MAX_PER_RECEIVER or len(loop.running) > MAX_PER_RECEIVER:
                    await asyncio.sleep(0.01)
                assert len(slow.received) == len(loop.running) == MAX_PER_RECEIVER
                await loop.stop()
                await run


async def test_two_workers_at_once_send_each_callback_once(settings: Settings, receiver: Receiver) -> None:
    made = [await make_delivery(receiver.url) for _ in range(12)]
    await asyncio.gather(*(deliver(settings) for _ in range(3)))
    sent = sorted(request.headers["webhook-id"] for request in receiver.received)
    assert sent == sorted(delivery.global_id for delivery in made)
    assert len(await execute("SELECT id FROM callback_try")) == 12


async def test_a_redelivery_asked_for_while_it_is_on_its_way_keeps_both_tries(
    settings: Settings, receiver: Receiver
) -> None:
    delivery = await make_delivery(receiver.url)
    receiver.says = [500]

    async def ask() -> None:
        receiver.before_answer = None
        await redeliver(OWNER, delivery.id)

    receiver.before_answer = ask
    await deliver(settings)
    await make_due()
    await deliver(settings)
    assert [code for _, code, _ in await tries_of(delivery)] == [500, 200]
    assert await status_of(delivery) is DeliveryStatus.DELIVERED


async def test_a_redelivery_asked_for_while_it_is_arriving_is_sent_all_the_same(
    settings: Settings, receiver: Receiver
) -> None:
    delivery = await make_delivery(receiver.url)

    async def ask() -> None:
        receiver.before_answer = None
        await redeliver(OWNER, delivery.id)

    receiver.before_answer = ask
    await deliver(settings)
    assert [request.headers["webhook-id"] for request in receiver.received] == [delivery.global_id] * 2
    assert sorted(await tries_of(delivery)) == [(1, 200, None), (2, 200, None)]
    assert await status_of(delivery) is DeliveryStatus.DELIVERED


async def test_nothing_is_sent_unsigned(settings: Settings, receiver: Receiver) -> None:
    delivery = await make_delivery(receiver.url, owner="", subject="alert", body={"type": "alert_raised"})
    await deliver(settings.model_copy(update={"alert_webhook_secret": None}))
    assert receiver.received == []
    (failed,) = await CallbackTry.filter(delivery_id=delivery.id)
    assert "secret" in str(failed.error)
    assert "EKONTE" not in str(failed.error)
