"""Mutations that redeliver callbacks and rotate their signing secret."""

from typing import Annotated

import strawberry

from resolvers.fields import mutation
from resolvers.ids import need
from resolvers.keyed import Repeats
from schema.callbacks import CallbackDelivery, CallbackDeliveryPayload, WebhookSecret
from schema.catalogue import RotateWebhookSecretPayload, Viewer
from schema.context import Info
from services.notifications.callbacks.redelivering import redeliver
from services.notifications.callbacks.webhook_secrets import rotate_secret


@strawberry.type
class CallbackMutations:
    @mutation(
        "Redelivers a callback now, with the same webhook-id and a new series of tries.", repeats=Repeats.WITH_CLAIM
    )
    async def redeliver_callback(
        self,
        info: Info,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="The delivery.")],
    ) -> CallbackDeliveryPayload | None:
        row = await redeliver(info.context.owner, need(delivery_id, "CallbackDelivery", "deliveryId"))
        return CallbackDeliveryPayload(delivery=CallbackDelivery.from_row(row))

    @mutation(
        "Creates a new secret that signs the caller's callbacks. The previous one also signs for 24 hours; one before "
        "it that still signed is dropped at once.",
        repeats=Repeats.IN_TRANSACTION,
    )
    async def rotate_webhook_secret(self, info: Info) -> RotateWebhookSecretPayload | None:
        secret = await rotate_secret(info.context.owner)
        return RotateWebhookSecretPayload(
            me=Viewer.of(info.context.viewer), webhook_secret=WebhookSecret.from_row(secret)
        )
