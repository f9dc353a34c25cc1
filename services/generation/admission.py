"""Admission of single requests: one record per storyboard and kind, and at most one live job per record."""

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
from services.generation.catalogue import find_model, reference_models
from services.generation.checking import (
    MAX_STRATEGY_ACCOUNTS,
    account_faults,
    general_faults,
    model_faults,
    request_for,
)
from services.generation.generation_input import GenerationInput
from services.generation.inputs import queue_of
from services.generation.records.holding import BUSY, lock_record_of_request
from services.generation.resolving import resolve_inputs
from services.generation.reuse import reuse_result
from services.notifications.callbacks.addresses import check_callback_url
from services.platform.faults import Faults, collected
from services.platform.idempotency import once, previous_result
from services.platform.quotas import Quota, check_room, reserve
from services.queue.notify import notify
from services.stores import records
from services.stores.jobs.files import add_inputs
from services.stores.jobs.inserts import insert_jobs, waiting_generation

MUTATIONS = {MediaKind.IMAGE: "generateImage", MediaKind.VIDEO: "generateVideo"}


async def generate(owner: str, requested: GenerationInput, idempotency_key: str | None, priority: Priority) -> Job:
    """Requests a picture or a clip for a storyboard; returns the job. With an idempotency key that was used before:
    returns the job created then.

    Raises BadInputError and NotFoundError with the path of the fault, ConflictError if the storyboard has a live job.
    A refusal changes nothing.
    """

    async def read_input() -> GenerationInput:
        return requested

    # A default that was given explicitly is the same request as one that was left out.
    values = {name: value for name, value in dataclasses.asdict(requested).items() if name != "defaulted"}
    if not requested.references:
        del values["references"]  # as in requests from before there were any
    mutation, callback_url = MUTATIONS[requested.kind], requested.callback_url
    return await admit_all(owner, mutation, idempotency_key, values, read_input, priority, callback_url)


async def admit_all(
    owner: str,
    mutation: str,
    idempotency_key: str | None,
    values: dict[str, Any],
    read_input: Callable[[], Awaitable[GenerationInput]],
    priority: Priority,
    callback_url: str | None,
) -> Job:
    """Checks the input that `read_input` returns and admits it, or answers it with a cached result. One transaction, in
    which `read_input` is called too.

    values: what must be equal in a repeated request with the same key. callback_url: from this request; it is checked
    before the transaction. Raises as `generate`.
    """
    values = {**values, "priority": priority.value}
    faults = collected()
    if callback_url is not None:
        stored = await previous_result(owner, mutation, idempotency_key, values, Job)
        if stored is not None:
            return stored
        with faults.caught():
            await check_callback_url(callback_url)

    async def do() -> Job:
        request = await _checked_request(owner, await read_input(), faults)
        rank = PRIORITY_RANKS[priority]
        if request.reuse is not Reuse.NONE:
            resolved, _ = await resolve_inputs(owner, request)
            reused = await reuse_result(owner, resolved, rank)
            if reused is not None:
                return reused
        return await admit(owner, request, priority_rank=rank)

    if faults.all:  # also an invalid key's, with which `once` would end before the others are found
        await _checked_request(owner, await read_input(), faults)
    return await once(owner, mutation, idempotency_key, values, Job, do)


async def _checked_request(owner: str, requested: GenerationInput, faults: Faults) -> GenerationRequest:
    """The request, with its model. Raises one error with all faults of the input and those found before."""
    faults.add(*general_faults(requested))
    model = None
    with faults.caught():
        model = find_model(requested.model, requested.kind, "input", "model")
    if model is not None:
        faults.add(*model_faults(requested, model, reference_models()))
        if len(requested.strategy.account_ids) <= MAX_STRATEGY_ACCOUNTS:
            known = await account_providers(owner, requested.strategy)
            faults.add(*account_faults(requested.strategy, model.provider, model.name, known))
    faults.check()
    assert model is not None  # else it is among the faults
    return request_for(requested, model)


async def account_providers(owner: str, strategy: AccountStrategy) -> dict[int, str]:
    """account id -> provider, of those accounts of the strategy that are the owner's."""
    if not strategy.account_ids:
        return {}
    rows = Account.filter(owner=owner, id__in=list(strategy.account_ids), deleted_at__isnull=True)
    return {int(account_id): str(provider) for account_id, provider in await rows.values_list("id", "provider")}


async def admit(owner: str, request: GenerationRequest, *, parent: Job | None = None, priority_rank: int = 2) -> Job:
    """Creates the job of a checked request, and its record if there is none yet. In the caller's transaction. The
    record shows its present result until the job has succeeded.

    Raises ConflictError if the record has a live job, NotFoundError or BadInputError for the inputs, and
    QuotaExceededError, unless a build asks for it.
    """
    request, files = await resolve_inputs(owner, dataclasses.replace(request, made_for_sha256=None))
    if parent is None:
        await reserve(Quota.JOBS, owner)
        await check_room(Quota.STORED_BYTES, owner)
    record = await lock_record_of_request(owner, request)
    job = await _insert_job(owner, record, request, parent, priority_rank)
    await add_inputs((job.id, place, file.id) for place, file in files.items())
    await records.write_request(record.id, request, current_job_id=job.id, is_reused=False)
    notify(job.queue)
    return job


def queue_for(request: GenerationRequest) -> Queue:
    """The first queue of a new job: INPUTS if materials have to be fetched, else see `queue_of`."""
    return Queue.INPUTS if any(material.sha256 is None for material in request.materials) else queue_of(request)


async def _insert_job(
    owner: str, record: GenerationRecord, request: GenerationRequest, parent: Job | None, priority_rank: int
) -> Job:
    """Raises ConflictError if the record has a live job: the unique index also sees one that is retried
    concurrently.
    """
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
