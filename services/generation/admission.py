"""Taking a request on: one record for each storyboard and kind, and at most one live job for each record."""

import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

from errors import ConflictError
from models.accounts import Account
from models.enums import PRIORITY_RANKS, MediaKind, Priority, Queue, Reuse
from models.generation import GenerationRecord
from models.generation_requests import AccountStrategy, GenerationRequest
from models.jobs import Job
from services.accounts.pool.demands import demand_key
from services.generation.catalogue import find_model
from services.generation.checking import account_faults, check_parameters, raise_first
from services.generation.generation_input import GenerationInput
from services.generation.inputs import queue_of
from services.generation.records.holding import BUSY, lock_record_of_request
from services.generation.resolving import resolve_inputs
from services.generation.reuse import reuse_result
from services.notifications.callbacks.addresses import check_callback_url
from services.platform.idempotency import once, stored_answer
from services.queue.notify import notify
from services.stores import records
from services.stores.jobs.files import add_inputs
from services.stores.jobs.inserts import insert_jobs, waiting_generation

MUTATIONS = {MediaKind.IMAGE: "generateImage", MediaKind.VIDEO: "generateVideo"}


async def generate(owner: str, asked: GenerationInput, idempotency_key: str | None, priority: Priority) -> Job:
    """Has a picture or a clip made for a storyboard; its job. With a key that was used before: the job made then.

    Raises BadInputError and NotFoundError with the path of the fault, ConflictError where the storyboard has a live
    job. A refusal changes nothing.
    """

    async def ask() -> GenerationInput:
        return asked

    # A default that was said is the same request as one that was not.
    values = {name: value for name, value in dataclasses.asdict(asked).items() if name != "defaulted"}
    return await admit_all(owner, MUTATIONS[asked.kind], idempotency_key, values, ask, priority, asked.callback_url)


async def admit_all(
    owner: str,
    mutation: str,
    idempotency_key: str | None,
    values: dict[str, Any],
    ask: Callable[[], Awaitable[GenerationInput]],
    priority: Priority,
    callback_url: str | None,
) -> Job:
    """Checks what `ask` gives, in one transaction with all that follows, and takes it on or hands out a former result.

    values: what a repeated request under the same key must have alike. callback_url: one that this request gives, which
    is looked at beforehand, outside the transaction. Raises as `generate`.
    """
    values = {**values, "priority": priority.value}
    if callback_url is not None:
        former = await stored_answer(owner, mutation, idempotency_key, values, Job)
        if former is not None:
            return former
        await check_callback_url(callback_url)

    async def do() -> Job:
        asked = await ask()
        request = check_parameters(asked, find_model(asked.model, asked.kind, "input", "model"))
        known = await account_providers(owner, request.strategy)
        raise_first(account_faults(request.strategy, request.provider, request.model, known))
        rank = PRIORITY_RANKS[priority]
        if request.reuse is not Reuse.NONE:
            resolved, _ = await resolve_inputs(owner, request)
            reused = await reuse_result(owner, resolved, rank)
            if reused is not None:
                return reused
        return await admit(owner, request, priority_rank=rank)

    return await once(owner, mutation, idempotency_key, values, Job, do)


async def account_providers(owner: str, strategy: AccountStrategy) -> dict[int, str]:
    """Of the accounts that a strategy names, those that the owner has, with their providers."""
    if not strategy.account_ids:
        return {}
    rows = Account.filter(owner=owner, id__in=list(strategy.account_ids), deleted_at__isnull=True)
    return {int(account_id): str(provider) for account_id, provider in await rows.values_list("id", "provider")}


async def admit(owner: str, request: GenerationRequest, *, parent: Job | None = None, priority_rank: int = 2) -> Job:
    """Makes the job of a request that was checked, and the record that it is for, where there is none yet. In the
    caller's transaction. What the record shows stays until the job has succeeded.

    Raises ConflictError where the record has a live job, NotFoundError or BadInputError for its inputs.
    """
    request, files = await resolve_inputs(owner, dataclasses.replace(request, made_for_sha256=None))
    record = await lock_record_of_request(owner, request)
    job = await _insert_job(owner, record, request, parent, priority_rank)
    await add_inputs((job.id, place, file.id) for place, file in files.items())
    await records.write_request(record.id, request, current_job_id=job.id, is_reused=False)
    notify(job.queue)
    return job


def queue_for(request: GenerationRequest) -> Queue:
    """Where a new job waits: for its inputs to be fetched, for an account, or for a worker."""
    return Queue.INPUTS if any(image.sha256 is None for image in request.inputs) else queue_of(request)


async def _insert_job(
    owner: str, record: GenerationRecord, request: GenerationRequest, parent: Job | None, priority_rank: int
) -> Job:
    """The unique index of live generations has the last word: it also sees a job that is retried at this moment."""
    job = waiting_generation(
        owner,
        record.id,
        request,
        queue_for(request),
        demand_key=demand_key(request),
        priority_rank=priority_rank,
        parent=parent,
    )
    await insert_jobs([job], ignores_conflicts=True)
    stored = await Job.get_or_none(id=job.id)
    if stored is None:
        raise ConflictError(BUSY)
    return stored
