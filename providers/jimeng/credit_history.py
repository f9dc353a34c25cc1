"""Reads pages of upstream's credit history. Source: notes of other clients; their numbers of kinds may change."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from providers.jimeng.faults import unreadable
from providers.jimeng.wire_values import mapping, whole_number

RECEIVED, SPENDING = 1, 2
"history_type. That of what was received and given back is an inference from that of spending."
HISTORY_PAGE_SIZE = 20
MAX_HISTORY_PAGES = 5


@dataclass(frozen=True)
class HistoryEntry:
    """amount: in credits, without a sign. created_at: Unix seconds by upstream's clock."""

    submit_id: str
    amount: int
    created_at: float


@dataclass(frozen=True)
class HistoryPage:
    """next_cursor None: there are no further pages."""

    entries: tuple[HistoryEntry, ...]
    next_cursor: str | None


def read_credit_history(data: Mapping[str, Any]) -> HistoryPage:
    """The entries of a page that belong to a task, the newest first. Raises UpstreamFaultError for something else."""
    records = data.get("records")
    if records is None and not data.get("has_more"):
        records = []
    if not isinstance(records, list):
        raise unreadable("credit history")
    entries = []
    for record in map(mapping, records):
        amount, submit_id = whole_number(record.get("amount"), None), record.get("submit_id")
        if amount is not None and isinstance(submit_id, str) and submit_id:
            entries.append(HistoryEntry(submit_id, abs(amount), float(whole_number(record.get("create_time"), 0) or 0)))
    cursor = data.get("new_cursor")
    has_next = bool(data.get("has_more")) and isinstance(cursor, str | int) and bool(records)
    return HistoryPage(tuple(entries), str(cursor) if has_next else None)
