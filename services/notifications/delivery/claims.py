"""Claiming due deliveries and recording the result of each try.

A claim sets `due_at_ms` to the end of its lease and increments `lease_epoch`; recording the result increments it again.
An interrupted try becomes due again when its lease expires and is sent under the same id, by which receivers drop
duplicates.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.alert_enums import AlertKind, AlertSeverity
from models.callbacks import CallbackDelivery
from models.database import after_commit, transaction
from models.enums import DeliveryStatus
from models.sql import skip_locked_sql
from services.notifications.alerts.raising import close_alert, raise_alert
from services.notifications.callbacks.outbox import ALERT, BATCH, WORKFLOW
from services.notifications.delivery.proving import Target
from services.notifications.delivery.retries import wait_ms
from services.notifications.delivery.sending import SendResult
from services.notifications.delivery.turns import due_sql, next_ids
from services.platform.leases import Lease
from services.platform.metrics.recording import record_callback
from services.platform.owned import places
from services.stores import callbacks

LEASE_SECONDS = 60.0
MAX_RACES = 3


@dataclass(frozen=True)
class Claim:
    """A lease to send a delivery and record the result. number: of this try, from 1."""

    delivery: CallbackDelivery
    epoch: int
    number: int


async def claim_due(limit: int, in_flight: Mapping[Target, int], resting: Collection[Target] = ()) -> list[Claim]:
    """Claims at most `limit` due deliveries, balanced over owners and receivers (`turns`). Concurrent callers get
    different deliveries; if another process claimed all selected ones, it selects again, at most MAX_RACES times.

    in_flight: this process's deliveries in progress, by target. resting: targets that get none for now.
    """
    for _ in range(MAX_RACES):
        chosen = await next_ids(limit, in_flight, resting)
        if not chosen:
            return []
        if claimed := await _claim(chosen):
            break
    deliveries = await CallbackDelivery.in_bulk([lease.id for lease, _ in claimed], "id") if claimed else {}
    return [Claim(deliveries[lease.id], lease.epoch, row["tries"]) for lease, row in claimed if lease.id in deliveries]


async def _claim(ids: Sequence[int]) -> list[tuple[Lease, dict[str, Any]]]:
    """Claims those of the deliveries that are still due and that no other process is claiming."""
    return await callbacks.LEASES.claim(
        f"SELECT id FROM callback_delivery WHERE id IN ({places(ids)}) AND {due_sql()} ORDER BY id{skip_locked_sql()}",
        ids,
        LEASE_SECONDS,
        guard=due_sql(),
        sets="tries = tries + 1, version = version + 1",
        returning="tries",
    )


async def release(claims: Sequence[Claim]) -> None:
    """Returns claimed deliveries, which become due at once. One whose result was recorded meanwhile is unchanged."""
    for claim in claims:
        await callbacks.LEASES.release(Lease(claim.delivery.id, claim.epoch), guard="status = 'PENDING'")


async def record_try(claim: Claim, response: SendResult, roll: float) -> None:
    """Stores the try, and marks the delivery as delivered, schedules a retry, or fails it with an alert. roll: a random
    number from 0 up to 1, for jitter.

    If the lease was lost, or a redelivery was requested meanwhile, it stores only the try.
    """
    delivery = claim.delivery

    async def body() -> None:
        stored = await callbacks.add_try(
            delivery.id, claim.number, status_code=response.status_code, error=response.error
        )
        if stored is None or stored.lease_epoch != claim.epoch or stored.status is not DeliveryStatus.PENDING:
            return
        if response.is_success:
            outcome = await _record_delivered(delivery)
        else:
            outcome = await _record_failed(delivery, response, stored.failures + 1, roll)
        after_commit(lambda: record_callback(delivery.event, outcome))

    await transaction(body)


async def _record_delivered(delivery: CallbackDelivery) -> str:
    await callbacks.deliver(delivery.id)
    if delivery.subject != ALERT:
        await close_alert(delivery.owner, AlertKind.CALLBACK_FAILED, cause_of(delivery))
    return "delivered"


async def _record_failed(delivery: CallbackDelivery, response: SendResult, failures: int, roll: float) -> str:
    wait = wait_ms(response, failures, roll)
    if wait is None:
        await callbacks.fail(delivery.id, failures)
    else:
        await callbacks.retry_later(delivery.id, wait, failures)
    if wait is None and delivery.subject != ALERT:
        reason = response.error or f"The last response had status {response.status_code}."
        await raise_alert(
            delivery.owner,
            AlertKind.CALLBACK_FAILED,
            AlertSeverity.WARNING,
            cause_of(delivery),
            f"The callback {delivery.event} to {delivery.receiver} failed after {failures}"
            f" {'try' if failures == 1 else 'tries'}. {reason} Send it again with redeliverCallback.",
            batch_id=delivery.subject_id if delivery.subject == BATCH else None,
            workflow_id=delivery.subject_id if delivery.subject == WORKFLOW else None,
        )
    return "given_up" if wait is None else "failed"


def cause_of(delivery: CallbackDelivery) -> str:
    """The cause of an alert about the delivery."""
    return f"callback:{delivery.id}"
