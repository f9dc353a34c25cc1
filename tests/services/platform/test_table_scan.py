"""Large tables are gone through in parts, and the next walk goes on where the last one stopped."""

import pytest

from services.platform import table_scan as walking
from services.platform.table_scan import scan_table
from tests.factories import make_file

pytestmark = pytest.mark.usefixtures("either_database")


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walking, "PART", 2)


async def test_each_row_is_visited_once_and_then_again_from_the_first() -> None:
    ids = [(await make_file()).id for _ in range(5)]
    parts: list[tuple[int, int]] = []

    async def visit(after: int, last: int) -> int:
        parts.append((after, last))
        return 1

    assert await scan_table("stored_file", "test", visit) == 3
    assert parts == [(0, ids[1]), (ids[1], ids[3]), (ids[3], ids[4])]
    assert await scan_table("stored_file", "test", visit, max_parts=2) == 2
    assert await scan_table("stored_file", "other", visit, before_id=ids[1]) == 1
    assert await scan_table("stored_file", "test", visit, max_parts=2) == 1
    assert parts[3:] == [(0, ids[1]), (ids[1], ids[3]), (0, ids[0]), (ids[3], ids[4])]


async def test_a_part_that_fails_is_visited_again() -> None:
    ids = [(await make_file()).id for _ in range(3)]
    reached: list[int] = []

    async def visit(after: int, last: int) -> int:
        reached.append(last)
        if last == ids[2] and reached.count(last) == 1:
            raise OSError
        return 0

    with pytest.raises(OSError):
        await scan_table("stored_file", "test", visit)
    await scan_table("stored_file", "test", visit)
    assert reached == [ids[1], ids[2], ids[2]]


async def test_an_empty_table_is_no_trouble() -> None:
    async def visit(after: int, last: int) -> int:
        raise AssertionError

    assert await scan_table("stored_file", "test", visit) == 0
