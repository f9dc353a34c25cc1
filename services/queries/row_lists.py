"""Pages of an owner's rows, in any order of the list: two statements per page, another where the whole is counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from tortoise.models import Model

from models.database import is_sqlite
from services.platform.owned import owned_rows_sql, places
from services.platform.paging import KeyKind, Orders, Page, PageRequest, Position, cut_page


@dataclass(frozen=True)
class RowList:
    """How the rows of a list are found and ordered. All fields are inserted as SQL text: never pass a caller's values.
    `owner` has one placeholder, the first of the statement.
    """

    model: type[Model]
    tables: str
    orders: Orders
    owner: str = "c.owner = ?"
    id: str = "c.id"
    always: str = ""


class Where:
    """Conditions of a list, combined with AND; a value of None is no condition. Columns are inserted as SQL text."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.values: list[Any] = []

    def add(self, condition: str, *values: Any) -> None:
        """A condition with a placeholder for each value."""
        self._pieces.append(condition)
        self.values += values

    def equals(self, column: str, value: Any) -> None:
        if value is not None:
            self.add(f"{column} = ?", str(value) if isinstance(value, Enum) else value)

    def one_of(self, column: str, values: Sequence[str] | None) -> None:
        """Nothing is one of no values."""
        if values is not None:
            listed = [str(value) for value in dict.fromkeys(values)]
            self.add(f"{column} IN ({places(listed)})" if listed else "1 = 0", *listed)

    def contains(self, column: str, text: str | None) -> None:
        """The text stands somewhere in the column, whatever its case; an empty one stands in all."""
        if text:
            escaped = "".join(f"\\{letter}" if letter in "\\%_" else letter for letter in text)
            self.add(f"UPPER({column}) LIKE UPPER(?) ESCAPE '\\'", f"%{escaped}%")

    def later(self, column: str, time: datetime | None) -> None:
        if time is not None:
            self.add(f"{column} > ?", time_value(time))

    def earlier(self, column: str, time: datetime | None) -> None:
        if time is not None:
            self.add(f"{column} < ?", time_value(time))

    @property
    def text(self) -> str:
        """The conditions, each with AND before it."""
        return "".join(f" AND {piece}" for piece in self._pieces)


def time_value(time: datetime) -> Any:
    """A time as a statement's value, comparable with a DatetimeField column."""
    return time.astimezone(UTC).isoformat(" ") if is_sqlite() else time


async def row_page(rows: RowList, owner: str, where: Where, request: PageRequest) -> Page[Any]:
    """Returns one page of the owner's rows for which the conditions hold; two statements."""
    bounds, values = bounds_sql(request, rows.id)
    found = await owned_rows_sql(
        f"SELECT {rows.id} AS id, {request.order.sql} AS place FROM {rows.tables} WHERE {_all_of(rows)}{where.text}"
        f"{bounds} ORDER BY {order_sql(request, rows.id)} LIMIT {request.size + 1} OFFSET {request.offset}",
        owner,
        *where.values,
        *values,
    )
    ids = [row["id"] for row in found]
    models = {row.pk: row for row in await rows.model.filter(id__in=ids)} if ids else {}
    return cut_page([(position_of(row), models[row["id"]]) for row in found if row["id"] in models], request)


async def row_count(rows: RowList, owner: str, where: Where) -> int:
    """Returns how many of the owner's rows there are for which the conditions hold; one statement."""
    found = await owned_rows_sql(
        f"SELECT COUNT(*) AS count FROM {rows.tables} WHERE {_all_of(rows)}{where.text}", owner, *where.values
    )
    return int(found[0]["count"])


def _all_of(rows: RowList) -> str:
    return f"{rows.owner} AND {rows.always}" if rows.always else rows.owner


def position_of(row: dict[str, Any]) -> Position:
    """The position of a row that has `place` and `id`."""
    place = row["place"]
    return Position(place.isoformat(" ") if isinstance(place, datetime) else place, row["id"])


def bounds_sql(request: PageRequest, id_sql: str) -> tuple[str, list[Any]]:
    """The conditions, each with AND before it, that leave what lies between the request's cursors; and their values."""
    place, is_descending = request.order.sql, request.order.is_descending
    up, down = ("<", ">") if is_descending else (">", "<")
    text, values = "", []
    for bound, sign in ((request.after, up), (request.before, down)):
        if bound is None:
            continue
        key, value = _bound(bound, request.order.sort.kind)
        if place == id_sql:
            text += f" AND {id_sql} {sign} ?"
            values.append(bound.id)
        else:
            # Implied by the other, but lets the database begin at that place of an index.
            text += f" AND {place} {sign}= {key} AND ({place} {sign} {key} OR {id_sql} {sign} ?)"
            values += [value, value, bound.id]
    return text, values


def _bound(bound: Position, kind: KeyKind) -> tuple[str, Any]:
    """The placeholder of a cursor's key, and its value. The casts let a forged key exceed the column's type."""
    if kind is KeyKind.INTEGER:
        return "CAST(? AS BIGINT)", bound.key
    if kind is KeyKind.TIME and not is_sqlite():
        return "?", datetime.fromisoformat(str(bound.key))
    return "CAST(? AS TEXT)", bound.key


def order_sql(request: PageRequest, id_sql: str) -> str:
    """The terms of ORDER BY in the direction of reading."""
    direction = "DESC" if request.order.is_descending != request.is_backward else "ASC"
    place = request.order.sql
    return f"{id_sql} {direction}" if place == id_sql else f"{place} {direction}, {id_sql} {direction}"
