"""Pausing and resuming batches: what runs ends, and nothing more is begun until somebody resumes."""

from errors import BadInputError, ConflictError
from models.batches import Batch
from models.database import transaction
from models.enums import AlertKind, AlertSeverity, BatchStatus
from models.ids import global_id
from services.generation.batches.lifecycle import cause_of, lock_own_batch
from services.notifications.alerts.raising import close_alert, raise_alert
from services.platform.not_given import NOT_GIVEN, NotGiven
from services.queue.notify import notify
from services.stores import batches
from services.stores.jobs.waits import restart_waiting_in_batch


async def pause_batch_for_budget(batch_id: int, message: str) -> None:
    """The next placement would pass the batch's budget: PAUSED with the reason and an alert. In a transaction.

    One that is paused already, or has ended, stays as it is.
    """
    owner = await batches.transition(
        batch_id,
        to=BatchStatus.PAUSED,
        expected=[BatchStatus.PENDING, BatchStatus.RUNNING],
        pause_reason=message,
    )
    if owner is None:
        return
    await raise_alert(
        owner,
        AlertKind.CREDIT_LOW,
        AlertSeverity.WARNING,
        cause_of(batch_id),
        f"{global_id('Batch', batch_id)} is paused. {message}",
        batch_id=batch_id,
    )


async def is_paused_by_hand(batch_id: int) -> bool:
    """Whether a person wants nothing more of it to be sent. What is placed when its budget is used up is within it."""
    return await Batch.exists(id=batch_id, status=BatchStatus.PAUSED, pause_reason__isnull=True)


async def pause_batch(owner: str, batch_id: int) -> Batch:
    """Begins nothing more of a batch; what runs ends. Twice: nothing more.

    Raises NotFoundError, or ConflictError for a batch that has ended.
    """

    async def body() -> Batch:
        batch = await lock_own_batch(owner, batch_id)
        if batch.status is BatchStatus.PAUSED:
            return batch
        if batch.status not in (BatchStatus.PENDING, BatchStatus.RUNNING):
            raise ConflictError(f"A batch that is {batch.status.value} cannot be paused.", path=["id"])
        await batches.transition(batch.id, to=BatchStatus.PAUSED, expected=[batch.status], pause_reason=None)
        return await Batch.get(id=batch.id)

    return await transaction(body)


async def resume_batch(owner: str, batch_id: int, credit_budget: int | NotGiven | None = NOT_GIVEN) -> Batch:
    """Goes on with a paused batch; one that is not paused stays as it is. credit_budget: a new one, None: no more any.

    With the budget for which it was paused it is paused again before the next job. What waits begins its waiting anew:
    the pause is none that others owe it a turn for. Raises NotFoundError, BadInputError for a negative budget,
    ConflictError for a batch that has ended.
    """
    if isinstance(credit_budget, int) and credit_budget < 0:
        raise BadInputError("creditBudget is at least 0.", path=["creditBudget"])

    async def body() -> Batch:
        await restart_waiting_in_batch(owner, batch_id)  # jobs are locked before their batch, here as where they end
        batch = await lock_own_batch(owner, batch_id)
        if batch.status not in (BatchStatus.PAUSED, BatchStatus.PENDING, BatchStatus.RUNNING):
            raise ConflictError(f"A batch that is {batch.status.value} cannot be resumed; retryBatch.", path=["id"])
        if batch.status is BatchStatus.PAUSED:
            await close_alert(owner, AlertKind.CREDIT_LOW, cause_of(batch.id))
            goes_on_as = BatchStatus.PENDING if batch.started_at is None else BatchStatus.RUNNING
            budget = {} if credit_budget is NOT_GIVEN else {"credit_budget": credit_budget}
            await batches.transition(
                batch.id, to=goes_on_as, expected=[BatchStatus.PAUSED], pause_reason=None, **budget
            )
        elif credit_budget is not NOT_GIVEN and credit_budget != batch.credit_budget:
            await batches.set_credit_budget(batch.id, credit_budget)
        else:
            return batch
        notify()
        return await Batch.get(id=batch.id)

    return await transaction(body)
