"""Callbacks: deliveries to URLs that the caller gave."""

from datetime import UTC, datetime

import strawberry

from models.callbacks import CallbackDelivery as DeliveryRow
from models.callbacks import CallbackTry as TryRow
from models.callbacks import WebhookSecret as SecretRow
from models.enums import DeliveryStatus
from schema import enums as enums
from schema.context import Info
from schema.fields import resolved
from schema.links import linked_list
from schema.paging import Node
from services.notifications.callbacks.webhook_secrets import OpenSecret

CALLBACK_URL = (
    "Where a callback is sent at the end: a public https URL, at most 4096 characters. The body is signed"
    " with the secret that rotateWebhookSecret showed; docs/callbacks.md shows it."
)


@strawberry.type(description="One try to deliver a callback.")
class CallbackTry:
    at: datetime = strawberry.field(description="When the try ended.")
    status_code: int | None = strawberry.field(description="The status of the response; null where there was none.")
    error: str | None = strawberry.field(
        description="Why there was no response, or why the response counts as a failure."
    )

    @staticmethod
    def from_row(row: TryRow) -> "CallbackTry":
        return CallbackTry(at=row.created_at, status_code=row.status_code, error=row.error)


@strawberry.type(
    description="A callback to a URL. It is retried after 5 seconds, 5 minutes, 30"
    " minutes, 2, 5, 10 and 10 hours, until a response has a status of 2xx."
)
class CallbackDelivery(Node):
    row: strawberry.Private[DeliveryRow]
    event: str = strawberry.field(description="What happened, e.g. batch_completed.")
    url: str = strawberry.field(description="Where it is sent.")
    status: DeliveryStatus = strawberry.field(description="Its status.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is tried next, or while it is being sent, when its lease ends; null where it has ended."
    )
    delivered_at: datetime | None = strawberry.field(description="When a response with a status of 2xx arrived.")
    created_at: datetime = strawberry.field(description="When the event happened.")

    @resolved("The tries that have ended, oldest first.")
    async def tries(self, info: Info) -> list[CallbackTry]:
        return await linked_list(info.context.loaders.callback_tries_by_delivery_id, self.row.id, CallbackTry.from_row)

    @staticmethod
    def from_row(row: DeliveryRow) -> "CallbackDelivery":
        is_waiting = row.status is DeliveryStatus.PENDING and row.due_at_ms is not None
        return CallbackDelivery(
            row=row,
            id=strawberry.ID(row.global_id),
            event=row.event,
            url=row.url,
            status=row.status,
            next_attempt_at=datetime.fromtimestamp(row.due_at_ms / 1000, UTC) if is_waiting else None,
            delivered_at=row.delivered_at,
            created_at=row.created_at,
        )


async def deliveries_of(info: Info, subject: str, subject_id: int) -> list[CallbackDelivery]:
    """The deliveries about a batch, record or workflow, newest first."""
    loader = info.context.loaders.callback_deliveries_by_subject
    return await linked_list(loader, (subject, subject_id), CallbackDelivery.from_row)


@strawberry.type(description="The callback that is redelivered.")
class CallbackDeliveryPayload:
    delivery: CallbackDelivery = strawberry.field(description="The delivery as it is now.")


@strawberry.type(
    description="A secret that signs callbacks (Standard Webhooks). It is shown once, by rotateWebhookSecret."
)
class WebhookSecret:
    row: strawberry.Private[SecretRow]
    hint: str = strawberry.field(description="Its last four characters, by which to tell two apart.")
    created_at: datetime = strawberry.field(description="When it was made.")
    retires_at: datetime | None = strawberry.field(description="When it stops signing; null: it is the current secret.")

    @staticmethod
    def from_row(row: SecretRow) -> "WebhookSecret":
        return WebhookSecret(row=row, hint=OpenSecret(row).hint, created_at=row.created_at, retires_at=row.retires_at)
