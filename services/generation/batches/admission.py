"""Admitting batches: as a whole, or not at all with every fault of every item in one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from errors import ConflictError, EkonteError, all_faults
from models.batches import Batch
from models.enums import PRIORITY_RANKS, BatchStatus, MediaKind
from models.ids import new_id
from services.generation.batches.batch_input import MANY_CLIPS, BatchInput
from services.generation.batches.checking import Draft, Faults, check_items
from services.generation.batches.existing import Plan, read_existing
from services.generation.batches.forecasting import ForecastDemand, forecast, price_of, sorts_of
from services.generation.batches.inserts import PlaceTakenError, write_items
from services.generation.batches.lifecycle import end_complete_batches
from services.generation.on_ended import on_ended
from services.notifications.callbacks.addresses import check_callback_url
from services.platform.idempotency import check_key, once, stored_answer
from services.queue.notify import notify
from services.stores import batches

MUTATIONS = {MediaKind.IMAGE: "createImageBatch", MediaKind.VIDEO: "createVideoBatch"}
MAX_TRIES = 5


@dataclass(frozen=True)
class Admission:
    """What came of a batch that was asked for. batch None: it was only looked at. queue_count: items that are to be
    generated. estimated_seconds, estimated_credits None: not known.
    """

    batch: Batch | None
    total_count: int
    queue_count: int
    skipped_storyboard_ids: Sequence[str] = ()
    estimated_seconds: float | None = None
    estimated_credits: int | None = None
    warnings: Sequence[str] = field(default_factory=list)

    @staticmethod
    def of(batch: Batch) -> "Admission":
        """As it was answered when the batch was made."""
        return Admission(
            batch,
            batch.total_count,
            batch.queue_count,
            batch.skipped_storyboard_ids,
            batch.estimated_seconds,
            batch.estimated_credits,
            batch.warnings,
        )


async def create_batch(owner: str, asked: BatchInput, idempotency_key: str | None) -> Admission:
    """Takes a batch on, or only looks what it would be (dry_run, for which a key means nothing). With a key that was
    used before: the batch made then.

    Raises an error that names all faults: CONFLICT where every one of them is a storyboard that is being generated,
    else BAD_USER_INPUT. A refusal changes nothing. A batch with nothing left to do ends at once, as SUCCEEDED.
    """
    mutation = MUTATIONS[asked.kind]
    key = None if asked.dry_run else idempotency_key
    values = {} if key is None else asked.key_values()
    former = await stored_answer(owner, mutation, key, values, Batch)
    if former is not None:
        return _answered(former)
    drafts, faults = await check_items(asked)
    await _check_outside(asked, key, faults)
    if asked.dry_run or faults.found:  # with faults it is only looked for more of them
        return (await _plan(owner, asked, drafts, faults, holds=False)).admission

    async def do() -> Batch:
        return await _write(owner, asked, await _plan(owner, asked, drafts, faults, holds=True))

    for _ in range(MAX_TRIES - 1):
        try:
            return _answered(await once(owner, mutation, key, values, Batch, do))
        except PlaceTakenError:
            continue
    return _answered(await once(owner, mutation, key, values, Batch, do))


def _answered(batch: Batch) -> Admission:
    """As it was answered when the batch was made. Raises ConflictError for one that was deleted since."""
    if batch.deleted_at is not None:
        raise ConflictError("The batch that was made under this idempotency key has been deleted.")
    return Admission.of(batch)


async def _check_outside(asked: BatchInput, key: str | None, faults: Faults) -> None:
    """What needs no database, or may take its time: the key, and where callbacks are to go."""
    try:
        if key is not None:
            check_key(key)
    except EkonteError as fault:
        faults.add(fault)
    try:
        await check_callback_url(asked.callback_url)
    except EkonteError as fault:
        faults.add(fault)


@dataclass(frozen=True)
class _Outlook:
    plan: Plan
    admission: Admission


async def _plan(owner: str, asked: BatchInput, drafts: Sequence[Draft], known: Faults, *, holds: bool) -> _Outlook:
    """What is to be done, and how long it will take. Raises all faults, the known ones among them."""
    faults = Faults()
    faults.add(*known.found)
    plan = await read_existing(owner, asked, drafts, faults, holds=holds)
    if faults.found:
        raise all_faults(faults.found)
    queued = plan.queued
    wanted = ForecastDemand(sorts_of(queued), PRIORITY_RANKS[asked.priority], asked.max_parallel)
    seen = await forecast(owner, asked.kind, wanted)
    price = price_of(queued)
    return _Outlook(
        plan,
        Admission(
            None,
            len(asked.items),
            len(queued),
            plan.skipped_storyboard_ids,
            seen.seconds,
            price,
            warnings_of(asked, price, seen.unable),
        ),
    )


def warnings_of(asked: BatchInput, price: int | None, unable: Mapping[str, str]) -> list[str]:
    """What somebody should know before it begins; nothing of it stands in the way. unable: see Forecast."""
    warnings = []
    if asked.kind is MediaKind.VIDEO and len(asked.items) > MANY_CLIPS:
        warnings.append(
            f"{len(asked.items)} videos are many for one batch; at most {MANY_CLIPS} are easier to follow and to pay."
        )
    warnings += [f"Nothing of {provider} can be made now. {why}" for provider, why in sorted(unable.items())]
    if price is None:
        warnings.append("What this will cost is not known: not every model says what it takes.")
    elif asked.credit_budget is not None and asked.credit_budget < price:
        warnings.append(
            f"The budget of {asked.credit_budget} credits is below the estimate of {price}: the batch will pause."
        )
    return warnings


async def _write(owner: str, asked: BatchInput, outlook: _Outlook) -> Batch:
    seen, plan, batch_id, rank = outlook.admission, outlook.plan, new_id(), PRIORITY_RANKS[asked.priority]
    reused = await write_items(owner, batch_id, plan.items, rank)
    await batches.create(
        id=batch_id,
        owner=owner,
        kind=asked.kind,
        type=asked.type,
        status=BatchStatus.PENDING,
        project_id=asked.project_id,
        project_name=asked.project_name,
        work_id=asked.work_id,
        priority_rank=rank,
        strategy=asked.strategy.to_json(),
        total_count=seen.total_count,
        queue_count=seen.queue_count,
        skipped_storyboard_ids=list(seen.skipped_storyboard_ids),
        estimated_seconds=seen.estimated_seconds,
        estimated_credits=seen.estimated_credits,
        warnings=list(seen.warnings),
        credit_budget=asked.credit_budget,
        max_parallel=asked.max_parallel,
        callback_url=asked.callback_url,
    )
    await on_ended(reused)
    await end_complete_batches([batch_id])  # where nothing is left to be done
    notify()
    return await Batch.get(id=batch_id)
