"""Redelivery of a callback on request."""

from errors import not_found
from models.callbacks import CallbackDelivery
from models.database import transaction
from models.enums import Queue
from services.queue.notify import notify
from services.stores import callbacks


async def redeliver(owner: str, delivery_id: int) -> CallbackDelivery:
    """Makes the owner's delivery due now, under the same webhook-id and with a new round of retries. A second call has
    the same effect. The result of a try in progress does not change that.

    Raises NotFoundError if the owner has no such delivery.
    """

    async def body() -> CallbackDelivery:
        if not await callbacks.redeliver(owner, delivery_id):
            raise not_found("callback delivery", ["deliveryId"])
        notify(Queue.CALLBACKS)
        return await CallbackDelivery.get(id=delivery_id)

    return await transaction(body)
