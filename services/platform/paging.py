"""Keyset paging: orders, checked arguments, opaque cursors, and pages of the requested size."""

import base64
import binascii
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Generic, TypeVar

from errors import BadInputError

T = TypeVar("T")
S = TypeVar("S")

DEFAULT_SIZE = 20
MAX_SIZE = 100
MAX_IDS = 1000
MAX_CURSOR_CHARACTERS = 1024
MAX_PAGE_NUMBER = 1_000_000
MAX_KEY_LENGTH = 1000


class KeyKind(Enum):
    """The type of the values that a list is ordered by."""

    INTEGER = "INTEGER"
    TEXT = "TEXT"
    TIME = "TIME"


@dataclass(frozen=True)
class Sort:
    """What a list is ordered by: an SQL expression that is never null. It is inserted as text: never pass a caller's
    value.

    sql_descending: the expression where the highest comes first; None: the same. Two differ where rows without a value
    come last in both directions.
    """

    sql: str
    kind: KeyKind = KeyKind.INTEGER
    sql_descending: str | None = None


@dataclass(frozen=True)
class Ordering:
    """One order of a list; rows of equal value are ordered by id, in the same direction."""

    field: str
    sort: Sort
    is_descending: bool = False

    def __str__(self) -> str:
        return f"{self.field} {'DESC' if self.is_descending else 'ASC'}"

    @property
    def sql(self) -> str:
        descending = self.sort.sql_descending if self.is_descending else None
        return self.sort.sql if descending is None else descending


@dataclass(frozen=True)
class Orders:
    """The orders that a list offers. fields: the enum that callers choose from; sorts: one for each of its members."""

    fields: type[Enum]
    sorts: Mapping[str, Sort] = field(compare=False)
    default: str
    is_descending: bool = False

    def ordering(self, name: str | None = None, is_descending: bool = False) -> Ordering:
        """The order by the field of that name; None: the default order."""
        if name is None:
            return Ordering(self.default, self.sorts[self.default], self.is_descending)
        return Ordering(name, self.sorts[name], is_descending)


OLDEST_FIRST = Ordering("CREATED_AT", Sort("c.id"))

Key = int | str


@dataclass(frozen=True)
class Position:
    """A row's position in its list: the value by which the list is ordered, then the id."""

    key: Key
    id: int


@dataclass(frozen=True)
class PageRequest:
    """A request for `size` rows between two positions, from the front or the back, or for the numbered page (from 1)
    of that size.
    """

    size: int = DEFAULT_SIZE
    after: Position | None = None
    before: Position | None = None
    is_backward: bool = False
    number: int = 1
    order: Ordering = OLDEST_FIRST

    @property
    def offset(self) -> int:
        return (self.number - 1) * self.size


@dataclass(frozen=True)
class Page(Generic[T]):
    rows: tuple[T, ...]
    cursors: tuple[str, ...]
    has_next: bool
    has_previous: bool

    def map(self, change: Callable[[T], S]) -> "Page[S]":
        return Page(tuple(change(row) for row in self.rows), self.cursors, self.has_next, self.has_previous)


def encode_cursor(position: Position, order: Ordering) -> str:
    """The cursor of a position in a list of that order; it is valid in no other."""
    text = json.dumps([str(order), position.key, position.id], ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode_cursor(text: str, argument: str, order: Ordering) -> Position:
    """Raises BadInputError if the text is not a cursor of this server, or one of a list in another order."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    if not (isinstance(values, list) and len(values) == 3 and isinstance(values[0], str) and _is_whole(values[2])):
        raise BadInputError(f"{argument} is not a cursor of this server.", path=[argument])
    if values[0] != str(order):
        raise BadInputError(
            f"{argument} is a cursor of another order; this list is ordered by {order}. A cursor is valid only with the"
            " orderBy that it was returned for.",
            path=[argument],
        )
    if not _is_key(values[1], order.sort.kind):
        raise BadInputError(f"{argument} is not a cursor of this server.", path=[argument])
    return Position(values[1], values[2])


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _is_key(value: object, kind: KeyKind) -> bool:
    if kind is KeyKind.INTEGER:
        return _is_whole(value)
    if not isinstance(value, str) or len(value) > MAX_KEY_LENGTH:
        return False
    if kind is KeyKind.TEXT:
        return "\0" not in value and value.encode("utf-8", "ignore").decode() == value
    try:
        return datetime.fromisoformat(value).astimezone(UTC) is not None
    except (ValueError, OverflowError):
        return False


def page_request(
    order: Ordering = OLDEST_FIRST,
    first: int | None = None,
    after: str | None = None,
    last: int | None = None,
    before: str | None = None,
    page: int | None = None,
) -> PageRequest:
    """Checks Relay's arguments and page numbers. Raises BadInputError, which names the argument."""
    if first is not None and last is not None:
        raise BadInputError("first and last cannot be combined.", path=["last"])
    for name, count in (("first", first), ("last", last)):
        if count is not None and not 1 <= count <= MAX_SIZE:
            raise BadInputError(f"{name} must be between 1 and {MAX_SIZE}.", path=[name])
    if page is not None:
        for name, value in (("after", after), ("before", before), ("last", last)):
            if value is not None:
                raise BadInputError(f"page and {name} cannot be combined.", path=["page"])
        if not 1 <= page <= MAX_PAGE_NUMBER:
            raise BadInputError(f"page must be between 1 and {MAX_PAGE_NUMBER:,}.", path=["page"])
    return PageRequest(
        size=first or last or DEFAULT_SIZE,
        after=None if after is None else decode_cursor(after, "after", order),
        before=None if before is None else decode_cursor(before, "before", order),
        is_backward=last is not None,
        number=page or 1,
        order=order,
    )


def cut_page(found: Sequence[tuple[Position, T]], request: PageRequest) -> Page[T]:
    """Returns the page from at most `size + 1` rows in reading order, or reversed for a backward request.

    The additional row shows that there is more in the direction of reading. In the other direction there is more if
    the request has a cursor there.
    """
    has_more = len(found) > request.size
    kept = list(found[: request.size])
    if request.is_backward:
        kept.reverse()
    return Page(
        rows=tuple(row for _, row in kept),
        cursors=tuple(encode_cursor(position, request.order) for position, _ in kept),
        has_next=request.before is not None if request.is_backward else has_more,
        has_previous=has_more if request.is_backward else request.after is not None or request.number > 1,
    )


def check_id_count(ids: Sequence[object], *path: str) -> None:
    """Raises BadInputError if the list of ids is too long."""
    if len(ids) > MAX_IDS:
        raise BadInputError(f"At most {MAX_IDS} ids are allowed at once.", path=path)
