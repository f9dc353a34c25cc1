"""Claiming due deliveries, and writing down what came of a try.

A claim moves `due_at_ms` to the end of its lease and raises `lease_epoch`; writing down what came of it raises it, too.
A try that was cut off is due again when its lease runs out, and is sent again under the same id: receivers drop doubles
by it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.callbacks import CallbackDelivery
from models.database import after_commit, transaction
from models.enums import AlertKind, AlertSeverity, DeliveryStatus
from models.sql import skip_locked_sql
from services.notifications.alerts.raising import close_alert, raise_alert
from services.notifications.callbacks.outbox import ALERT, BATCH, WORKFLOW
from services.notifications.callbacks.retries import wait_ms
from services.notifications.callbacks.sending import Answer
from services.notifications.callbacks.turns import Target, due_sql, next_ids
from services.platform.leases import Lease
from services.platform.metrics.recording import record_callback
from services.platform.owned import places
from services.stores import callbacks

LEASE_SECONDS = 60.0
MAX_RACES = 3


@dataclass(frozen=True)
class Claim:
    """The right to send a delivery and to write what came of it; number: which try of it this is, from 1."""

    delivery: CallbackDelivery
    epoch: int
    number: int


async def claim_due(room: int, going: Mapping[Target, int]) -> list[Claim]:
    """At most `room` due deliveries, in turns of their owners and receivers (`turns`). Of two at
    once each gets others; one who finds all that it chose claimed looks again.
    """
    for _ in range(MAX_RACES):
        chosen = await next_ids(room, going)
        if not chosen:
            return []
        if claimed := await _claim(chosen):
            break
    deliveries = await CallbackDelivery.in_bulk([lease.id for lease, _ in claimed], "id") if claimed else {}
    return [Claim(deliveries[lease.id], lease.epoch, row["tries"]) for lease, row in claimed if lease.id in deliveries]


async def _claim(ids: Sequence[int]) -> list[tuple[Lease, dict[str, Any]]]:
    """Those of the deliveries that are due still, and that nobody else is just claiming."""
    return await callbacks.LEASES.claim(
        f"SELECT id FROM callback_delivery WHERE id IN ({places(ids)}) AND {due_sql()} ORDER BY id{skip_locked_sql()}",
        ids,
        LEASE_SECONDS,
        guard=due_sql(),
        sets="tries = tries + 1, version = version + 1",
        returning="tries",
    )


async def release(claims: Sequence[Claim]) -> None:
    """Makes claimed deliveries due at once: whoever claimed them stops. One that was noted meanwhile stays as it is."""
    for claim in claims:
        await callbacks.LEASES.release(Lease(claim.delivery.id, claim.epoch), guard="status = 'PENDING'")


async def record_try(claim: Claim, answer: Answer, roll: float) -> None:
    """Stores the try and what follows: delivered, another try, or given up with an alert. roll: from 0 up to 1.

    Where the lease was lost, or the delivery is asked for anew meanwhile, only the try is stored.
    """
    delivery = claim.delivery

    async def body() -> None:
        tried = await callbacks.add_try(delivery.id, claim.number, status_code=answer.status_code, error=answer.error)
        if tried is None or tried.lease_epoch != claim.epoch or tried.status is not DeliveryStatus.PENDING:
            return
        if answer.is_success:
            outcome = await _record_delivered(delivery)
        else:
            outcome = await _record_failed(delivery, answer, tried.failures + 1, roll)
        after_commit(lambda: record_callback(delivery.event, outcome))

    await transaction(body)


async def _record_delivered(delivery: CallbackDelivery) -> str:
    await callbacks.deliver(delivery.id)
    if delivery.subject != ALERT:
        await close_alert(delivery.owner, AlertKind.CALLBACK_FAILED, cause_of(delivery))
    return "delivered"


async def _record_failed(delivery: CallbackDelivery, answer: Answer, failures: int, roll: float) -> str:
    wait = wait_ms(answer, failures, roll)
    if wait is None:
        await callbacks.fail(delivery.id, failures)
    else:
        await callbacks.retry_later(delivery.id, wait, failures)
    if wait is None and delivery.subject != ALERT:
        said = answer.error or f"The last answer was status {answer.status_code}."
        await raise_alert(
            delivery.owner,
            AlertKind.CALLBACK_FAILED,
            AlertSeverity.WARNING,
            cause_of(delivery),
            f"The callback {delivery.event} to {delivery.receiver} was given up after {failures}"
            f" {'try' if failures == 1 else 'tries'}. {said} redeliverCallback sends it again.",
            batch_id=delivery.subject_id if delivery.subject == BATCH else None,
            workflow_id=delivery.subject_id if delivery.subject == WORKFLOW else None,
        )
    return "given_up" if wait is None else "failed"


def cause_of(delivery: CallbackDelivery) -> str:
    """What an alert about a delivery is known by."""
    return f"callback:{delivery.id}"
