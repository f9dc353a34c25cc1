"""The audit log's own rules: which ids are found, what is read, and when entries go."""

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from models.audit import AuditEntry
from services.platform import table_scan as walking
from services.platform.audit import MAX_IDS, delete_old_entries, entry_as_json, ids_in, newest_entries, write_entry
from services.worker.sweeper import apply_retention
from settings import get_settings
from tests.statements import counted_statements


@dataclasses.dataclass
class Thing:
    id: str
    inner: Any = None


JOB, FILE, RECORD = "job_123456789", "file_987654321", "rec_55555"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ({"id": JOB}, [JOB]),
        ({"ids": [FILE, JOB, FILE]}, [FILE, JOB]),
        ({"input": {"recordId": RECORD, "prompt": JOB, "file_id": FILE}}, [RECORD, FILE]),
        (Thing(JOB, [Thing(FILE), {"deleted_ids": [RECORD]}]), [JOB, FILE, RECORD]),
        ({"id": "job_", "ids": ["job_x", "nothing_1", "job_1_2", None, 5]}, []),
        ({"sessionId": JOB, "session_id": FILE}, []),
        (None, []),
    ],
)
def test_ids_are_what_stands_under_a_name_of_ids(value: Any, found: list[str]) -> None:
    assert ids_in(value) == found


def test_an_endless_value_is_searched_only_up_to_a_limit() -> None:
    assert len(ids_in({"ids": [f"job_{number}" for number in range(1, 100_000)]})) == MAX_IDS
    nested: Any = JOB
    for _ in range(50_000):
        nested = [nested]
    assert ids_in({"id": nested}) == [JOB]


async def make_entry(owner: str, days: float = 0.0, operation: str = "cancelJob") -> None:
    await write_entry(owner, operation, outcome="OK", arguments={"id": JOB}, answer={"id": FILE}, request_id="r-1")
    row = await AuditEntry.all().order_by("-id").first()
    assert row is not None
    await AuditEntry.filter(id=row.id).update(created_at=datetime.now(UTC) - timedelta(days=days))


async def test_the_newest_are_read_the_oldest_of_them_first(either_database: str) -> None:
    for number, owner in enumerate(("mira", "noor", "mira", "mira")):
        await make_entry(owner, operation=f"m{number}")

    async def read(**filters: Any) -> list[str]:
        return [entry.operation async for entry in newest_entries(**filters)]

    assert await read() == ["m0", "m1", "m2", "m3"]
    assert await read(owner="mira", limit=2) == ["m2", "m3"]
    assert await read(owner="nobody") == []
    assert await read(since=datetime.now(UTC) - timedelta(hours=1)) == ["m0", "m1", "m2", "m3"]
    assert await read(since=datetime.now(UTC) + timedelta(hours=1)) == []


async def test_an_entry_as_it_is_printed(database: None) -> None:
    await make_entry("mira")
    (entry,) = [entry async for entry in newest_entries()]
    printed = entry_as_json(entry)
    assert printed.pop("time").endswith("Z")
    assert printed == {
        "owner": "mira",
        "operation": "cancelJob",
        "outcome": "OK",
        "named": [JOB],
        "made": [FILE],
        "requestId": "r-1",
    }


async def test_old_entries_go(either_database: str) -> None:
    for days in (366, 364, 0):
        await make_entry("mira", days)
    assert await delete_old_entries(365) == 1
    assert await AuditEntry.all().count() == 2


async def test_old_entries_go_in_parts(either_database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "ROW_BATCH_SIZE", 2)
    monkeypatch.setattr(walking, "MAX_ROUNDS", 2)
    for _ in range(7):
        await make_entry("mira", 366)
    await make_entry("mira", 1)
    assert await delete_old_entries(365) == 4
    with counted_statements() as statements:
        assert await delete_old_entries(365) == 3
    assert len(statements) == 2
    assert await AuditEntry.all().count() == 1


async def test_house_keeping_takes_old_entries_away(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    await make_entry("mira", days=400)
    await apply_retention(get_settings())
    assert await AuditEntry.all().count() == 0
