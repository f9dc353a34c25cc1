"""Decorators and defaults of fields; unlike Strawberry's own decorators they keep the function's type."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])

NULL_BESIDE_ERROR = "Null beside an error."
"The end of the description of each field that can be refused by itself: root fields, and fields with paging arguments."


def resolved(description: str) -> Callable[[F], F]:
    """A field whose value the decorated function returns."""
    return cast(Callable[[F], F], strawberry.field(description=description))


def optional(description: str) -> Any:
    """An optional input field: UNSET where omitted, None where null."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def given(value: Any) -> Any:
    """The value of an argument or input field; None where it was omitted."""
    return None if value is strawberry.UNSET else value
