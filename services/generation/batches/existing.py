"""What there is already for the items of a batch: accounts, input pictures, records, live jobs and former results. Read
in a number of statements that does not grow with the items.
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
from services.generation.batches.checking import Draft, Faults, placed
from services.generation.checking import account_faults
from services.generation.records.holding import BUSY
from services.generation.resolving import resolve_all
from services.generation.reuse import CachedResult, cached_results, with_contents
from services.platform.locking import lock_where
from services.platform.owned import places


@dataclass(frozen=True)
class Planned:
    """An item that is to be made: its request with the contents of its inputs, their files by place, the record that is
    there for it, and the former result that answers it (None: it is to be generated).
    """

    index: int
    request: GenerationRequest
    files: Mapping[int, StoredFile] = field(default_factory=dict)
    record: GenerationRecord | None = None
    former: CachedResult | None = None


@dataclass(frozen=True)
class Plan:
    items: Sequence[Planned]
    skipped_storyboard_ids: Sequence[str] = ()

    @property
    def queued(self) -> list[GenerationRequest]:
        return [item.request for item in self.items if item.former is None]


async def read_existing(owner: str, asked: BatchInput, drafts: Sequence[Draft], faults: Faults, *, holds: bool) -> Plan:
    """What is to be done of a batch; what is found wrong is added to the faults. holds: in a transaction, the records
    and files that are found stay as they are until its end.
    """
    await _check_accounts(owner, asked, drafts, faults)
    records = await _records(owner, asked, drafts, holds)
    busy = await _busy(records)
    resolved = await resolve_all(owner, [draft.item.asked.inputs for draft in drafts], keeps=holds)
    items: list[Planned] = []
    skipped: list[str] = []
    for draft, found in zip(drafts, resolved, strict=True):
        faults.add(*(placed(fault, draft.index, draft.item.said) for fault in found.faults))
        storyboard_id = draft.item.asked.storyboard_id
        record = records.get(storyboard_id)
        is_busy = record is not None and record.id in busy
        if asked.existing is ExistingRecords.SKIP and record is not None and (is_busy or record.shown_job_id):
            skipped.append(storyboard_id)
            continue
        if is_busy:
            path = ["input", "items", str(draft.index), "storyboardId"]
            faults.add(ConflictError(f"{storyboard_id}: {BUSY}", path=path))
        if draft.request is not None:
            items.append(Planned(draft.index, replace(draft.request, inputs=found.inputs), found.files, record))
    return Plan(await _with_former(owner, items, holds) if not faults.found else items, skipped)


async def _check_accounts(owner: str, asked: BatchInput, drafts: Sequence[Draft], faults: Faults) -> None:
    if not asked.strategy.account_ids:
        return
    known = await account_providers(owner, asked.strategy)
    models = {(draft.model.provider, draft.model.name) for draft in drafts if draft.model is not None}
    for provider, model in sorted(models) or [("", "")]:
        faults.add(*account_faults(asked.strategy, provider, model, known))


async def _records(owner: str, asked: BatchInput, drafts: Sequence[Draft], holds: bool) -> dict[str, GenerationRecord]:
    """By storyboard the records that are there."""
    storyboard_ids = list({draft.item.asked.storyboard_id for draft in drafts})
    if not storyboard_ids:
        return {}
    # As SQL: a Tortoise filter refuses values longer than the column, whose fault has been reported already.
    where = (
        "owner = ? AND kind = ? AND project_id = ? AND work_id = ?"
        f" AND storyboard_id IN ({places(storyboard_ids)}) AND deleted_at IS NULL"
    )
    values = (owner, asked.kind.value, asked.project_id, asked.work_id, *storyboard_ids)
    if holds:
        rows = await lock_where(GenerationRecord, where, *values)
    else:
        rows = await execute(f"SELECT id FROM generation_record WHERE {where}", *values)
    if not rows:
        return {}
    found = GenerationRecord.filter(id__in=[row["id"] for row in rows], deleted_at__isnull=True)
    return {record.storyboard_id: record for record in await found}


async def _busy(records: Mapping[str, GenerationRecord]) -> set[int]:
    """The records that are being generated."""
    ids = [record.id for record in records.values()]
    if not ids:
        return set()
    rows = await execute(
        f"SELECT record_id FROM job WHERE record_id IN ({places(ids)}) AND role = 'GENERATE'"
        " AND status IN ('PENDING', 'RUNNING')",
        *ids,
    )
    return {row["record_id"] for row in rows}


async def _with_former(owner: str, items: Sequence[Planned], holds: bool) -> list[Planned]:
    """Inputs count by their contents from here on; a link by what came from it last, but it is fetched all the same
    where nothing answers the request.
    """
    if all(item.request.reuse is Reuse.NONE for item in items):
        return list(items)
    contents = await with_contents(owner, [item.request for item in items])
    former = await cached_results(owner, contents, keeps=holds)
    return [
        item if found is None else replace(item, request=request, former=found)
        for item, request, found in zip(items, contents, former, strict=True)
    ]
