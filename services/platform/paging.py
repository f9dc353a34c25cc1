"""Keyset paging: checked arguments, opaque cursors, and pages of the requested size."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from errors import BadInputError

T = TypeVar("T")
S = TypeVar("S")

DEFAULT_SIZE = 20
MAX_SIZE = 100
MAX_IDS = 1000
MAX_CURSOR_CHARACTERS = 1024
MAX_PAGE_NUMBER = 1_000_000


@dataclass(frozen=True)
class Position:
    """A row's position in its list: the value by which the list is ordered, then the id."""

    key: int
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


def encode_cursor(position: Position) -> str:
    return base64.urlsafe_b64encode(json.dumps([position.key, position.id]).encode()).decode().rstrip("=")


def decode_cursor(text: str, argument: str) -> Position:
    """Raises BadInputError if the text is not a cursor of this server."""
    try:
        values = json.loads(base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        values = None
    if not (
        isinstance(values, list)
        and len(values) == 2
        and all(isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 for value in values)
    ):
        raise BadInputError(f"{argument} is not a cursor of this server.", path=[argument])
    return Position(*values)


def page_request(
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
        after=None if after is None else decode_cursor(after, "after"),
        before=None if before is None else decode_cursor(before, "before"),
        is_backward=last is not None,
        number=page or 1,
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
        cursors=tuple(encode_cursor(position) for position, _ in kept),
        has_next=request.before is not None if request.is_backward else has_more,
        has_previous=has_more if request.is_backward else request.after is not None or request.number > 1,
    )


def check_id_count(ids: Sequence[object], *path: str) -> None:
    """Raises BadInputError if the list of ids is too long."""
    if len(ids) > MAX_IDS:
        raise BadInputError(f"At most {MAX_IDS} ids are allowed at once.", path=path)
