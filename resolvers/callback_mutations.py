"""Mutations that redeliver callbacks and rotate their signing secret."""

from typing import Annotated

import strawberry

from resolvers.fields import mutation
from resolvers.ids import need
from schema.callbacks import CallbackDelivery, CallbackDeliveryPayload
from schema.catalogue import Viewer, ViewerPayload
from schema.context import Info
from services.notifications.callbacks.redelivering import redeliver
from services.notifications.callbacks.webhook_secrets import rotate_secret


@strawberry.type
class CallbackMutations:
    @mutation("Redelivers a callback now, with the same webhook-id and a new series of tries.")
    async def redeliver_callback(
        self,
        info: Info,
        delivery_id: Annotated[strawberry.ID, strawberry.argument(description="The delivery.")],
    ) -> CallbackDeliveryPayload | None:
        row = await redeliver(info.context.owner, need(delivery_id, "CallbackDelivery", "deliveryId"))
        return CallbackDeliveryPayload(delivery=CallbackDelivery.from_row(row))

    @mutation(
        "Creates a new secret that signs the caller's callbacks. The previous one also signs for 24 hours; one before "
        "it that still signed is dropped at once."
    )
    async def rotate_webhook_secret(self, info: Info) -> ViewerPayload | None:
        await rotate_secret(info.context.owner)
        return ViewerPayload(me=Viewer.of(info.context.viewer))
