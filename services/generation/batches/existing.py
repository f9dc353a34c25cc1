"""Reading what exists for the items of a batch: accounts, input pictures, records, live jobs and cached results.

The number of statements does not grow with the items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from errors import ConflictError
from models.database import execute
from models.enums import ExistingRecords, Reuse
from models.files import StoredFile
from models.generation import GenerationRecord
from models.generation_requests import GenerationRequest
from services.generation.admission import account_providers
from services.generation.batches.batch_input import BatchInput
from services.generation.batches.checking import Draft, with_item_path
from services.generation.checking import account_faults
from services.generation.records.holding import BUSY
from services.generation.references import limit_faults
from services.generation.resolving import resolve_all
from services.generation.reuse import CachedResult, cached_results, with_contents
from services.platform.faults import Faults
from services.platform.locking import lock_where
from services.platform.owned import places


@dataclass(frozen=True)
class Planned:
    """An item that is not skipped: its request with the hashes of its inputs, their files by position, its record, if
    it exists, and the cached result that answers it (None: it will be generated).
    """

    index: int
    request: GenerationRequest
    files: Mapping[int, StoredFile] = field(default_factory=dict)
    record: GenerationRecord | None = None
    cached: CachedResult | None = None


@dataclass(frozen=True)
class Plan:
    items: Sequence[Planned]
    skipped_storyboard_ids: Sequence[str] = ()

    @property
    def queued(self) -> list[GenerationRequest]:
        return [item.request for item in self.items if item.cached is None]


async def read_existing(
    owner: str, requested: BatchInput, drafts: Sequence[Draft], faults: Faults, *, locks: bool
) -> Plan:
    """Plans the items of a batch and adds the faults that it finds. locks: in a transaction, the records and files that
    it reads cannot change until its end.
    """
    await _check_accounts(owner, requested, drafts, faults)
    records = await _records(owner, requested, drafts, locks)
    busy = await _busy(records)
    resolved = await resolve_all(owner, [draft.item.input.materials for draft in drafts], locks=locks)
    items: list[Planned] = []
    skipped: list[str] = []
    for draft, found in zip(drafts, resolved, strict=True):
        faults.add(*(with_item_path(fault, draft.index, draft.item.given) for fault in found.faults))
        storyboard_id = draft.item.input.storyboard_id
        record = records.get(storyboard_id)
        is_busy = record is not None and record.id in busy
        if requested.existing is ExistingRecords.SKIP and record is not None and (is_busy or record.shown_job_id):
            skipped.append(storyboard_id)
            continue
        if is_busy:
            path = ["input", "items", str(draft.index), "storyboardId"]
            faults.add(ConflictError(f"{storyboard_id}: {BUSY}", path=path))
        if draft.request is not None:
            request = draft.request.with_materials(found.materials)
            if draft.model is not None:
                over = limit_faults(request.references, draft.model)
                faults.add(*(with_item_path(fault, draft.index, draft.item.given) for fault in over))
            items.append(Planned(draft.index, request, found.files, record))
    return Plan(await _with_cached(owner, items, locks) if not faults.found else items, skipped)


async def _check_accounts(owner: str, requested: BatchInput, drafts: Sequence[Draft], faults: Faults) -> None:
    if not requested.strategy.account_ids:
        return
    known = await account_providers(owner, requested.strategy)
    models = {(draft.model.provider, draft.model.name) for draft in drafts if draft.model is not None}
    for provider, model in sorted(models) or [("", "")]:
        faults.add(*account_faults(requested.strategy, provider, model, known))


async def _records(
    owner: str, requested: BatchInput, drafts: Sequence[Draft], locks: bool
) -> dict[str, GenerationRecord]:
    """storyboard id -> its record, of those that exist."""
    storyboard_ids = list({draft.item.input.storyboard_id for draft in drafts})
    if not storyboard_ids:
        return {}
    # As SQL: a Tortoise filter refuses values longer than the column, whose fault has been reported already.
    where = (
        "owner = ? AND kind = ? AND project_id = ? AND work_id = ?"
        f" AND storyboard_id IN ({places(storyboard_ids)}) AND deleted_at IS NULL"
    )
    values = (owner, requested.kind.value, requested.project_id, requested.work_id, *storyboard_ids)
    if locks:
        rows = await lock_where(GenerationRecord, where, *values)
    else:
        rows = await execute(f"SELECT id FROM generation_record WHERE {where}", *values)
    if not rows:
        return {}
    found = GenerationRecord.filter(id__in=[row["id"] for row in rows], deleted_at__isnull=True)
    return {record.storyboard_id: record for record in await found}


async def _busy(records: Mapping[str, GenerationRecord]) -> set[int]:
    """The ids of the records with a live job."""
    ids = [record.id for record in records.values()]
    if not ids:
        return set()
    rows = await execute(
        f"SELECT record_id FROM job WHERE record_id IN ({places(ids)}) AND role = 'GENERATE'"
        " AND status IN ('PENDING', 'RUNNING')",
        *ids,
    )
    return {row["record_id"] for row in rows}


async def _with_cached(owner: str, items: Sequence[Planned], locks: bool) -> list[Planned]:
    """Adds the cached results. Links are compared by the content that was last fetched from them; the request of an
    item without a cached result keeps its links, so that they are fetched again.
    """
    if all(item.request.reuse is Reuse.NONE for item in items):
        return list(items)
    contents = await with_contents(owner, [item.request for item in items])
    cached = await cached_results(owner, contents, locks=locks)
    return [
        item if found is None else replace(item, request=request, cached=found)
        for item, request, found in zip(items, contents, cached, strict=True)
    ]
