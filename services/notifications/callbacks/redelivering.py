"""Sending a callback again because somebody asks for it."""

from errors import NotFoundError
from models.callbacks import CallbackDelivery
from models.database import execute, now_ms_sql, transaction
from models.enums import Queue
from services.queue.notify import notify


async def redeliver(owner: str, delivery_id: int) -> CallbackDelivery:
    """Makes the owner's delivery due now, under the same webhook-id, with a new round of retries. Twice: the same.
    What a try that is under way comes to changes nothing about that.

    Raises NotFoundError where there is none.
    """

    async def body() -> CallbackDelivery:
        rows = await execute(
            "UPDATE callback_delivery SET status = 'PENDING', round_tries = 0, delivered_at = NULL,"
            f" due_at_ms = {now_ms_sql()}, lease_epoch = lease_epoch + 1, version = version + 1"
            " WHERE id = ? AND owner = ? RETURNING id",
            delivery_id,
            owner,
        )
        if not rows:
            raise NotFoundError("There is no such callback delivery.", path=["deliveryId"])
        notify(Queue.CALLBACKS)
        return await CallbackDelivery.get(id=delivery_id)

    return await transaction(body)
