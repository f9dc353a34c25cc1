"""The input of a batch, before it is checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from models.enums import BatchType, ExistingRecords, MediaKind, Priority
from models.generation_requests import AccountStrategy
from services.generation.generation_input import GenerationInput
from services.generation.strategies import default_strategy

MAX_ITEMS = {MediaKind.IMAGE: 1000, MediaKind.VIDEO: 100}
RECOMMENDED_MAX_CLIPS = 50
"A batch with more clips gets a warning."


@dataclass(frozen=True)
class BatchItem:
    """One item, completed with the defaults of the batch. given: the fields of GenerationInput that the item itself
    has.
    """

    input: GenerationInput
    given: frozenset[str] = frozenset()


@dataclass(frozen=True)
class BatchInput:
    """max_parallel, credit_budget None: no limit."""

    kind: MediaKind
    project_id: str
    work_id: str
    items: Sequence[BatchItem]
    project_name: str | None = None
    strategy: AccountStrategy = field(default_factory=default_strategy)
    priority: Priority = Priority.NORMAL
    existing: ExistingRecords = ExistingRecords.OVERWRITE
    credit_budget: int | None = None
    max_parallel: int | None = None
    callback_url: str | None = None
    dry_run: bool = False

    @property
    def type(self) -> BatchType:
        is_composed = any(item.input.materials for item in self.items)
        if self.kind is MediaKind.IMAGE:
            return BatchType.IMAGE_COMPOSE if is_composed else BatchType.IMAGE_GENERATE
        return BatchType.VIDEO_COMPOSE if is_composed else BatchType.VIDEO_GENERATE

    def key_values(self) -> dict[str, Any]:
        """The values that must be equal in a repeated request with the same idempotency key. A default that was given
        explicitly is equal to one that was left out.
        """
        items = [
            {
                name: getattr(item.input, name)
                for name in _KEY_FIELDS
                if name != "references" or item.input.references  # as in requests from before there were any
            }
            for item in self.items
        ]
        names = ("project_id", "project_name", "work_id", "strategy", "priority", "existing", "credit_budget")
        values = {name: getattr(self, name) for name in (*names, "max_parallel", "callback_url")}
        return {**values, "items": items}


_KEY_FIELDS = tuple(field.name for field in fields(GenerationInput) if field.name not in ("defaulted", "strategy"))
