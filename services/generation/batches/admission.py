"""Admission of batches: as a whole, or not at all, with every fault of every item in one error."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from errors import ConflictError, EkonteError, all_faults
from models.batches import Batch
from models.enums import PRIORITY_RANKS, BatchStatus, MediaKind
from models.ids import new_id
from services.accounts.pool.pricing import Estimate, estimate_of, learned_prices
from services.generation.batches.batch_input import RECOMMENDED_MAX_CLIPS, BatchInput
from services.generation.batches.checking import Draft, check_items
from services.generation.batches.existing import Plan, read_existing
from services.generation.batches.forecasting import ForecastDemand, forecast, sorts_of
from services.generation.batches.inserts import RecordConflictError, write_items
from services.generation.batches.lifecycle import end_complete_batches
from services.generation.on_ended import on_ended
from services.notifications.callbacks.addresses import check_callback_url
from services.platform.faults import Faults
from services.platform.idempotency import check_key, once, previous_result
from services.platform.providers import pooled_models
from services.platform.quotas import Quota, check_room, reserve
from services.queue.notify import notify
from services.stores import batches

MUTATIONS = {MediaKind.IMAGE: "createImageBatch", MediaKind.VIDEO: "createVideoBatch"}
MAX_TRIES = 5


@dataclass(frozen=True)
class Admission:
    """The outcome of a requested batch. batch None: a dry run. queue_count: items that will be generated.
    estimated_seconds, estimated_credits None: unknown. known_credits: of the items whose price is known;
    unknown_price_count: the number of the others.
    """

    batch: Batch | None
    total_count: int
    queue_count: int
    skipped_storyboard_ids: Sequence[str] = ()
    estimated_seconds: float | None = None
    estimated_credits: int | None = None
    known_credits: int = 0
    unknown_price_count: int = 0
    warnings: Sequence[str] = field(default_factory=list)

    @staticmethod
    def of(batch: Batch) -> "Admission":
        """The admission as it was returned when the batch was created."""
        return Admission(
            batch,
            batch.total_count,
            batch.queue_count,
            batch.skipped_storyboard_ids,
            batch.estimated_seconds,
            batch.estimated_credits,
            batch.known_credits,
            batch.unknown_price_count,
            batch.warnings,
        )


async def create_batch(owner: str, requested: BatchInput, idempotency_key: str | None) -> Admission:
    """Creates a batch, or with dry_run only returns what would be created (the idempotency key is then ignored). With a
    key that was used before: returns the batch created then.

    Raises one error with all faults: CONFLICT if each of them is a storyboard that is being generated, else
    BAD_USER_INPUT. A refusal changes nothing. A batch without anything to generate ends at once as SUCCEEDED.
    """
    mutation = MUTATIONS[requested.kind]
    key = None if requested.dry_run else idempotency_key
    values = {} if key is None else requested.key_values()
    stored = await previous_result(owner, mutation, key, values, Batch)
    if stored is not None:
        return _admission_of(stored)
    drafts, faults = await check_items(requested)
    await _check_outside(requested, key, faults)
    if requested.dry_run or faults.all:  # with faults: only collects the remaining ones
        return (await _plan(owner, requested, drafts, faults, locks=False)).admission

    async def do() -> Batch:
        return await _write(owner, requested, await _plan(owner, requested, drafts, faults, locks=True))

    for _ in range(MAX_TRIES - 1):
        try:
            return _admission_of(await once(owner, mutation, key, values, Batch, do))
        except RecordConflictError:
            continue
    return _admission_of(await once(owner, mutation, key, values, Batch, do))


def _admission_of(batch: Batch) -> Admission:
    """The admission as it was returned when the batch was created. Raises ConflictError if the batch was deleted."""
    if batch.deleted_at is not None:
        raise ConflictError("The batch that was created with this idempotency key has been deleted.")
    return Admission.of(batch)


async def _check_outside(requested: BatchInput, key: str | None, faults: Faults) -> None:
    """Adds the faults of the idempotency key and the callback address, outside of a transaction: the latter may be
    slow.
    """
    try:
        if key is not None:
            check_key(key)
    except EkonteError as fault:
        faults.add(fault)
    try:
        await check_callback_url(requested.callback_url)
    except EkonteError as fault:
        faults.add(fault)


@dataclass(frozen=True)
class _PlannedBatch:
    plan: Plan
    admission: Admission


async def _plan(
    owner: str, requested: BatchInput, drafts: Sequence[Draft], known: Faults, *, locks: bool
) -> _PlannedBatch:
    """The items of the batch with its estimates. Raises all faults, including the known ones."""
    faults = Faults()
    faults.add(*known.all)
    plan = await read_existing(owner, requested, drafts, faults, locks=locks)
    if faults.found:
        raise all_faults(faults.found)
    queued = plan.queued
    demand = ForecastDemand(sorts_of(queued), PRIORITY_RANKS[requested.priority], requested.max_parallel)
    estimate = await forecast(owner, requested.kind, demand)
    price = estimate_of(queued, pooled_models(), await learned_prices())
    return _PlannedBatch(
        plan,
        Admission(
            None,
            len(requested.items),
            len(queued),
            plan.skipped_storyboard_ids,
            estimate.seconds,
            price.total,
            price.known,
            price.unknown_count,
            warnings_of(requested, price, estimate.unable),
        ),
    )


def warnings_of(requested: BatchInput, price: Estimate, unable: Mapping[str, str]) -> list[str]:
    """Warnings about a batch that do not prevent its creation. unable: see Forecast."""
    warnings = []
    if requested.kind is MediaKind.VIDEO and len(requested.items) > RECOMMENDED_MAX_CLIPS:
        warnings.append(
            f"The batch has {len(requested.items)} videos; batches of at most {RECOMMENDED_MAX_CLIPS} are recommended."
        )
    warnings += [f"{provider} cannot generate anything now. {reason}" for provider, reason in sorted(unable.items())]
    budget = requested.credit_budget
    if price.unknown_count:
        warnings.append(
            f"The cost is unknown: {price.unknown_count} of the items have no known price"
            f" ({', '.join(price.unknown_models)})."
        )
        if budget is not None:
            warnings.append(unknown_price_warning(budget))
    if budget is not None and budget < price.known:
        warnings.append(f"The budget of {budget} credits is below the estimate of {price.known}: the batch will pause.")
    return warnings


def unknown_price_warning(budget: int) -> str:
    """How a budget is kept where a price is unknown."""
    return (
        f"The budget of {budget} credits is kept by measured charges where a price is unknown: one such task at a time"
        " until upstream tells what it cost, and that one can exceed the budget."
    )


async def _write(owner: str, requested: BatchInput, planned: _PlannedBatch) -> Batch:
    admission, batch_id, rank = planned.admission, new_id(), PRIORITY_RANKS[requested.priority]
    await reserve(Quota.JOBS, owner, admission.queue_count, path=["input", "items"])
    if admission.queue_count:
        await check_room(Quota.STORED_BYTES, owner)
    reused = await write_items(owner, batch_id, planned.plan.items, rank)
    await batches.create(
        id=batch_id,
        owner=owner,
        kind=requested.kind,
        type=requested.type,
        status=BatchStatus.PENDING,
        project_id=requested.project_id,
        project_name=requested.project_name,
        work_id=requested.work_id,
        priority_rank=rank,
        strategy=requested.strategy.to_json(),
        total_count=admission.total_count,
        queue_count=admission.queue_count,
        skipped_storyboard_ids=list(admission.skipped_storyboard_ids),
        estimated_seconds=admission.estimated_seconds,
        estimated_credits=admission.estimated_credits,
        known_credits=admission.known_credits,
        unknown_price_count=admission.unknown_price_count,
        warnings=list(admission.warnings),
        credit_budget=requested.credit_budget,
        max_parallel=requested.max_parallel,
        callback_url=requested.callback_url,
    )
    await on_ended(reused)
    await end_complete_batches([batch_id])  # ends a batch without live jobs
    notify()
    return await Batch.get(id=batch_id)
