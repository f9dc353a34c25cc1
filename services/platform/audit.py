"""The audit log: who requested which mutation, on which objects, with which outcome.

Entries hold names and ids, never values: no texts, sessions or addresses. Each entry is also a log line, and an entry
that the database does not accept is counted.
"""

import dataclasses
from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import structlog

from models.audit import AuditEntry
from models.ids import parse_global_id
from models.sql import timestamp_before_sql
from services.platform.metrics.recording import record_audit_lost
from services.platform.table_scan import delete_in_parts

log = structlog.get_logger(__name__)

OK = "OK"
INTERRUPTED = "INTERRUPTED"
MAX_IDS = 1_000
"Ids of each kind in one entry: as many as the longest list that a mutation accepts."
MAX_VALUES = 20_000
"Values that are searched for ids; bounds the delay of the response."
PAGE = 500
LONGEST_REQUEST_ID = 128


def ids_in(value: Any) -> list[str]:
    """Returns the global ids in arguments or a response, each once, in order: valid ids in fields such as `id`,
    `jobId` or `deleted_ids`.

    value: mappings, lists and dataclasses, nested to any depth. Lazy fields of a response that are not resolved yet
    are skipped, so nothing is loaded.
    """
    found: dict[str, None] = {}
    for number, (name, leaf) in enumerate(_leaves(value)):
        if number >= MAX_VALUES or len(found) >= MAX_IDS:
            break
        if isinstance(leaf, str) and _names_ids(name) and parse_global_id(leaf) is not None:
            found.setdefault(str(leaf))
    return list(found)


def _names_ids(name: str) -> bool:
    lower = name.lower()
    return lower.endswith(("id", "ids")) and "session" not in lower


def _leaves(root: Any) -> Iterator[tuple[str, Any]]:
    """Yields each value with the name of its field; depth first, in order, without recursion."""
    pending: list[tuple[str, Any]] = [("", root)]
    while pending:
        name, value = pending.pop()
        if isinstance(value, Mapping):
            pending.extend((str(key), inner) for key, inner in reversed(list(value.items())))
        elif isinstance(value, list | tuple):
            pending.extend((name, inner) for inner in reversed(value))
        elif dataclasses.is_dataclass(value) and not isinstance(value, type):
            loaded = vars(value)
            names = [field.name for field in dataclasses.fields(value) if field.name in loaded]
            pending.extend((each, loaded[each]) for each in reversed(names))
        else:
            yield name, value


async def write_entry(
    owner: str, operation: str, *, outcome: str, arguments: Any, answer: Any = None, request_id: str = ""
) -> None:
    """Writes one entry, in a statement of its own; never raises. made_ids leaves out the ids that the
    arguments name.
    """
    named = ids_in(arguments)
    made = [made_id for made_id in ids_in(answer) if made_id not in set(named)]
    line = {"owner": owner, "operation": operation, "outcome": outcome, "named": named, "made": made}
    log.info("audit", **line)
    try:
        await AuditEntry.create(
            owner=owner,
            operation=operation,
            outcome=outcome,
            named_ids=named,
            made_ids=made,
            request_id=request_id[:LONGEST_REQUEST_ID],
        )
    except Exception:
        record_audit_lost()
        log.exception("audit.write_failed", operation=operation)


async def newest_entries(
    *, owner: str | None = None, since: datetime | None = None, limit: int = 100
) -> AsyncIterator[AuditEntry]:
    """Yields the newest entries, at most `limit`, oldest first. owner: only this owner's. since: none older
    than this.
    """
    rows = AuditEntry.all()
    if owner is not None:
        rows = rows.filter(owner=owner)
    if since is not None:
        rows = rows.filter(created_at__gte=since)
    ids = [row["id"] for row in await rows.order_by("-id").limit(limit).values("id")]
    ids.reverse()
    for start in range(0, len(ids), PAGE):
        for row in await AuditEntry.filter(id__in=ids[start : start + PAGE]).order_by("id"):
            yield row


def entry_as_json(entry: AuditEntry) -> dict[str, Any]:
    return {
        "time": entry.created_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "owner": entry.owner,
        "operation": entry.operation,
        "outcome": entry.outcome,
        "named": entry.named_ids,
        "made": entry.made_ids,
        "requestId": entry.request_id,
    }


async def delete_old_entries(days: float) -> int:
    """Deletes entries older than `days`, in parts; returns how many."""
    return await delete_in_parts("audit_entry", f"created_at < {timestamp_before_sql(days * 86_400)}")
