"""Sending a callback again because somebody asks for it."""

from errors import not_found
from models.callbacks import CallbackDelivery
from models.database import transaction
from models.enums import Queue
from services.queue.notify import notify
from services.stores import callbacks


async def redeliver(owner: str, delivery_id: int) -> CallbackDelivery:
    """Makes the owner's delivery due now, under the same webhook-id, with a new round of retries. Twice: the same.
    What a try that is under way comes to changes nothing about that.

    Raises NotFoundError where there is none.
    """

    async def body() -> CallbackDelivery:
        if not await callbacks.redeliver(owner, delivery_id):
            raise not_found("callback delivery", ["deliveryId"])
        notify(Queue.CALLBACKS)
        return await CallbackDelivery.get(id=delivery_id)

    return await transaction(body)
