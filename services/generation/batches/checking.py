"""Checking the items of a batch: every fault of every item, with its path within the input. Knows no database.

Items are looked at in parts, and others have their turn between two of them.
"""

import asyncio
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

from errors import BadInputError, EkonteError
from models.enums import MediaKind
from models.generation_requests import GenerationRequest
from providers.pooled import ModelInfo
from services.generation.batches.batch_input import MAX_ITEMS, BatchInput, BatchItem
from services.generation.catalogue import find_model
from services.generation.checking import model_faults, plain_faults, request_for

PART = 20
"Items that are checked, or written, before others have their turn."

# Where a fault of an item lies with the batch: always, and where the item says nothing of its own.
_OF_THE_BATCH = frozenset(
    {"projectId", "projectName", "workId", "strategy", "safetyCheck", "polling", "reuse", "reuseThreshold"}
)
_DEFAULTS = {
    "model": "model",
    "ratio": "ratio",
    "resolution": "resolution",
    "durationSeconds": "duration_seconds",
}


@dataclass(frozen=True)
class Draft:
    """An item with its place. request: as its model takes it, inputs as given; None where it has faults."""

    index: int
    item: BatchItem
    model: ModelInfo | None
    request: GenerationRequest | None


@dataclass
class Faults:
    """Faults in the order in which they are found; one that several items share is told once."""

    found: list[EkonteError] = field(default_factory=list)
    _known: set[tuple[tuple[str, ...], str]] = field(default_factory=set)

    def add(self, *faults: EkonteError) -> None:
        for fault in faults:
            key = (tuple(fault.path), fault.message)
            if key not in self._known:
                self._known.add(key)
                self.found.append(fault)


def placed(fault: EkonteError, index: int, said: Collection[str]) -> EkonteError:
    """A fault of an item with its path within the batch's input; it comes with the one within a single request's."""
    name = fault.path[1] if len(fault.path) > 1 else ""
    is_default = name in _DEFAULTS and _DEFAULTS[name] not in said
    path = fault.path if name in _OF_THE_BATCH or is_default else ["input", "items", str(index), *fault.path[1:]]
    return type(fault)(fault.message, path=path)


def batch_faults(asked: BatchInput) -> Iterator[EkonteError]:
    """What is wrong with a batch whatever its items are."""
    most = MAX_ITEMS[asked.kind]
    if not 1 <= len(asked.items) <= most:
        what = "images" if asked.kind is MediaKind.IMAGE else "videos"
        yield BadInputError(
            f"A batch of {what} has 1 to {most} items; these are {len(asked.items)}.", path=["input", "items"]
        )
    if asked.credit_budget is not None and asked.credit_budget < 0:
        yield BadInputError("creditBudget is at least 0.", path=["input", "creditBudget"])
    if asked.max_parallel is not None and asked.max_parallel < 1:
        yield BadInputError("maxParallel is at least 1.", path=["input", "maxParallel"])


def twin_faults(items: Sequence[BatchItem]) -> Iterator[EkonteError]:
    """Storyboards that are named twice."""
    first: dict[str, int] = {}
    for index, item in enumerate(items):
        place = first.setdefault(item.asked.storyboard_id, index)
        if place != index:
            yield BadInputError(
                f"The storyboard {item.asked.storyboard_id!r} is named twice: item {place} has it, too.",
                path=["input", "items", str(index), "storyboardId"],
            )


async def check_items(asked: BatchInput) -> tuple[list[Draft], Faults]:
    """All items with what is wrong with them. Where there are too many of them, they are not looked at."""
    faults = Faults()
    faults.add(*batch_faults(asked))
    if len(asked.items) > MAX_ITEMS[asked.kind]:
        return [], faults
    faults.add(*twin_faults(asked.items))
    models: dict[str | None, ModelInfo | EkonteError] = {}
    drafts: list[Draft] = []
    for index, item in enumerate(asked.items):
        if index % PART == 0:
            await asyncio.sleep(0)
        drafts.append(_check(index, item, models, faults))
    return drafts, faults


def _check(index: int, item: BatchItem, models: dict[str | None, ModelInfo | EkonteError], faults: Faults) -> Draft:
    name = item.asked.model
    if name not in models:
        models[name] = _model(name, item.asked.kind)
    model = models[name]
    found: list[EkonteError] = list(plain_faults(item.asked))
    if isinstance(model, EkonteError):
        found.insert(0, model)
    else:
        found += model_faults(item.asked, model)
    faults.add(*(placed(fault, index, item.said) for fault in found))
    if isinstance(model, EkonteError):
        return Draft(index, item, None, None)
    return Draft(index, item, model, None if found else request_for(item.asked, model))


def _model(name: str | None, kind: MediaKind) -> ModelInfo | EkonteError:
    try:
        return find_model(name, kind, "input", "model")
    except EkonteError as fault:
        return fault
