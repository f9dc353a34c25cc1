"""Pausing and resuming batches: running jobs finish, and no further job starts until the batch is resumed."""

from errors import BadInputError, ConflictError
from models.alert_enums import AlertKind, AlertSeverity
from models.batches import Batch
from models.database import transaction
from models.enums import BatchStatus
from models.ids import global_id
from services.generation.batches.lifecycle import cause_of, lock_own_batch
from services.notifications.alerts.raising import close_alert, raise_alert
from services.platform.not_given import NOT_GIVEN, NotGiven
from services.queue.notify import notify
from services.stores import batches
from services.stores.jobs.waits import restart_waiting_in_batch


async def pause_batch_for_budget(batch_id: int, message: str) -> None:
    """Pauses a batch whose next placement would exceed its budget, with the reason and an alert. In a transaction.

    A batch that is paused already, or has ended, is not changed.
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
    """Whether the batch was paused by its owner, so that placed jobs are not sent. A pause for the budget does not stop
    them: they are within the budget.
    """
    return await Batch.exists(id=batch_id, status=BatchStatus.PAUSED, pause_reason__isnull=True)


async def pause_batch(owner: str, batch_id: int) -> Batch:
    """Pauses a batch: no further job starts, and running jobs finish. A second call changes nothing.

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
    """Resumes a paused batch; one that is not paused keeps its status. credit_budget: the new budget; None: no limit.

    With an unchanged budget, a batch that was paused for it is paused again before the next job. Waiting times of its
    jobs start anew, so that the pause does not raise their priority. Raises NotFoundError, BadInputError for a negative
    budget, ConflictError for a batch that has ended.
    """
    if isinstance(credit_budget, int) and credit_budget < 0:
        raise BadInputError("creditBudget is at least 0.", path=["creditBudget"])

    async def body() -> Batch:
        await restart_waiting_in_batch(owner, batch_id)  # jobs are locked before their batch
        batch = await lock_own_batch(owner, batch_id)
        if batch.status not in (BatchStatus.PAUSED, BatchStatus.PENDING, BatchStatus.RUNNING):
            raise ConflictError(f"A batch that is {batch.status.value} cannot be resumed; use retryBatch.", path=["id"])
        if batch.status is BatchStatus.PAUSED:
            await close_alert(owner, AlertKind.CREDIT_LOW, cause_of(batch.id))
            resumed_as = BatchStatus.PENDING if batch.started_at is None else BatchStatus.RUNNING
            budget = {} if credit_budget is NOT_GIVEN else {"credit_budget": credit_budget}
            await batches.transition(
                batch.id, to=resumed_as, expected=[BatchStatus.PAUSED], pause_reason=None, **budget
            )
        elif credit_budget is not NOT_GIVEN and credit_budget != batch.credit_budget:
            await batches.set_credit_budget(batch.id, credit_budget)
        else:
            return batch
        notify()
        return await Batch.get(id=batch.id)

    return await transaction(body)
