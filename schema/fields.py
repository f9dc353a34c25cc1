"""Decorators and defaults for the fields of types and inputs. Strawberry's own decorators lose the function's type."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry

F = TypeVar("F", bound=Callable[..., Any])


def resolved(description: str) -> Callable[[F], F]:
    """A field whose value the function finds."""
    return cast(Callable[[F], F], strawberry.field(description=description))


def optional(description: str) -> Any:
    """A field of an input that may be left out; UNSET then, and None where the caller says null."""
    return strawberry.field(default=strawberry.UNSET, description=description)


def given(value: Any) -> Any:
    """An argument or a field of an input; None where it was left out."""
    return None if value is strawberry.UNSET else value
