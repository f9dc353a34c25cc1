"""Redelivery of a callback on request."""

from errors import not_found
from models.callbacks import CallbackDelivery
from models.database import transaction
from models.enums import Queue
from services.platform.rate_budget import charge
from services.queue.notify import notify
from services.stores import callbacks
from settings import get_settings


async def redeliver(owner: str, delivery_id: int) -> CallbackDelivery:
    """Makes the owner's delivery due now, under the same webhook-id and with a new round of retries. A second call has
    the same effect. The result of a try in progress does not change that.

    Raises NotFoundError if the owner has no such delivery, RateLimitedError for too many in a minute. Do not call it
    inside a transaction.
    """
    most = get_settings().max_owner_redeliveries_per_minute
    await charge("redeliveries", owner, 1, per_minute=most, what="redelivered callbacks")

    async def body() -> CallbackDelivery:
        if not await callbacks.redeliver(owner, delivery_id):
            raise not_found("callback delivery", ["deliveryId"])
        notify(Queue.CALLBACKS)
        return await CallbackDelivery.get(id=delivery_id)

    return await transaction(body)
