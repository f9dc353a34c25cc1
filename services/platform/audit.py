"""The audit log: for each mutation that somebody asked for, who, what, on which objects, and how it went.

It holds names and ids, and never a value: no text, no session, no address. Entries are not lost quietly: each is a line
in the log as well, and one that the database does not take is counted.
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
"Ids of each sort in one entry: as many as the longest list that a mutation takes."
MAX_VALUES = 20_000
"Values that are looked at for ids, so that a caller's input does not hold up the answer."
PAGE = 500
LONGEST_REQUEST_ID = 128


def ids_in(value: Any) -> list[str]:
    """The global ids within arguments or an answer, each once, in order: what stands under a name such as `id`, `jobId`
    or `deleted_ids` and has the form of one.

    value: mappings, lists and dataclasses, nested as deep as they like. Fields that an answer only finds when they are
    asked for are not there yet, so nothing is loaded.
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


def _leaves(value: Any) -> Iterator[tuple[str, Any]]:
    """Values with the name of the field that they stand under; depth first and in order, without recursion."""
    waiting: list[tuple[str, Any]] = [("", value)]
    while waiting:
        name, present = waiting.pop()
        if isinstance(present, Mapping):
            waiting.extend((str(key), inner) for key, inner in reversed(list(present.items())))
        elif isinstance(present, list | tuple):
            waiting.extend((name, inner) for inner in reversed(present))
        elif dataclasses.is_dataclass(present) and not isinstance(present, type):
            kept = vars(present)
            names = [field.name for field in dataclasses.fields(present) if field.name in kept]
            waiting.extend((each, kept[each]) for each in reversed(names))
        else:
            yield name, present


async def write_entry(
    owner: str, operation: str, *, outcome: str, arguments: Any, answer: Any = None, request_id: str = ""
) -> None:
    """Writes one entry, in a statement of its own; never raises. What the arguments name is not told again as made."""
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
        log.exception("audit.not_written", operation=operation)


async def newest_entries(
    *, owner: str | None = None, since: datetime | None = None, limit: int = 100
) -> AsyncIterator[AuditEntry]:
    """The newest entries, at most `limit`, the oldest of them first. owner: only that one's. since: not older ones."""
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
    """Removes entries older than that, in parts; returns how many."""
    return await delete_in_parts("audit_entry", f"created_at < {timestamp_before_sql(days * 86_400)}")
