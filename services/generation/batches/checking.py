"""Validation of the items of a batch: every fault of every item, with its path within the input. Reads no database.

Items are checked in slices, and the event loop runs other tasks between two of them.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from errors import BadInputError, EkonteError
from models.enums import MediaKind
from models.generation_requests import GenerationRequest
from providers.pooled import ModelInfo
from services.generation.batches.batch_input import MAX_ITEMS, BatchInput, BatchItem
from services.generation.catalogue import find_model, reference_models
from services.generation.checking import general_faults, model_faults, request_for
from services.platform.faults import Faults, collected

SLICE_SIZE = 20
"Items that are checked, or prepared for writing, before the event loop runs other tasks."

# Fields whose faults belong to the batch: always, and where the item does not give the field itself.
_BATCH_FIELDS = frozenset(
    {"projectId", "projectName", "workId", "strategy", "safetyCheck", "polling", "reuse", "reuseThreshold"}
)
_BATCH_DEFAULTS = {
    "model": "model",
    "count": "count",
    "ratio": "ratio",
    "resolution": "resolution",
    "durationSeconds": "duration_seconds",
}


@dataclass(frozen=True)
class Draft:
    """An item with its index. request: for its model, with inputs as given; None if it has faults."""

    index: int
    item: BatchItem
    model: ModelInfo | None
    request: GenerationRequest | None


def with_item_path(fault: EkonteError, index: int, given: Collection[str]) -> EkonteError:
    """The fault of an item with its path within the batch's input, from the path within the input of a
    single request.
    """
    name = fault.path[1] if len(fault.path) > 1 else ""
    is_default = name in _BATCH_DEFAULTS and _BATCH_DEFAULTS[name] not in given
    path = fault.path if name in _BATCH_FIELDS or is_default else ["input", "items", str(index), *fault.path[1:]]
    return type(fault)(fault.message, path=path)


def batch_faults(requested: BatchInput) -> Iterator[EkonteError]:
    """The faults of a batch apart from its items' contents."""
    limit = MAX_ITEMS[requested.kind]
    if not 1 <= len(requested.items) <= limit:
        what = "images" if requested.kind is MediaKind.IMAGE else "videos"
        yield BadInputError(
            f"A batch of {what} has 1 to {limit} items; this one has {len(requested.items)}.", path=["input", "items"]
        )
    if requested.credit_budget is not None and requested.credit_budget < 0:
        yield BadInputError("creditBudget is at least 0.", path=["input", "creditBudget"])
    if requested.max_parallel is not None and requested.max_parallel < 1:
        yield BadInputError("maxParallel is at least 1.", path=["input", "maxParallel"])


def duplicate_faults(items: Sequence[BatchItem]) -> Iterator[EkonteError]:
    """A fault for each repeated storyboard."""
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        place = first.setdefault(item.input.storyboard_id, index)
        if place != index:
            yield BadInputError(
                f"The storyboard {item.input.storyboard_id!r} occurs twice; it is also in item {place}.",
                path=["input", "items", str(index), "storyboardId"],
            )


async def check_items(requested: BatchInput) -> tuple[list[Draft], Faults]:
    """Checks all items; returns their drafts and all faults. If there are too many items, none of them is checked."""
    faults = collected()
    faults.add(*batch_faults(requested))
    if len(requested.items) > MAX_ITEMS[requested.kind]:
        return [], faults
    faults.add(*duplicate_faults(requested.items))
    models: dict[str | None, ModelInfo | EkonteError] = {}
    takers = reference_models()
    drafts: list[Draft] = []
    for index, item in enumerate(requested.items):
        if index % SLICE_SIZE == 0:
            await asyncio.sleep(0)
        drafts.append(_check(index, item, models, takers, faults))
    return drafts, faults


def _check(
    index: int,
    item: BatchItem,
    models: dict[str | None, ModelInfo | EkonteError],
    takers: Sequence[str],
    faults: Faults,
) -> Draft:
    """models: by name, those that were looked up; takers: the names of the models that take references."""
    name = item.input.model
    if name not in models:
        models[name] = _model(name, item.input.kind)
    model = models[name]
    found: list[EkonteError] = list(general_faults(item.input))
    if isinstance(model, EkonteError):
        found.insert(0, model)
    else:
        found += model_faults(item.input, model, takers)
    faults.add(*(with_item_path(fault, index, item.given) for fault in found))
    if isinstance(model, EkonteError):
        return Draft(index, item, None, None)
    return Draft(index, item, model, None if found else request_for(item.input, model))


def _model(name: str | None, kind: MediaKind) -> ModelInfo | EkonteError:
    try:
        return find_model(name, kind, "input", "model")
    except EkonteError as fault:
        return fault
